"""Money that comes back to a trip's card goes back to exactly the funds that paid, or waits for a person."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.allocation import queries as plans
from reunify.approval import queries as approval
from reunify.disbursement.cards_answer_records import CardRefundRecord
from reunify.disbursement.cards_policy import ChargeKind, NotOfThisTrip, back_to
from reunify.disbursement.cards_records import CardChargePartRecord, CardChargeRecord, TravelCardRecord
from reunify.disbursement.instructions import locked_instruction
from reunify.disbursement.records import InstructionLineRecord
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor
from reunify.ledger import actions as ledger
from reunify.ledger import queries as balances
from reunify.ledger.coming_back import not_there
from reunify.ledger.policy import Cash
from reunify.rates.queries import organisation_now

_C, _P, _R = CardChargeRecord, CardChargePartRecord, CardRefundRecord


def is_placed(session: Session, charge_id: str) -> bool:
    return session.get(_R, charge_id) is not None


@may(*FINANCE, system=True)
def place(session: Session, refund: CardChargeRecord, *, by: Actor, now: datetime) -> bool:
    """To the one payment whose charge it names; False when it names none, or more than is left of it.

    The card is locked. Raises the ledger's refusals.
    """
    if is_placed(session, refund.id):
        return True
    if refund.authorisation_id is None:
        return False
    of_it = sa.and_(
        _C.card_id == refund.card_id,
        _C.authorisation_id == refund.authorisation_id,
        _C.kind == ChargeKind.CAPTURE.value,
    )
    paid = set(session.scalars(sa.select(_P.instruction_id).join(_C, _C.id == _P.charge_id).where(of_it)))
    placed = sa.select(sa.func.coalesce(sa.func.sum(_P.cents), 0)).where(_P.charge_id == _C.id)
    is_over = sa.select(_C.id).where(of_it, placed.scalar_subquery() < _C.amount_cents)
    if len(paid) != 1 or session.scalar(is_over.limit(1)) is not None:
        return False  # of which booking, or of what was taken beyond its price: a person says
    return _give_back(session, refund, paid.pop(), by=by, now=now)


@may(*FINANCE, system=True)
def place_waiting(session: Session, *, beside: str, by: Actor, now: datetime) -> list[str]:
    """A charge was explained: refunds on its card that came before it may be placed now; returns which."""
    card = sa.select(_C.card_id).where(_C.id == beside).scalar_subquery()
    waiting = session.scalars(
        sa.select(_C)
        .where(
            _C.card_id == card,
            _C.kind == ChargeKind.REFUND.value,
            ~sa.exists().where(_R.charge_id == _C.id),
        )
        .order_by(_C.charged_at, _C.id)
        .with_for_update()
    ).all()
    return [refund.id for refund in waiting if place(session, refund, by=by, now=now)]


@may(*FINANCE)
def place_at(
    session: Session,
    refund: CardChargeRecord,
    instruction_id: UUID,
    *,
    card: TravelCardRecord,
    by: Actor,
    now: datetime,
) -> None:
    """A finance person says which payment of this card it came back from. Raises NotOfThisTrip."""
    instruction = locked_instruction(session, instruction_id)
    paid = sa.exists().where(
        _P.charge_id == _C.id, _C.card_id == card.id, _P.instruction_id == instruction_id
    )
    is_of_card = instruction.award_id == card.award_id and session.scalar(sa.select(paid))
    if not is_of_card or not _give_back(session, refund, instruction_id, by=by, now=now):
        raise NotOfThisTrip(
            "Choose a payment that this card has made, and of which at least this much has not come back.",
            field="/instruction_id",
        )


def _give_back(
    session: Session, refund: CardChargeRecord, instruction_id: UUID, *, by: Actor, now: datetime
) -> bool:
    """False, and nothing is posted, where the cost is not there any more: it came back, or was recovered."""
    locked_instruction(session, instruction_id)
    paid = _paid(session, instruction_id)
    before = session.scalars(sa.select(_R.charge_id).where(_R.instruction_id == instruction_id)).all()
    returned = balances.came_back(session, [_reference(id_) for id_ in before], paid.keys())
    left = {hold: cents - returned.get(hold, 0) for hold, cents in paid.items()}
    amounts = back_to(refund.amount_cents, left)
    if amounts is None or not_there(session, amounts):
        return False
    zone = organisation_now(session, now=now).zone
    ledger.give_back(
        session,
        external_ref=_reference(refund.id),
        amounts=amounts,
        pay_again=False,
        cash=Cash.CARD,
        happened_on=min(refund.charged_at, now).astimezone(zone).date(),
        by=by,
        now=now,
    )
    session.add(_R(charge_id=refund.id, instruction_id=instruction_id, placed_at=now))
    session.flush()
    return True


def _paid(session: Session, instruction_id: UUID) -> dict[UUID, int]:
    """By hold, the cents this payment was made of, in the order of the plan."""
    instruction = locked_instruction(session, instruction_id)
    line = InstructionLineRecord
    rows = session.scalars(sa.select(line).where(line.instruction_id == instruction_id)).all()
    allocation_id = approval.allocation_of(session, instruction.award_id)
    order = [] if allocation_id is None else [p.id for p in plans.award_plan(session, allocation_id).lines]
    place_of: dict[UUID, int] = {id_: at for at, id_ in enumerate(order)}
    paid: dict[UUID, int] = {}
    for row in sorted(rows, key=lambda row: place_of.get(row.allocation_line_id, len(order))):
        paid[row.hold_id] = paid.get(row.hold_id, 0) + row.amount
    return paid


def _reference(charge_id: str) -> str:
    return f"{charge_id}:refunded"
