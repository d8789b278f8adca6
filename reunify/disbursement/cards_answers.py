"""What a merchant who asks for a trip's card is answered: decided and kept in one short transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.approval import actions as approved
from reunify.approval import queries as approval
from reunify.bookings import queries as bookings
from reunify.bookings.lines import lines_of
from reunify.disbursement import cards_answer_policy as policy
from reunify.disbursement import cards_policy
from reunify.disbursement.cards_answer_policy import Asking, Reason, Standing
from reunify.disbursement.cards_answer_records import CardAnswerRecord
from reunify.disbursement.cards_limits import held_by_line
from reunify.disbursement.cards_policy import ChargeKind
from reunify.disbursement.cards_queries import left_of_charge
from reunify.disbursement.cards_records import (
    CardAuthorisationRecord,
    CardChargeRecord,
    TravelCardRecord,
)
from reunify.disbursement.outage_policy import OPEN
from reunify.disbursement.outage_records import OutagePayment
from reunify.intake import outcomes
from reunify.intake.form import Category, Settlement
from reunify.kernel.ids import AwardId
from reunify.kernel.may import may
from reunify.kernel.money import Money
from reunify.kernel.people import Actor
from reunify.kernel.refusals import Refused
from reunify.payees.policy import Rail

Clock = Callable[[], datetime]
# Stripe waits two seconds (docs.stripe.com/issuing/controls/real-time-authorizations); the way there and back
# needs some of them. For a card that is locked longer the answer is no.
WAIT_FOR_LOCK, WAIT_FOR_ALL = "800ms", "1200ms"


@may(system=True)
def answer(session: Session, *, asked: Asking, asked_at: datetime, by: Actor, clock: Clock) -> bool:
    """Whether the merchant may take it, kept with the reason; the same question gets the same answer.

    The card stays locked until the transaction ends, so of two merchants the later one sees what the first
    was promised. Nothing is posted: a promise is no cost. SQLAlchemy's OperationalError when our books cannot
    be read in time.
    """
    session.execute(
        sa.select(
            sa.func.set_config("lock_timeout", WAIT_FOR_LOCK, True),
            sa.func.set_config("statement_timeout", WAIT_FOR_ALL, True),
        )
    )
    t = TravelCardRecord
    card = session.scalar(sa.select(t).where(t.stripe_id == asked.card).with_for_update())
    before = session.get(CardAnswerRecord, asked.event)
    if before is not None:
        return before.approved
    reason = policy.decide(asked, None if card is None else _standing(session, card, now=asked_at))
    return keep(
        session,
        event_id=asked.event,
        asked=asked,
        reason=reason,
        card_id=None if card is None else card.id,
        asked_at=asked_at,
        now=clock(),
    )


def keep(
    session: Session,
    *,
    event_id: str,
    asked: Asking | None,
    reason: Reason,
    card_id: UUID | None = None,
    asked_at: datetime,
    now: datetime,
) -> bool:
    """Write down one answer, once; returns what is written. `asked`: None when it could not be read."""
    a = CardAnswerRecord
    took = max(now - asked_at, timedelta(0)) // timedelta(milliseconds=1)
    session.execute(
        insert(a)
        .values(
            event_id=event_id,
            authorisation_id=asked.authorisation if asked else None,
            card_id=card_id,
            cents=asked.cents if asked else None,
            approved=reason is Reason.APPROVED,
            reason=reason.value,
            milliseconds=took,
            answered_at=now,
        )
        .on_conflict_do_nothing()
    )
    said = session.scalar(sa.select(a.approved).where(a.event_id == event_id))
    return bool(said)


def unheard(session: Session, *, limit: int = 200) -> list[str]:
    """Questions we said yes to and heard no more of, by the authorisation's id; the oldest first.

    What they asked for counts as promised until then.
    """
    a, said = CardAuthorisationRecord, CardAnswerRecord
    known = sa.exists().where(a.id == said.authorisation_id)
    asked = sa.select(said.authorisation_id).where(said.approved, said.card_id.is_not(None), ~known)
    found = session.scalars(asked.order_by(said.answered_at).limit(limit))
    return [str(id_) for id_ in dict.fromkeys(found)]


def declined_by_us(session: Session, authorisation_id: str) -> bool:
    """Our last answer to it was no."""
    a = CardAnswerRecord
    newest = sa.select(a.approved).where(a.authorisation_id == authorisation_id)
    return session.scalar(newest.order_by(a.answered_at.desc()).limit(1)) is False


def _standing(session: Session, card: TravelCardRecord, *, now: datetime) -> Standing:
    lines = [
        found
        for found in bookings.of_award(session, card.award_id)
        if found.settlement == Settlement.ORGANISATION_BOOKS
        and found.state != "cancelled"
        and found.paid_with in (None, Rail.TRAVEL_CARD)
    ]
    keys = {found.line_key for found in lines}
    merchants = {
        name
        for found in lines
        if Category(found.category) in cards_policy.MERCHANTS
        for name in cards_policy.MERCHANTS[Category(found.category)]
    }
    return Standing(
        card.state == "active",
        _award_stands(session, AwardId(card.award_id)),
        not outcomes.goes_on(session, approval.request_of(session, card.award_id)),
        merchants,
        Money(sum(held_by_line(session, AwardId(card.award_id), keys).values())),
        _spoken_for(session, card.id) + _paid_in_outage(session, AwardId(card.award_id), keys),
    )


def _award_stands(session: Session, award_id: AwardId) -> bool:
    """Released, and still what people approved: its digest as of now is the approved one."""
    award = approval.award(session, award_id)
    if award.state != "released":
        return False
    try:
        return approved.digest_to_pay(session, award_id=award_id) == award.digest
    except Refused:
        return False


def _spoken_for(session: Session, card_id: UUID) -> Money:
    """Promised to merchants, also where we have said yes and Stripe has told us no more; and what was taken
    and is no booking's payment yet. What is a booking's payment has left its line."""
    a, c, said = CardAuthorisationRecord, CardChargeRecord, CardAnswerRecord
    promised = sa.select(sa.func.coalesce(sa.func.sum(a.amount_cents), 0)).where(
        a.card_id == card_id, a.approved, a.state == "pending"
    )
    unheard = sa.select(sa.func.coalesce(sa.func.sum(said.cents), 0)).where(
        said.card_id == card_id, said.approved, ~sa.exists().where(a.id == said.authorisation_id)
    )
    left = left_of_charge()
    taken = sa.select(sa.func.coalesce(sa.func.sum(left), 0)).where(
        c.card_id == card_id, c.kind == ChargeKind.CAPTURE.value
    )
    return Money(sum(int(session.scalar(asked) or 0) for asked in (promised, unheard, taken)))


def _paid_in_outage(session: Session, award_id: AwardId, lines: set[str]) -> Money:
    """Paid to a payee of these lines, or to nobody knows whom, while people have not looked at it: it may be
    what the card is asked for."""
    allocation_id = approval.allocation_of(session, award_id)
    if allocation_id is None:
        return Money(0)
    planned = [line for line in lines_of(session, allocation_id) if line.key in lines]
    keys = {share.payee_key for line in planned for share in line.shares}
    o = OutagePayment
    paid = sa.select(sa.func.coalesce(sa.func.sum(o.cents), 0)).where(
        o.request_id == approval.request_of(session, award_id),
        o.state.in_(OPEN),
        sa.or_(o.payee_key.is_(None), o.payee_key.in_(keys)),
    )
    return Money(int(session.scalar(paid) or 0))
