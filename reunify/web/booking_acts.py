"""The acts of the booking desk, each once, for its page and its API twin."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from reunify.bookings import actions
from reunify.bookings.policy import ToBook
from reunify.bootstrap import House
from reunify.disbursement import booked
from reunify.kernel.ids import AwardId
from reunify.kernel.people import Staff


def book(at: House, award_id: UUID, lines: Sequence[ToBook], by: Staff) -> list[UUID]:
    """Several lines of one award in one act; at or under the ceiling nobody is asked."""
    with at.db.work(wake=True) as session:
        return actions.book(
            session,
            award_id=AwardId(award_id),
            lines=lines,
            standing_digest=at.standing_digest,
            by=by,
            now=at.now(),
        )


def change(at: House, booking_id: UUID, why: str, by: Staff) -> None:
    """It will be another seat or room; a payment nobody made yet is withdrawn."""
    now = at.now()
    with at.db.work(wake=True) as session:
        ends = partial(booked.let_go, is_over=False, by=by, now=now)
        actions.change(session, booking_id=booking_id, why=why, let_go=ends, by=by, now=now)


def cancel(at: House, booking_id: UUID, why: str, by: Staff) -> None:
    """Nobody travels or sleeps there; a payment nobody made yet is withdrawn."""
    now = at.now()
    with at.db.work(wake=True) as session:
        ends = partial(booked.let_go, is_over=True, by=by, now=now)
        actions.cancel(session, booking_id=booking_id, why=why, let_go=ends, by=by, now=now)
        booked.free_rest(session, booking_id, by=by, now=now)


def use(at: House, booking_id: UUID, by: Staff) -> None:
    """It was flown, ridden or slept in."""
    with at.db.work(wake=True) as session:
        actions.use(session, booking_id=booking_id, by=by, now=at.now())


def keep(at: House, booking_id: UUID, by: Staff) -> None:
    """The answer to its alarm."""
    with at.db.work() as session:
        actions.keep(session, booking_id=booking_id, by=by, now=at.now())


def confirm_desk(at: House, booking_id: UUID, confirmed_by: str, deposit: str, by: Staff) -> None:
    """The hotel's desk has the card form."""
    with at.db.work(wake=True) as session:
        actions.confirm_desk(
            session, booking_id=booking_id, confirmed_by=confirmed_by, deposit=deposit, by=by, now=at.now()
        )
