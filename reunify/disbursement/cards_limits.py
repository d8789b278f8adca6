"""Stripe's limit follows what is given up: frozen and committed before Stripe is told, and only ever lower.

Our own answer to a merchant rules at once; this is the second lock, for when we are not asked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.approval import queries as approval
from reunify.audit import actions as audit
from reunify.bookings import queries as bookings
from reunify.bookings.lines import lines_of
from reunify.db import Database
from reunify.disbursement import cards_policy, cards_queries
from reunify.disbursement.cards_answer_records import CardRefundRecord
from reunify.disbursement.cards_policy import Bought, Limits, Line
from reunify.disbursement.cards_ports import CardIssuer
from reunify.disbursement.cards_records import (
    CardChargePartRecord,
    CardChargeRecord,
    CardLimitRecord,
    TravelCardRecord,
)
from reunify.disbursement.records import InstructionRecord
from reunify.intake.form import Category, Settlement
from reunify.kernel.ids import AwardId
from reunify.kernel.may import may
from reunify.kernel.money import Money
from reunify.kernel.people import Actor
from reunify.ledger import queries as balances
from reunify.payees.policy import Rail

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class ToLimit:
    """Committed before the call: exactly these parameters, under exactly this key."""

    number: int
    stripe_id: str
    key: str
    params: dict[str, Any]


@may(system=True)
def lower(db: Database, issuer: CardIssuer, *, card_id: UUID, by: Actor, clock: Clock) -> bool:
    """Stripe lets the card buy less; False while it may buy all of it. Raises GatewayUnavailable,
    NotFound.
    """
    with db.work() as session:
        wanted = to_lower(session, card_id=card_id, prepare=issuer.prepare_limit, by=by, now=clock())
    if wanted is None:
        return False
    issuer.limit(wanted.stripe_id, wanted.params, key=wanted.key)
    with db.work() as session:
        heard = session.get(CardLimitRecord, (card_id, wanted.number), with_for_update=True)
        if heard is not None and heard.heard_at is None:
            heard.heard_at = clock()
    return True


@may(system=True)
def to_lower(
    session: Session,
    *,
    card_id: UUID,
    prepare: Callable[[Limits], dict[str, Any]],
    by: Actor,
    now: datetime,
) -> ToLimit | None:
    """The same again until Stripe has taken it, so that no earlier one arrives after a later one."""
    card = session.get(TravelCardRecord, card_id, with_for_update=True, populate_existing=True)
    if card is None or card.state != "active" or card.stripe_id is None:
        return None
    least = sa.select(CardLimitRecord).where(CardLimitRecord.card_id == card_id)
    newest = session.scalar(least.order_by(CardLimitRecord.number.desc()).limit(1))
    if newest is None or newest.heard_at is not None:
        asked = given_up(session, card)
        if asked is None:
            return None
        number = 1 + (newest.number if newest else 0)
        newest = CardLimitRecord(
            card_id=card_id,
            number=number,
            idempotency_key=f"{card.idempotency_key}:limit:{number}",
            params=prepare(asked),
            limit_cents=asked.all_time.cents,
            made_at=now,
        )
        session.add(newest)
        detail = {"limit": asked.all_time.cents}
        audit.record(
            session, by=by, at=now, subject="travel_card", subject_id=card_id, moved="lower", detail=detail
        )
        session.flush()
    return ToLimit(newest.number, card.stripe_id, newest.idempotency_key, newest.params)


def given_up(session: Session, card: TravelCardRecord) -> Limits | None:
    """What the card may buy in all since lines were given up; None when that is not less than it may now."""
    lines = [
        found
        for found in bookings.of_award(session, card.award_id)
        if found.settlement == Settlement.ORGANISATION_BOOKS
    ]
    paid = _paid(session, card.id)
    held = held_by_line(session, AwardId(card.award_id), {found.line_key for found in lines})
    bought = [
        Bought(
            Line(Category(found.category), found.ceiling, found.state),
            Money(paid.get(found.id, 0)),
            Money(held.get(found.line_key, 0)),
            found.paid_with in (None, Rail.TRAVEL_CARD),
        )
        for found in lines
    ]
    return cards_policy.lowered(bought, cards_queries.standing_limit(session, card).all_time)


def held_by_line(session: Session, award_id: AwardId, lines: Collection[str]) -> dict[str, int]:
    """By line, the cents it reserves or is bound to, and has not paid."""
    allocation_id = approval.allocation_of(session, award_id)
    if allocation_id is None:
        return {}
    line_of = {
        share.hold_id: line.key
        for line in lines_of(session, allocation_id)
        if line.key in lines
        for share in line.shares
        if share.unit == "cents"
    }
    found: dict[str, int] = {}
    for id_, hold in balances.holds(session, line_of).items():
        found[line_of[id_]] = found.get(line_of[id_], 0) + hold.reserved + hold.obligated
    return found


def _paid(session: Session, card_id: UUID) -> dict[UUID | None, int]:
    """By booking, what this card paid for it and has not got back."""
    c, p, r, i = CardChargeRecord, CardChargePartRecord, CardRefundRecord, InstructionRecord
    taken = (
        sa.select(i.booking_id, p.cents)
        .join(p, p.instruction_id == i.id)
        .join(c, c.id == p.charge_id)
        .where(c.card_id == card_id)
    )
    back = (
        sa.select(i.booking_id, -c.amount_cents)
        .join(r, r.instruction_id == i.id)
        .join(c, c.id == r.charge_id)
        .where(c.card_id == card_id)
    )
    found: dict[UUID | None, int] = {}
    for booking_id, cents in session.execute(sa.union_all(taken, back)):
        found[booking_id] = found.get(booking_id, 0) + cents
    return found
