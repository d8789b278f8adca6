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
from reunify.payees.queries import Payee

TOLD_WITH_THE_REQUEST = "Written consent, as told with the request"


def permit_for_stripe(session: Session, payee: Payee, *, now: datetime) -> Permit:
    """Leave to tell Stripe this payee's name, e-mail and country. Raises NoConsentFor.

    Nobody takes it back until the transaction ends.
    """
    consent.take_turns(session, request_id=payee.request_id)
    content = intake.newest_version(session, payee.request_id).content
    said = next((p for p in content.payees if p.key == payee.key), None)
    if said is None:  # the request no longer names them
        raise NoConsentFor(STRIPE, (payee.key,))
    about = signers.giver_of(said)
    return consent.permit(
        session,
        recipient=STRIPE,
        what=Told.PAYMENT_DETAILS,
        about=about,
        request=payee.request_id,
        needed=signers.needed_for(content, about, on=now.date()),
        now=now,
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
    told_before: bool,
    by: Actor,
    now: datetime,
) -> None:
    """Keep the consents in step with what the case manager told of this payee.

    A newly told yes is a consent on paper, seen by whoever told it; a yes no longer told is taken back. A
    payee who took it back on the page is not overruled by a request that still says yes.
    """
    might_be_asked = said.kind == "person" and said.email is not None
    if said.kind == "partner" or not (said.stripe_consent or told_before or might_be_asked):
        return
    about = signers.giver_of(said)
    asked = consent.ask(
        session,
        request_id=request_id,
        recipient=STRIPE,
        what=Told.PAYMENT_DETAILS,
        about=about,
        by=by,
        now=now,
    )
    if said.stripe_consent == told_before:
        return
    question = consents.ask(session, request_id, asked)
    if said.stripe_consent:
        consent.record_paper(
            session,
            ask=question,
            needed=_with(signers.needed_for(content, about, on=now.date()), about),
            giver=about,
            name=said.name,
            months=LONGEST_MONTHS,
            paper=Paper(TOLD_WITH_THE_REQUEST, intake.newest_version(session, request_id).submitted_by),
            language=_language(content, said),
            by=by,
            now=now,
        )
    elif about in question.agreed(now):
        consent.take_back(session, ask=question, giver=about, by=by, now=now)


def _with(needed: Needed, giver: str) -> Needed:
    """A small child's own yes is kept as told, although it never suffices."""
    return needed if giver in needed.givers else Needed((*needed.all_of, giver), needed.one_of)


def _language(content: TravelRequest, said: PayeeSaid) -> Language:
    traveler = next((t for t in content.travelers if t.key == said.traveler), None)
    return traveler.contact.language if traveler and traveler.contact else "en"
