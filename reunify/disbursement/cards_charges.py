"""What merchants ask of a trip's card and take from it: written down, and found to be a booking's payment.

A charge pays a booking of that card's award with exactly its price, or it waits for a person. It never
lessens what another award, or another line, may pay.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.bookings import queries as bookings
from reunify.disbursement import books, cards_policy, cards_ports, cards_queries
from reunify.disbursement.cards_policy import ChargeKind, ChargeTaken, NotOfThisTrip, Owed
from reunify.disbursement.cards_records import (
    CardAuthorisationRecord,
    CardChargeRecord,
    TravelCardRecord,
)
from reunify.disbursement.instructions import locked_instruction, move_instruction
from reunify.disbursement.policy import check_decider
from reunify.kernel.ids import InstructionId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.money import Money
from reunify.kernel.people import Actor
from reunify.kernel.refusals import NotFound
from reunify.ledger.policy import Cash
from reunify.payees.policy import Rail


@may(system=True)
def record_authorisation(
    session: Session, *, found: cards_ports.Authorisation, by: Actor, now: datetime
) -> bool:
    """A merchant asked for money, as it stands now; False for a card that is not ours. No money has left."""
    card = _card_at(session, found.card)
    if card is None:
        return False
    values = {"amount_cents": found.amount.cents, "approved": found.approved, "state": found.state}
    session.execute(
        insert(CardAuthorisationRecord)
        .values(id=found.id, card_id=card.id, authorised_at=found.at, **values)
        .on_conflict_do_update(  # what has ended is not pending again, whichever news comes last
            index_elements=["id"], set_=values, where=CardAuthorisationRecord.state == "pending"
        )
    )
    _bind_authorisations(session, card)
    return True


@may(system=True)
def record_charge(session: Session, *, found: cards_ports.Charge, by: Actor, now: datetime) -> bool | None:
    """Money left, or came back: kept once. True when it is a booking's payment, False when nobody can say.

    None for a card that is not ours. Raises the ledger's refusals.
    """
    card = _card_at(session, found.card)
    if card is None:
        return None
    session.execute(
        insert(CardChargeRecord)
        .values(
            id=found.id,
            card_id=card.id,
            authorisation_id=found.authorisation,
            kind=found.kind.value,
            amount_cents=found.amount.cents,
            charged_at=found.at,
        )
        .on_conflict_do_nothing()
    )
    charge = _locked(session, found.id)
    if charge.kind != ChargeKind.CAPTURE:
        return False
    if charge.instruction_id is None:
        explained = cards_policy.paid_by(
            Money(charge.amount_cents), cards_queries.owed(session, card.award_id)
        )
        if explained is not None:
            _pay(session, charge, explained, by=by, now=now)
    return charge.instruction_id is not None


@may(system=True)
def match_charges(session: Session, *, card_id: UUID, by: Actor, now: datetime) -> list[str]:
    """Try again what no booking explained: one may have been ticketed since. Returns those explained."""
    card = session.get(TravelCardRecord, card_id, with_for_update=True, populate_existing=True)
    if card is None:
        raise NotFound("There is no such travel card.")
    _bind_authorisations(session, card)
    c = CardChargeRecord
    waiting = session.scalars(
        sa.select(c)
        .where(c.card_id == card_id, c.kind == ChargeKind.CAPTURE.value, c.instruction_id.is_(None))
        .order_by(c.charged_at, c.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    charges = {charge.id: charge for charge in waiting}
    found = cards_policy.paired(
        [(charge.id, Money(charge.amount_cents)) for charge in waiting],
        cards_queries.owed(session, card.award_id),
    )
    for charge_id, paid in found:
        _pay(session, charges[charge_id], paid, by=by, now=now)
    return [charge_id for charge_id, _ in found]


@may(*FINANCE)
def assign(
    session: Session, *, charge_id: str, instruction_id: InstructionId, by: Actor, now: datetime
) -> None:
    """A finance person says which of two bookings of one price this charge pays.

    Raises NotAllowed, NotFound, ChargeTaken, NotOfThisTrip, WrongState, and the ledger's refusals.
    """
    check_decider(by)
    card_id = session.scalar(sa.select(CardChargeRecord.card_id).where(CardChargeRecord.id == charge_id))
    card = session.get(TravelCardRecord, card_id, with_for_update=True) if card_id is not None else None
    if card is None:
        raise NotFound("There is no such charge.")
    charge = _locked(session, charge_id)
    if charge.instruction_id is not None or charge.kind != ChargeKind.CAPTURE:
        raise ChargeTaken("This charge is a booking's payment already, or money that came back.")
    waiting = {one.instruction: one for one in cards_queries.owed(session, card.award_id)}
    chosen = waiting.get(instruction_id)
    if chosen is None or chosen.price != Money(charge.amount_cents):
        raise NotOfThisTrip(
            "Choose a booking of this trip that is ticketed on its card, not paid yet, and has this price.",
            field="/instruction_id",
        )
    _pay(session, charge, chosen, by=by, now=now)


def _pay(session: Session, charge: CardChargeRecord, paid: Owed, *, by: Actor, now: datetime) -> None:
    """The booking's holds are spent to exactly its price, and its instruction is settled.

    It left the balance the cards draw on.
    """
    instruction = locked_instruction(session, paid.instruction)
    books.obligate_at_entry(session, instruction.id, reference=f"{charge.id}:captured:bound", by=by, now=now)
    books.spend(
        session,
        instruction.id,
        reference=f"{charge.id}:captured",
        cash=Cash.CARD,
        happened=charge.charged_at,
        by=by,
        now=now,
    )
    move_instruction(session, instruction, "settle", by=by, now=now, trouble=None)
    charge.instruction_id = instruction.id
    audit.record(
        session,
        by=by,
        at=now,
        subject="travel_card",
        subject_id=charge.card_id,
        moved="charge",
        detail={"instruction": str(instruction.id), "amount": charge.amount_cents},
    )
    books.free_rest(session, instruction, by=by, now=now)
    session.flush()


def _bind_authorisations(session: Session, card: TravelCardRecord) -> None:
    """An approved authorisation belongs to the one ticketed booking of its amount, if there is just one."""
    a = CardAuthorisationRecord
    waiting = session.scalars(
        sa.select(a).where(a.card_id == card.id, a.approved, a.booking_id.is_(None)).order_by(a.authorised_at)
    ).all()
    if not waiting:
        return
    known = session.scalars(sa.select(a.booking_id).where(a.card_id == card.id, a.state != "reversed"))
    taken = set(known)
    for held in waiting:
        fitting = [
            b.id
            for b in bookings.of_award(session, card.award_id)
            if b.state == "ticketed"
            and b.paid_with == Rail.TRAVEL_CARD
            and b.price == Money(held.amount_cents)
            and b.id not in taken
        ]
        if len(fitting) == 1 and held.state != "reversed":
            held.booking_id = fitting[0]
            taken.add(fitting[0])
    session.flush()


def _card_at(session: Session, stripe_id: str) -> TravelCardRecord | None:
    """Locked: of two charges that arrive together, the later one sees what the first has paid."""
    asked = sa.select(TravelCardRecord).where(TravelCardRecord.stripe_id == stripe_id)
    return session.scalar(asked.with_for_update().execution_options(populate_existing=True))


def _locked(session: Session, charge_id: str) -> CardChargeRecord:
    record = session.get(CardChargeRecord, charge_id, with_for_update=True, populate_existing=True)
    if record is None:
        raise NotFound("There is no such charge.")
    return record
