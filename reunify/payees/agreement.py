"""Has this payee agreed to be known to Stripe, and does it still stand? Asked wherever Stripe is told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

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
from reunify.kernel.refusals import NotFound
from reunify.payees import queries
from reunify.payees.queries import Payee, Versions
from reunify.payees.records import PayeeRecord
from reunify.vault.keepers import Erased, is_destroyed

TOLD_WITH_THE_REQUEST = "Written consent, as told with the request"
ANOTHER_PERSON = "The name or e-mail is another than was agreed to."


SoFar = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Leave:
    """A permit, and how far all that it was read from had come by then."""

    permit: Permit
    so_far: SoFar
    day: date  # whose signature it takes depends on a child's age

    def stands(self, so_far: SoFar, *, payee: UUID, now: datetime) -> bool:
        """Nothing was told, answered or taken back since, and no time ran out: read again, it is the same."""
        timely = self.day == now.date() and now < self.permit.until
        return timely and self.permit.record == payee and self.so_far == so_far


def so_far(request: Any) -> tuple[sa.ColumnElement[Any], ...]:
    """SQL: how far a request, its payees and their consents have come. Whatever is told, answered or taken
    back is a row of its own in a table that only grows: these never come to be as they were."""
    p = aliased(PayeeRecord)  # `request` may be a column of payees
    told = sa.select(sa.func.count()).select_from(p).where(p.request_id == request)
    newest = intake.newest_number_of(request)
    return newest, told.scalar_subquery(), *consents.so_far(request), is_destroyed(request)


# The turns in one order, whoever takes several.
_READING = (
    sa.select(
        PayeeRecord.id,
        PayeeRecord.request_id,
        consents.turn_of(sa.cast(PayeeRecord.request_id, sa.Text())),
        *so_far(PayeeRecord.request_id),
    )
    .where(PayeeRecord.id.in_(sa.bindparam("payees", expanding=True)))
    .order_by(PayeeRecord.request_id)
)


def leaves_for_stripe(
    session: Session, payee_ids: Collection[UUID], *, now: datetime
) -> dict[UUID, tuple[Payee, Leave | NoConsentFor | Erased]]:
    """Each of these, with `permit_for_stripe` to be held against a later look, or why there is none."""
    # Before the rest is read: what comes in between is news to the later look.
    rows = session.execute(_READING, {"payees": list(payee_ids)}).all()
    ground = _ground(session, [row[0] for row in rows], {row[1] for row in rows})
    found: dict[UUID, tuple[Payee, Leave | NoConsentFor | Erased]] = {}
    for row in rows:
        payee = next(p for p, _ in ground.versions[row[0]] if p.id == row[0])
        try:
            leave = Leave(_permit(session, payee, ground, now=now), tuple(row[3:]), now.date())
        except (NoConsentFor, Erased) as refused:
            found[payee.id] = payee, refused
        else:
            found[payee.id] = payee, leave
    return found


def permit_for_stripe(session: Session, payee: Payee, *, now: datetime) -> Permit:
    """Leave to tell Stripe this payee's name, e-mail and country. Raises NoConsentFor, NotFound for a draft,
    vault's Erased.

    Only for this version of the payee, from what was signed since this very name and e-mail were told: a
    signature is no other person's. Nobody takes it back until the transaction ends.
    """
    consent.take_turns(session, request_id=payee.request_id)
    return _permit(session, payee, _ground(session, [payee.id], {payee.request_id}), now=now)


@dataclass(frozen=True, slots=True)
class _Ground:
    """What permits are read from: of payees by their ids, the rest by request."""

    versions: Mapping[UUID, Versions]
    contents: Mapping[UUID, TravelRequest | Erased]
    asked: Mapping[UUID, Sequence[consents.Ask]]


def _ground(session: Session, payee_ids: Sequence[UUID], request_ids: Collection[UUID]) -> _Ground:
    return _Ground(
        queries.versions_of(session, payee_ids),
        intake.newest_contents(session, request_ids),
        consents.asks_of(session, request_ids),
    )


def _permit(session: Session, payee: Payee, ground: _Ground, *, now: datetime) -> Permit:
    content = ground.contents.get(payee.request_id)
    if content is None:
        raise NotFound("This request has not been submitted yet.")
    if isinstance(content, Erased):
        raise content
    said = next((p for p in content.payees if p.key == payee.key), None)
    if said is None:  # the request no longer names them
        raise NoConsentFor(STRIPE, (payee.key,))
    about = signers.giver_of(said)
    since = queries.same_person_since(ground.versions[payee.id], payee)
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
        asked=ground.asked[payee.request_id],
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
