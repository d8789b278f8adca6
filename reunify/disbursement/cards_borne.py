"""A charge on a trip's card that no booking explains, and that the organisation's own money bears."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.disbursement import cards_queries, cards_refunds
from reunify.disbursement.cards_borne_records import CardBorneRefundRecord, CardChargeBorneRecord
from reunify.disbursement.cards_policy import ChargeKind, ChargeTaken, NotOfThisTrip
from reunify.disbursement.cards_records import CardChargeRecord, TravelCardRecord
from reunify.disbursement.queries import Instruction, as_instruction
from reunify.disbursement.records import InstructionRecord
from reunify.kernel.ids import AwardId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.money import Money
from reunify.kernel.people import Actor
from reunify.kernel.refusals import NotFound
from reunify.payees.policy import Rail


@dataclass(frozen=True, slots=True)
class Borne:
    """A charge the organisation bore, by Stripe's id, and what of it has not come back."""

    charge: str
    left: Money


def awards_of(session: Session, charges: list[str]) -> dict[str, AwardId]:
    """By charge, the award whose card it is on; whatever is no charge of ours is left out."""
    c, t = CardChargeRecord, TravelCardRecord
    asked = sa.select(c.id, t.award_id).join(t, t.id == c.card_id).where(c.id.in_(charges))
    return {row.id: AwardId(row.award_id) for row in session.execute(asked)}


def payments_on(session: Session, awards: Collection[AwardId]) -> list[Instruction]:
    """What the desk bought with these trips' cards, charged yet or not; the oldest first."""
    i = InstructionRecord
    asked = sa.select(i).where(
        i.award_id.in_(awards), i.rail == Rail.TRAVEL_CARD.value, i.state.in_(("on_card", "settled"))
    )
    return [as_instruction(row) for row in session.scalars(asked.order_by(i.created_at, i.id))]


@may(*FINANCE)
def bear(session: Session, *, charge_id: str, by: Actor, now: datetime) -> int:
    """What is left of it is nobody's payment any more; returns the cents. The caller posts whose cost it is.

    Two people have agreed (`reconciliation.suspense_findings`). Raises NotFound, ChargeTaken.
    """
    asked = sa.select(CardChargeRecord.card_id).where(
        CardChargeRecord.id == charge_id, CardChargeRecord.kind == ChargeKind.CAPTURE.value
    )
    card_id = session.scalar(asked)
    if card_id is None:
        raise NotFound("There is no such charge.")
    session.get(TravelCardRecord, card_id, with_for_update=True)
    cents = cards_queries.rest_of(session, [charge_id])[charge_id]
    if not cents:
        raise ChargeTaken("This charge is a booking's payment by now: nothing is left to be borne.")
    session.add(CardChargeBorneRecord(charge_id=charge_id, cents=cents, borne_at=now))
    session.flush()
    return cents


def may_be(session: Session, refunds: Collection[str]) -> dict[str, list[Borne]]:
    """By refund, the charges we bore on its card of which at least this much has not come back."""
    c, charged, b = CardChargeRecord, sa.orm.aliased(CardChargeRecord), CardChargeBorneRecord
    left = _not_back()
    rows = session.execute(
        sa.select(c.id, b.charge_id, left.label("left"))
        .join(charged, charged.card_id == c.card_id)
        .join(b, b.charge_id == charged.id)
        .where(c.id.in_(refunds), c.kind == ChargeKind.REFUND.value, left >= c.amount_cents)
        .order_by(b.borne_at, b.charge_id)
    )
    found: dict[str, list[Borne]] = {}
    for row in rows:
        found.setdefault(row.id, []).append(Borne(row.charge_id, Money(int(row.left))))
    return found


@may(*FINANCE)
def take_back(session: Session, *, refund_id: str, charge_id: str, by: Actor, now: datetime) -> int:
    """This refund is of that charge, which we bore; returns its cents. The caller posts to which fund.

    Raises NotFound, ChargeTaken, NotOfThisTrip.
    """
    asked = sa.select(CardChargeRecord.card_id).where(
        CardChargeRecord.id == refund_id, CardChargeRecord.kind == ChargeKind.REFUND.value
    )
    card_id = session.scalar(asked)
    if card_id is None:
        raise NotFound("There is no such refund.")
    session.get(TravelCardRecord, card_id, with_for_update=True)
    if cards_refunds.is_placed(session, refund_id):
        raise ChargeTaken("This refund has gone back already.")
    if charge_id not in {one.charge for one in may_be(session, [refund_id]).get(refund_id, [])}:
        raise NotOfThisTrip(
            "Choose a charge on this card that the organisation bore, and of which at least this much has "
            "not come back.",
            field="/charge",
        )
    session.add(CardBorneRefundRecord(refund_id=refund_id, charge_id=charge_id, placed_at=now))
    session.flush()
    return session.get_one(CardChargeRecord, refund_id).amount_cents


def _not_back() -> sa.ColumnElement[int]:
    """SQL, of CardChargeBorneRecord: its cents less what came back of it."""
    r, refund = CardBorneRefundRecord, sa.orm.aliased(CardChargeRecord)
    back = (
        sa.select(sa.func.coalesce(sa.func.sum(refund.amount_cents), 0))
        .join(r, r.refund_id == refund.id)
        .where(r.charge_id == CardChargeBorneRecord.charge_id)
    )
    return CardChargeBorneRecord.cents - back.scalar_subquery()
