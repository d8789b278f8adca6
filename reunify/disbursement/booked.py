"""The payment of a ticket that is changed or cancelled: ended, unless somebody has paid it or still may."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.bookings import queries as bookings
from reunify.disbursement import books, cards_queries, policy
from reunify.disbursement.instructions import move_instruction
from reunify.disbursement.records import AttemptRecord, InstructionRecord
from reunify.kernel.may import may
from reunify.kernel.people import Actor, Role
from reunify.kernel.refusals import OutOfStep


class AlreadyWrittenDown(OutOfStep):
    """A payment was written down, and nobody has checked it yet."""


class StillPromised(OutOfStep):
    """A merchant holds money of the trip's card for a booking, and may still take it."""


class SeatStands(OutOfStep):
    """A seat or room stands, and we are bound to its price."""


@may(Role.CASE_MANAGER)
def let_go(session: Session, booking_id: UUID, *, is_over: bool, by: Actor, now: datetime) -> None:
    """Withdraw what nobody has paid yet; the booking moves its money itself. What was paid stays.

    `is_over`: its money becomes free for others, so no merchant may hold a promise of it any more.
    Raises MayStillBePaid while a payment may go out, AlreadyWrittenDown while a second person has not checked
    one that was written down, StillPromised.
    """
    promised = cards_queries.promised(session, booking_id) if is_over else None
    if promised is not None:
        raise StillPromised(
            f"A merchant still holds {promised} of the trip's card for this booking. Ask them to give it up "
            "first; or mark the booking as changed: it stands no more, and its money waits for the charge."
        )
    i = InstructionRecord
    alive = sa.select(i).where(i.booking_id == booking_id, i.state.not_in(policy.DONE)).order_by(i.id)
    for instruction in session.scalars(alive.with_for_update().execution_options(populate_existing=True)):
        tried = sa.select(AttemptRecord.state).where(AttemptRecord.instruction_id == instruction.id)
        policy.check_nothing_flying(session.scalars(tried).all())
        if instruction.state == "recorded":
            raise AlreadyWrittenDown(
                "Somebody wrote down that this was paid: have it struck, or checked by a colleague, first."
            )
        move_instruction(session, instruction, "withdraw", by=by, now=now, trouble=None)


@may(Role.CASE_MANAGER)
def free_rest(session: Session, booking_id: UUID, *, by: Actor, now: datetime) -> None:
    """Its booking is cancelled: what of the award waited only for this payment to end is free again."""
    i = InstructionRecord
    ended = sa.select(i).where(i.booking_id == booking_id, i.state == "withdrawn")
    newest = session.scalar(ended.order_by(i.created_at.desc(), i.id).limit(1))
    if newest is not None:
        books.free_rest(session, newest, by=by, now=now)


def check_nothing_stands(session: Session, instruction: InstructionRecord) -> None:
    """Raises SeatStands: what we are bound to is not freed while the seat or room is ours."""
    if instruction.booking_id is not None and bookings.is_ticketed(session, instruction.booking_id):
        raise SeatStands(
            "A seat or room is ticketed for this payment: have its booking cancelled or changed by whoever "
            "has the case; the payment ends with it."
        )
