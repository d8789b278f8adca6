"""A trip's own card: frozen and committed before Stripe is asked, its outcome recorded after.

Between the two lies one call outside every transaction (`cards_opening.py`), as with a payment's attempt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.approval import queries as approval
from reunify.audit import actions as audit
from reunify.bookings import queries as bookings
from reunify.disbursement import cards_policy, cards_queries, policy
from reunify.disbursement.cards_policy import CARD, Limits, Line, Trip
from reunify.disbursement.cards_ports import CardOutcome, Issued
from reunify.disbursement.cards_records import CardHolderRecord, TravelCardRecord
from reunify.disbursement.instructions import lock_award
from reunify.disbursement.outcomes import Misused, NotSent, NotTried, Unclear
from reunify.intake import outcomes
from reunify.intake.form import Category, Settlement
from reunify.kernel.ids import AwardId, new_id
from reunify.kernel.may import FINANCE, may
from reunify.kernel.moves import START
from reunify.kernel.people import Actor
from reunify.kernel.refusals import NotFound

_HOLDER_KEY = "reunify:cardholder:"
# The card's id is ours alone; the holder's is Stripe's.
Prepare = Callable[[UUID, Limits], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ToIssue:
    """Committed before the call: exactly these parameters, under exactly this key."""

    card: UUID
    key: str
    params: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ToCancel:
    card: UUID
    stripe_id: str
    key: str


@dataclass(frozen=True, slots=True)
class Holder:
    """The organisation at Stripe. `stripe_id` is None until Stripe has said it."""

    number: int
    key: str
    params: dict[str, Any]
    stripe_id: str | None


@may(system=True)
def holder_to_ask(
    session: Session, *, prepare: Callable[[], dict[str, Any]], by: Actor, now: datetime
) -> Holder:
    """The one cardholder, with parameters and key frozen before Stripe is asked. Commit before asking.

    Under a new key once none was made for a day, or the organisation is set otherwise: Stripe gives a key
    (v1) its own failure again and again. Of two that were made one is used; neither is money.
    """
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(_HOLDER_KEY, 1))))
    h = CardHolderRecord
    record = session.scalar(sa.select(h).order_by(h.stripe_id.is_(None), h.number.desc()).limit(1))
    if record is None or (
        record.stripe_id is None
        and (now - record.made_at > cards_policy.HOLDER_ASKED_FOR or record.params != prepare())
    ):
        number = 1 + (record.number if record else 0)
        record = h(number=number, idempotency_key=f"{_HOLDER_KEY}{number}", params=prepare(), made_at=now)
        session.add(record)
        session.flush()
    return Holder(record.number, record.idempotency_key, record.params, record.stripe_id)


@may(system=True)
def record_holder(session: Session, *, number: int, stripe_id: str, by: Actor, now: datetime) -> None:
    """`number`: of the asking that Stripe has answered."""
    record = session.get(CardHolderRecord, number, with_for_update=True, populate_existing=True)
    if record is not None and record.stripe_id is None:
        record.stripe_id, record.made_at = stripe_id, now


@may(system=True)
def open_card(
    session: Session, *, award_id: AwardId, prepare: Prepare, by: Actor, now: datetime
) -> ToIssue | None:
    """Freeze one card for what the organisation books of this award; None when it has a card already.

    The award's ceilings were approved; a card adds nothing to them. Raises NothingToBuy, QuietNow.
    """
    lock_award(session, award_id)
    outcomes.check_not_quiet(session, approval.request_of(session, award_id))
    t = TravelCardRecord
    before = session.scalars(sa.select(t.state).where(t.award_id == award_id)).all()
    if any(state not in cards_policy.ENDED for state in before):
        return None
    asked = cards_policy.limits(lines_of(session, award_id))
    card_id, number = new_id(), len(before) + 1
    record = TravelCardRecord(
        id=card_id,
        award_id=award_id,
        number=number,
        idempotency_key=f"reunify:card:{award_id}:{number}",
        params=prepare(card_id, asked),
        limit_cents=asked.all_time.cents,
        state=CARD.check(START, "open").target,
        first_sent_at=now,
        calling_since=now,
        tries=1,
        try_after=now,
    )
    session.add(record)
    session.flush()
    detail = {"award": str(award_id), "limit": asked.all_time.cents}
    audit.record(
        session, by=by, at=now, subject="travel_card", subject_id=card_id, moved="open", detail=detail
    )
    return ToIssue(card_id, record.idempotency_key, record.params)


def lines_of(session: Session, award_id: UUID) -> list[Line]:
    """What the organisation books of this award, as a card sees it."""
    return [
        Line(Category(b.category), b.ceiling, b.state)
        for b in bookings.of_award(session, award_id)
        if b.settlement == Settlement.ORGANISATION_BOOKS
    ]


@may(system=True)
def reopen(session: Session, *, card_id: UUID, by: Actor, now: datetime) -> ToIssue | None:
    """The same parameters under the same key once more; None when a person must look first.

    Stripe keeps a key of its v1 calls for a day; after 12 hours nothing is asked again.
    Raises BeingSent, WrongState.
    """
    record = _locked(session, card_id)
    if record.state not in cards_policy.UNHEARD:
        CARD.check(record.state, "lose")
    policy.check_not_calling(record.calling_since, now)
    if now - record.first_sent_at > policy.RESEND_FOR:
        _move(session, record, "jam", by=by, now=now)
        return None
    record.calling_since = now
    record.tries += 1
    session.flush()
    return ToIssue(record.id, record.idempotency_key, record.params)


@may(system=True)
def record_issue(session: Session, *, card_id: UUID, outcome: CardOutcome, by: Actor, now: datetime) -> str:
    """Write down what came of asking; returns the card's state. Saying it twice is harmless.

    A definite no after an unclear try stays unclear: the earlier try may have made the card.
    """
    record = _locked(session, card_id)
    record.calling_since = None
    record.try_after = policy.try_after(record.tries, now)
    match outcome:
        case Issued(card):
            record.outcome = None
            if CARD.can(record.state, "take_up"):
                record.stripe_id, record.last4 = card.id, card.last4
                _move(session, record, "take_up", by=by, now=now)
        case NotSent(code):
            record.outcome = code
            if record.state == "opening":
                _move(session, record, "refuse", by=by, now=now)
        case NotTried(code):
            record.outcome = code
        case Unclear(code):
            record.outcome = code
            if record.state == "opening":
                _move(session, record, "lose", by=by, now=now)
        case Misused(code):
            record.outcome = code
            if CARD.can(record.state, "jam"):
                _move(session, record, "jam", by=by, now=now)
    return record.state


@may(system=True)
def end(session: Session, *, card_id: UUID, trip: Trip, by: Actor, now: datetime) -> ToCancel | None:
    """Nothing more is bought with it: cancel it at Stripe. None while it is still needed.

    Returns the same again until Stripe has said that it is cancelled.
    """
    record = _locked(session, card_id)
    if record.state == "active":
        states = [line.state for line in lines_of(session, record.award_id)]
        owed = bool(cards_queries.owed(session, record.award_id))
        promised = cards_queries.is_promised(session, record.id)
        if not cards_policy.may_end(trip, states, owed=owed, promised=promised):
            return None
        _move(session, record, "end", by=by, now=now)
    if record.state != "ending" or record.stripe_id is None:
        return None
    record.tries += 1
    record.try_after = policy.try_after(record.tries, now)
    session.flush()
    return ToCancel(record.id, record.stripe_id, f"{record.idempotency_key}:cancel")


@may(system=True)
def record_cancelled(session: Session, *, card_id: UUID, by: Actor, now: datetime) -> None:
    record = _locked(session, card_id)
    if record.state == "ending":
        _move(session, record, "cancel", by=by, now=now)
        record.ended_at = now


@may(*FINANCE)
def close(session: Session, *, award_id: AwardId, why: str, by: Actor, now: datetime) -> None:
    """A finance person has looked at Stripe for a card nobody knows of, and cancelled what was there.

    No other is made for this award. Their words are kept sealed, in the audit row. Raises NotAllowed, NoWhy,
    NotFound, WrongState.
    """
    policy.check_decider(by)
    said = policy.check_why(why)
    t = TravelCardRecord
    newest = sa.select(t.id).where(t.award_id == award_id).order_by(t.number.desc()).limit(1)
    card_id = session.scalar(newest)
    if card_id is None:
        raise NotFound("There is no such travel card.")
    _move(session, _locked(session, card_id), "close", by=by, now=now, why=said)


def _move(
    session: Session,
    record: TravelCardRecord,
    verb: str,
    *,
    by: Actor,
    now: datetime,
    why: str | None = None,
) -> None:
    moved = CARD.apply(record, verb)
    detail = {"outcome": record.outcome} if record.outcome else None
    audit.record(
        session,
        by=by,
        at=now,
        subject="travel_card",
        subject_id=record.id,
        moved=moved,
        why=why,
        family=None if why is None else approval.request_of(session, record.award_id),
        detail=detail,
    )
    session.flush()


def _locked(session: Session, card_id: UUID) -> TravelCardRecord:
    record = session.get(TravelCardRecord, card_id, with_for_update=True, populate_existing=True)
    if record is None:
        raise NotFound("There is no such travel card.")
    return record
