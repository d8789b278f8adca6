"""What merchants ask of a trip's card and take from it: written down, and found to be a booking's payment.

Charges pay bookings of that card's award with exactly their price; what is over, or unclear, waits for a
person. It never lessens what another award, or another line, may pay.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.bookings import queries as bookings
from reunify.disbursement import (
    books,
    cards_closing,
    cards_match_policy,
    cards_placing,
    cards_ports,
    cards_queries,
    cards_refunds,
)
from reunify.disbursement.cards_match_policy import Paid
from reunify.disbursement.cards_policy import PROMISE_OVER, ChargeKind, ChargeTaken, NotOfThisTrip
from reunify.disbursement.cards_records import (
    CardAuthorisationRecord,
    CardChargePartRecord,
    CardChargeRecord,
    TravelCardRecord,
)
from reunify.disbursement.instructions import locked_instruction, move_instruction
from reunify.disbursement.policy import check_decider
from reunify.kernel.ids import InstructionId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.money import Money
from reunify.kernel.people import Actor
from reunify.kernel.refusals import NotFound, Refused
from reunify.ledger.policy import Cash
from reunify.payees.policy import Rail


@may(system=True)
def record_authorisation(
    session: Session, *, found: cards_ports.Authorisation, by: Actor, now: datetime
) -> set[str] | None:
    """A merchant asked for money, as it stands now; None for a card that is not ours. No money has left.

    Where it is over below its price, what was taken is all its booking costs: returns those charges.
    """
    card = _card_at(session, found.card)
    if card is None:
        return None
    values = {
        "amount_cents": found.amount.cents,
        "approved": found.approved,
        "state": found.state,
        "taken_cents": None if found.taken is None else found.taken.cents,
    }
    session.execute(
        insert(CardAuthorisationRecord)
        .values(id=found.id, card_id=card.id, authorised_at=found.at, **values)
        .on_conflict_do_update(  # what has ended is not pending again, whichever news comes last
            index_elements=["id"], set_=values, where=CardAuthorisationRecord.state == "pending"
        )
    )
    put_in_order(session, found.charges)
    _bind_authorisations(session, card)
    return set(_match(session, card, by=by, now=now)[0]) if found.state in PROMISE_OVER else set()


def put_in_order(session: Session, charges: Sequence[str]) -> None:
    """`charges`: all of one authorisation, as Stripe lists them. Its ids say nothing of which came first."""
    c = CardChargeRecord
    if len(charges) > 1:
        places = {id_: place for place, id_ in enumerate(charges)}
        in_list = sa.case(places, value=c.id)
        session.execute(sa.update(c).where(c.id.in_(charges)).values(place=in_list))


def in_one_second(session: Session, charge: cards_ports.Charge) -> bool:
    """Whether others of its authorisation were charged in the same second, so that Stripe's list counts."""
    c = CardChargeRecord
    if charge.authorisation is None:
        return False
    alike = sa.and_(c.authorisation_id == charge.authorisation, c.charged_at == charge.at, c.id != charge.id)
    return session.scalar(sa.select(c.id).where(alike).limit(1)) is not None


@may(system=True)
def record_charge(
    session: Session, *, found: cards_ports.Charge, listed: Sequence[str] = (), by: Actor, now: datetime
) -> set[str] | None:
    """Money left, or came back: kept once. Returns which charges are bookings' payments now, or went back to
    those that paid one: this one, and those that waited for it.

    `listed`: Stripe's order of the charges of its authorisation, where some are of one second. None for a
    card that is not ours. What the books refuse now (a fund's period is over) stays unexplained.
    """
    card = _card_at(session, found.card)
    if card is None:
        return None
    foreign = found.foreign
    session.execute(
        insert(CardChargeRecord)
        .values(
            id=found.id,
            card_id=card.id,
            authorisation_id=found.authorisation,
            kind=found.kind.value,
            amount_cents=found.amount.cents,
            original_amount=foreign.amount if foreign else None,
            original_currency=foreign.currency if foreign else None,
            rate=foreign.rate if foreign else None,
            rate_source=foreign.source if foreign else None,
            charged_at=found.at,
        )
        .on_conflict_do_nothing()
    )
    put_in_order(session, listed)
    charge = _locked(session, found.id)
    if charge.kind != ChargeKind.CAPTURE:
        return set(cards_refunds.place(session, charge, by=by, now=now))
    return {*_match(session, card, by=by, now=now)[0], *_explained(session, charge)}


@may(system=True)
def match_charges(
    session: Session, *, card_id: UUID, by: Actor, now: datetime
) -> tuple[list[str], list[str]]:
    """Try again what no booking explained: one may have been ticketed since. Returns those explained, and
    those that fit and that the books refuse."""
    card = session.get(TravelCardRecord, card_id, with_for_update=True, populate_existing=True)
    if card is None:
        raise NotFound("There is no such travel card.")
    _bind_authorisations(session, card)
    return _match(session, card, by=by, now=now)


