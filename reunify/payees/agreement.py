"""Has this payee agreed to be known to Stripe, and does it still stand? Asked wherever Stripe is told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from reunify.consent import actions as consent
from reunify.consent import queries as consents
from reunify.consent.actions import Paper
from reunify.consent.policy import LONGEST_MONTHS, STRIPE, Needed, NoConsentFor, Permit, Told
from reunify.intake import queries as intake
from reunify.intake import signers
from reunify.intake.form import Language, PayeeSaid, TravelRequest
from reunify.kernel.ids import RequestId
from reunify.kernel.may import may
from reunify.kernel.people import Actor
from reunify.payees import queries
from reunify.payees.queries import Payee

TOLD_WITH_THE_REQUEST = "Written consent, as told with the request"
ANOTHER_PERSON = "The name or e-mail is another than was agreed to."


def permit_for_stripe(session: Session, payee: Payee, *, now: datetime) -> Permit:
    """Leave to tell Stripe this payee's name, e-mail and country. Raises NoConsentFor.

    Only for this version of the payee, from what was signed since this very name and e-mail were told: a
    signature is no other person's. Nobody takes it back until the transaction ends.
    """
    consent.take_turns(session, request_id=payee.request_id)
    content = intake.newest_version(session, payee.request_id).content
    said = next((p for p in content.payees if p.key == payee.key), None)
    if said is None:  # the request no longer names them
        raise NoConsentFor(STRIPE, (payee.key,))
    about = signers.giver_of(said)
    since = queries.same_person_since(session, payee)
    if since is None or payee.person != (said.name, said.email):
        raise NoConsentFor(STRIPE, (about,), ended=ANOTHER_PERSON)
    return consent.permit(
        session,
        recipient=STRIPE,
        what=Told.PAYMENT_DETAILS,
        about=about,
        request=payee.request_id,
        needed=signers.needed_for(content, about, on=now.date()),
        now=now,
        record=payee.id,
        since=since,
    )


def agreed(session: Session, payee: Payee, *, now: datetime) -> bool:
    try:
        permit_for_stripe(session, payee, now=now)
    except NoConsentFor:
        return False
    return True


@may(system=True)
def follow(
    session: Session,
    *,
    request_id: RequestId,
    content: TravelRequest,
    said: PayeeSaid,
    before: Payee | None,
    by: Actor,
    now: datetime,
) -> None:
    """Keep the consents in step with what the case manager told of this payee.

    A newly told yes is a consent on paper, seen by whoever told it; a yes no longer told is taken back,
    and so is one given under another name or e-mail. Who took it back is not overruled by a request that
    still says yes.
    """
    told_before = before is not None and before.stripe_consent
    another = before is not None and before.person != (said.name, said.email)
    about = signers.giver_of(said)
    refused = _refused(session, request_id, about, now) if another else False
    if another:
        _forget(session, request_id, about, by=by, now=now)
    might_be_asked = said.kind == "person" and said.email is not None
    if said.kind == "partner" or not (said.stripe_consent or told_before or might_be_asked):
        return
    question = consent.ask(
        session,
        request_id=request_id,
        recipient=STRIPE,
        what=Told.PAYMENT_DETAILS,
        about=about,
        by=by,
        now=now,
    )
    if (
        another and before is not None
    ):  # a yes still told is the new person's own, unless the same one said no
        told_before = said.stripe_consent and refused and before.legal_name == said.name
    if said.stripe_consent == told_before:
        return
    if said.stripe_consent:
        consent.record_paper(
            session,
            ask=question,
            needed=_with(signers.needed_for(content, about, on=now.date()), about),
            giver=about,
            name=said.name,
            months=LONGEST_MONTHS,
            paper=Paper(TOLD_WITH_THE_REQUEST, intake.newest_author(session, request_id)),
            language=_language(content, said),
            by=by,
            now=now,
        )
    elif about in question.agreed(now):
        consent.take_back(session, ask=question, giver=about, by=by, now=now)


def _refused(session: Session, request_id: RequestId, about: str, now: datetime) -> bool:
    """They answered, and it is no yes that stands."""
    found = consents.find(session, request_id, recipient=STRIPE, what=Told.PAYMENT_DETAILS, about=about)
    return found is not None and about in found.newest and about not in found.agreed(now)


def _forget(session: Session, request_id: RequestId, about: str, *, by: Actor, now: datetime) -> None:
    """Whoever agreed did so about the person of before: asked anew, a parent too."""
    found = consents.find(session, request_id, recipient=STRIPE, what=Told.PAYMENT_DETAILS, about=about)
    if found is None:
        return
    for giver in found.agreed(now):
        consent.take_back(session, ask=found, giver=giver, by=by, now=now)


def _with(needed: Needed, giver: str) -> Needed:
    """A small child's own yes is kept as told, although it never suffices."""
    return needed if giver in needed.givers else Needed((*needed.all_of, giver), needed.one_of)


def _language(content: TravelRequest, said: PayeeSaid) -> Language:
    traveler = next((t for t in content.travelers if t.key == said.traveler), None)
    return traveler.contact.language if traveler and traveler.contact else "en"
