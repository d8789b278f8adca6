"""Money that comes back to a trip's card goes back to exactly the funds that paid, or waits for a person."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.allocation import queries as plans
from reunify.approval import queries as approval
from reunify.disbursement.cards_answer_records import CardExcessRefundRecord, CardRefundRecord
from reunify.disbursement.cards_borne_records import CardBorneRefundRecord, CardChargeBorneRecord
from reunify.disbursement.cards_policy import ChargeKind, NotOfThisTrip, back_to
from reunify.disbursement.cards_queries import in_order, left_of_charge
from reunify.disbursement.cards_records import CardChargePartRecord, CardChargeRecord, TravelCardRecord
from reunify.disbursement.instructions import locked_instruction
from reunify.disbursement.records import InstructionLineRecord, InstructionRecord
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor
from reunify.kernel.refusals import Refused
from reunify.ledger import actions as ledger
from reunify.ledger import queries as balances
from reunify.ledger.coming_back import not_there
from reunify.ledger.policy import Cash
from reunify.rates.queries import organisation_now

_C, _P, _R, _X = CardChargeRecord, CardChargePartRecord, CardRefundRecord, CardExcessRefundRecord
_B, _O = CardChargeBorneRecord, CardBorneRefundRecord


def is_placed(session: Session, charge_id: str) -> bool:
    """It went back to a payment or to what we bore, or is what a merchant had taken beyond a price."""
    went = (session.get(one, charge_id) is not None for one in (_R, _O))
    return any(went) or charge_id in paired(session, [charge_id])


def paired(session: Session, charges: Collection[str]) -> set[str]:
    """Of these, the captures whose excess came back, and the refunds that are such an excess."""
    rows = session.execute(
        sa.select(_X.refund_id, _X.charge_id).where(
            sa.or_(_X.refund_id.in_(charges), _X.charge_id.in_(charges))
        )
    )
    return {id_ for row in rows for id_ in row} & set(charges)


@may(*FINANCE, system=True)
def place(session: Session, refund: CardChargeRecord, *, by: Actor, now: datetime) -> list[str]:
    """To the one payment whose charge it names, or to exactly what was taken beyond its price; returns which
    charges are explained by it, itself among them. None when it names no charge, more than is left of it, or
    the books refuse it now: then it waits for a person.

    The card is locked.
    """
    if is_placed(session, refund.id):
        return [refund.id]
    if refund.authorisation_id is None:
        return []
    of_it = sa.and_(
        _C.card_id == refund.card_id,
        _C.authorisation_id == refund.authorisation_id,
        _C.kind == ChargeKind.CAPTURE.value,
    )
    paid = set(session.scalars(sa.select(_P.instruction_id).join(_C, _C.id == _P.charge_id).where(of_it)))
    left = left_of_charge()
    over = {id_: int(cents) for id_, cents in session.execute(sa.select(_C.id, left).where(of_it, left > 0))}
    if paid and sum(over.values()) == refund.amount_cents:
        return [refund.id, *_pair(session, refund, over, now)]
    borne = sa.select(_C.id).join(_B, _B.charge_id == _C.id).where(of_it)
    if len(paid) != 1 or over or session.scalar(borne.limit(1)) is not None:
        return []  # of which booking, of what was taken beyond its price, or of what we bore: a person says
    try:
        with session.begin_nested():
            return [refund.id] if _give_back(session, refund, paid.pop(), by=by, now=now) else []
    except Refused:  # whoever places it by hand reads why
        return []


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
            ~sa.exists().where(_X.refund_id == _C.id),
            ~sa.exists().where(_O.refund_id == _C.id),
        )
        .order_by(*in_order())
        .with_for_update()
    ).all()
    return [id_ for refund in waiting for id_ in place(session, refund, by=by, now=now)]


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
    amounts = back_to(refund.amount_cents, _not_back(session, locked_instruction(session, instruction_id)))
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


def _pair(session: Session, refund: CardChargeRecord, over: dict[str, int], now: datetime) -> list[str]:
    """It came back before it was anybody's cost: no fund is touched."""
    session.add_all(
        _X(refund_id=refund.id, charge_id=id_, cents=cents, paired_at=now) for id_, cents in over.items()
    )
    session.flush()
    return list(over)


def not_back(session: Session, instruction_id: UUID) -> int:
    """The cents of this payment that have not come back to the card."""
    return sum(_not_back(session, session.get_one(InstructionRecord, instruction_id)).values())


def _not_back(session: Session, instruction: InstructionRecord) -> dict[UUID, int]:
    paid = shares_of(session, instruction)
    before = session.scalars(sa.select(_R.charge_id).where(_R.instruction_id == instruction.id)).all()
    returned = balances.came_back(session, [_reference(id_) for id_ in before], paid.keys())
    return {hold: cents - returned.get(hold, 0) for hold, cents in paid.items()}


def shares_of(session: Session, instruction: InstructionRecord) -> dict[UUID, int]:
    """By hold, the cents this payment is made of, in the order of the plan."""
    line = InstructionLineRecord
    rows = session.scalars(sa.select(line).where(line.instruction_id == instruction.id)).all()
    allocation_id = approval.allocation_of(session, instruction.award_id)
    order = [] if allocation_id is None else [p.id for p in plans.award_plan(session, allocation_id).lines]
    place_of: dict[UUID, int] = {id_: at for at, id_ in enumerate(order)}
    paid: dict[UUID, int] = {}
    for row in sorted(rows, key=lambda row: place_of.get(row.allocation_line_id, len(order))):
        paid[row.hold_id] = paid.get(row.hold_id, 0) + row.amount
    return paid


def _reference(charge_id: str) -> str:
    return f"{charge_id}:refunded"