@may(*FINANCE)
def assign(
    session: Session, *, charge_id: str, instruction_id: InstructionId, by: Actor, now: datetime
) -> list[str]:
    """A finance person says which booking this charge pays, or a refund came back from; returns the charges.

    Of a larger charge the price alone is placed, the rest waits; a smaller one pays together with the other
    captures of its authorisation, or is all that its booking costs where that is closed. Raises NotAllowed,
    NotFound, ChargeTaken, NotOfThisTrip, WrongState, and the ledger's refusals.
    """
    check_decider(by)
    card_id = session.scalar(sa.select(CardChargeRecord.card_id).where(CardChargeRecord.id == charge_id))
    card = session.get(TravelCardRecord, card_id, with_for_update=True) if card_id is not None else None
    if card is None:
        raise NotFound("There is no such charge.")
    charge = _locked(session, charge_id)
    if (
        cards_refunds.is_placed(session, charge.id)
        or not cards_queries.rest_of(session, [charge.id])[charge.id]
    ):
        raise ChargeTaken("This charge is a booking's payment already, or came back from one.")
    if charge.kind == ChargeKind.REFUND:
        cards_refunds.place_at(session, charge, instruction_id, card=card, by=by, now=now)
        return [charge.id]
    due = {one.instruction: one for one in cards_queries.owed(session, card.award_id)}.get(instruction_id)
    taken = cards_placing.together(session, charge.id)
    is_all = due is not None and cards_placing.is_closed(session, taken, price=due.price)
    paid = due and cards_match_policy.pay(due, taken, closed=is_all)
    if not paid:
        raise NotOfThisTrip(
            "Choose a booking of this trip that is ticketed on its card, unpaid, and costs at most this; or "
            "wait until Stripe says that the merchant takes no more.",
            field="/instruction_id",
        )
    _pay(session, card, paid, by=by, now=now)
    return [part for part, _ in paid.parts]


def _match(
    session: Session, card: TravelCardRecord, *, by: Actor, now: datetime
) -> tuple[list[str], list[str]]:
    """The card is locked, and with it its charges. What the books refuse waits, as what is unexplained does,
    and keeps nothing else from being paid."""
    done: list[str] = []
    refused: list[str] = []
    for paid in cards_queries.fitting(session, card.id, card.award_id):
        try:
            with session.begin_nested():
                _pay(session, card, paid, by=by, now=now)
        except Refused:  # whoever places it by hand reads why
            refused += [charge for charge, _ in paid.parts]
        else:
            done += [charge for charge, _ in paid.parts]
    return list(dict.fromkeys(done)), list(dict.fromkeys(refused))


def _explained(session: Session, charge: CardChargeRecord) -> set[str]:
    part = CardChargePartRecord
    paid = sa.select(part.charge_id).where(part.charge_id == charge.id)
    return set(session.scalars(paid))


def _pay(session: Session, card: TravelCardRecord, paid: Paid, *, by: Actor, now: datetime) -> None:
    """The booking's holds are spent to exactly its price, and its instruction is settled. Where it was closed
    below the price, what was taken is the price from now on.

    It left the balance the cards draw on; of several captures with the last of them.
    """
    instruction = locked_instruction(session, paid.owed.instruction)
    if paid.cents < instruction.amount:
        instruction = cards_closing.take_less(session, instruction, cents=paid.cents, by=by, now=now)
    last = _locked(session, paid.parts[-1][0])
    reference = f"{last.id}:captured:{instruction.id}"
    books.obligate_at_entry(session, instruction.id, reference=f"{reference}:bound", by=by, now=now)
    books.spend(
        session,
        instruction.id,
        reference=reference,
        cash=Cash.CARD,
        happened=last.charged_at,
        by=by,
        now=now,
    )
    move_instruction(session, instruction, "settle", by=by, now=now, trouble=None)
    for charge, cents in paid.parts:
        session.add(
            CardChargePartRecord(charge_id=charge, instruction_id=instruction.id, cents=cents, placed_at=now)
        )
    audit.record(
        session,
        by=by,
        at=now,
        subject="travel_card",
        subject_id=card.id,
        moved="charge",
        detail={"instruction": str(instruction.id), "amount": instruction.amount},
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


def ours(session: Session, cards: Collection[str]) -> set[str]:
    """Which of these cards are trips', by Stripe's id."""
    t = TravelCardRecord
    found = session.scalars(sa.select(t.stripe_id).where(t.stripe_id.in_(cards))) if cards else ()
    return {str(id_) for id_ in found}


def _card_at(session: Session, stripe_id: str) -> TravelCardRecord | None:
    """Locked: of two charges that arrive together, the later one sees what the first has paid."""
    asked = sa.select(TravelCardRecord).where(TravelCardRecord.stripe_id == stripe_id)
    return session.scalar(asked.with_for_update().execution_options(populate_existing=True))


def _locked(session: Session, charge_id: str) -> CardChargeRecord:
    record = session.get(CardChargeRecord, charge_id, with_for_update=True, populate_existing=True)
    if record is None:
        raise NotFound("There is no such charge.")
    return record
