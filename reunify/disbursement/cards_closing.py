"""A merchant closed its promise and took less than the price: paid is what was taken, the rest is free.

The payment of the price is given up and one of what was taken stands in its place, so that whoever reads an
instruction reads what was paid.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.bookings import actions as bookings
from reunify.disbursement import books, cards_policy, cards_refunds
from reunify.disbursement.instructions import first_move, move_instruction
from reunify.disbursement.policy import INSTRUCTION
from reunify.disbursement.records import InstructionLineRecord, InstructionRecord
from reunify.kernel.ids import new_id
from reunify.kernel.may import FINANCE, may
from reunify.kernel.money import Money
from reunify.kernel.moves import START
from reunify.kernel.people import Actor
from reunify.ledger import actions as ledger
from reunify.payees.policy import Rail


@may(*FINANCE, system=True)
def take_less(
    session: Session, priced: InstructionRecord, *, cents: int, by: Actor, now: datetime
) -> InstructionRecord:
    """The payment to settle instead, of `cents`, below the price; locked by being new.

    What is not paid leaves the last funds of the plan first, and is available there. Raises the ledger's
    refusals.
    """
    paid = cards_refunds.shares_of(session, priced)
    freed = cards_policy.back_to(priced.amount - cents, paid)
    assert freed is not None
    assert 0 < cents < priced.amount
    reference = f"{priced.id}:took_less"
    books.obligate_at_entry(session, priced.id, reference=f"{reference}:bound", by=by, now=now)
    move_instruction(session, priced, "withdraw", by=by, now=now, trouble=None)
    session.flush()
    ledger.fail(session, external_ref=reference, amounts=freed, by=by, now=now)
    made = _instead(session, priced, cents, freed, now)
    audit.record(
        session,
        by=by,
        at=now,
        subject="instruction",
        subject_id=made.id,
        moved=first_move(Rail.TRAVEL_CARD),
        detail={"award": str(made.award_id), "amount": cents, "instead_of": str(priced.id)},
    )
    if made.booking_id is not None:
        bookings.cost_less(session, booking_id=made.booking_id, price=Money(cents), by=by, now=now)
    return made


def _instead(
    session: Session, priced: InstructionRecord, cents: int, freed: dict[UUID, int], now: datetime
) -> InstructionRecord:
    """The same ticket, to the same payee, approved by the same digest."""
    made = InstructionRecord(
        id=new_id(),
        award_id=priced.award_id,
        award_digest=priced.award_digest,
        booking_id=priced.booking_id,
        booking_ticket=priced.booking_ticket,
        payee_id=priced.payee_id,
        rail=priced.rail,
        rail_reason=priced.rail_reason,
        unit=priced.unit,
        amount=cents,
        moved_from_payout=priced.moved_from_payout,
        state=INSTRUCTION.check(START, first_move(Rail.TRAVEL_CARD)).target,
        try_after=now,
        created_at=now,
    )
    session.add(made)
    session.flush()
    left = dict(freed)
    line = InstructionLineRecord
    for row in session.scalars(sa.select(line).where(line.instruction_id == priced.id).order_by(line.id)):
        less = min(left.get(row.hold_id, 0), row.amount)
        left[row.hold_id] = left.get(row.hold_id, 0) - less
        if row.amount > less:
            session.add(
                line(
                    instruction_id=made.id,
                    allocation_line_id=row.allocation_line_id,
                    fund_id=row.fund_id,
                    budget_category=row.budget_category,
                    settlement=row.settlement,
                    hold_id=row.hold_id,
                    amount=row.amount - less,
                    binds_at_entry=row.binds_at_entry,
                )
            )
    session.flush()
    return made
