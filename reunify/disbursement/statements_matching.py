"""What a vendor may bill us for: tickets and rooms paid by invoice, with what is to be paid for each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.allocation import queries as plans
from reunify.bookings import invoiced
from reunify.bookings.invoiced import Invoiced
from reunify.bookings.policy import Days
from reunify.bookings.stays import days_of
from reunify.disbursement.records import InstructionLineRecord, InstructionRecord
from reunify.disbursement.statements_policy import (
    LOOKED_BACK_DAYS,
    PAID,
    Billed,
    Bookable,
    Now,
    plain_locator,
)
from reunify.disbursement.statements_records import StatementLineRecord
from reunify.kernel.ids import LineId
from reunify.kernel.money import Money


@dataclass(frozen=True, slots=True)
class ToPay:
    """An instruction as it stands now. `amount`: cents obligated for it."""

    id: UUID
    state: str
    rail: str
    amount: int


@dataclass(frozen=True, slots=True)
class Found:
    """A booking paid by invoice. `billed`: a line of a bill stands for this ticket of it."""

    id: UUID
    request: UUID
    line: tuple[UUID, str]  # the award, and the key of the line
    ticket: int
    locator: str = field(repr=False)
    vendor: str = field(repr=False)
    state: str
    price: Money
    billed: bool
    payments: tuple[ToPay, ...]

    @property
    def cancelled(self) -> bool:
        return self.state in invoiced.OVER

    def bookable(self, days: Days | None) -> Bookable:
        """`days`: on which it is used, where the request says so."""
        paid = any(payment.state in PAID for payment in self.payments)
        billed = self.billed or paid
        return Bookable(self.id, self.locator, self.price, self.cancelled, billed, self.vendor, days)

    def today(self) -> Now:
        return Now(self.price, self.cancelled, tuple(payment.state for payment in self.payments))


def taking_turns(session: Session) -> None:
    """Two bills at once would each find the same booking unbilled; until the transaction ends."""
    session.execute(
        sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended("vendor_statement", 34)))
    )


def billable(session: Session, *, now: datetime) -> list[Found]:
    """Whatever was ticketed, or ended, since `LOOKED_BACK_DAYS`; the same few statements for any number."""
    return _found(session, invoiced.invoiced_since(session, now - timedelta(days=LOOKED_BACK_DAYS)))


def bookable(session: Session, found: Collection[Found], lines: Sequence[Billed]) -> list[Bookable]:
    """With the days of those whose confirmation number is on the bill: no other family's plan is opened."""
    named = {plain_locator(line.locator) for line in lines}
    near = {booking.line for booking in found if plain_locator(booking.locator) in named}
    days = days_of(session, near) if near else {}
    return [booking.bookable(days.get(booking.line)) for booking in found]


def of_bookings(session: Session, booking_ids: Collection[UUID]) -> dict[UUID, Found]:
    """The same, of these bookings, as they are now."""
    return {found.id: found for found in _found(session, invoiced.invoiced(session, booking_ids))}


def _found(session: Session, bookings: Sequence[Invoiced]) -> list[Found]:
    billed = _billed(session, [b.id for b in bookings])
    of_tickets, of_lines = _payments(session, {b.award for b in bookings})
    return [
        Found(
            b.id,
            b.request,
            (b.award, b.line_key),
            b.ticket,
            b.locator,
            b.vendor,
            b.state,
            b.price,
            (b.id, b.ticket) in billed,
            tuple([*of_tickets.get((b.id, b.ticket), ()), *of_lines.get((b.award, b.line_key), ())]),
        )
        for b in bookings
    ]


def _billed(session: Session, booking_ids: Collection[UUID]) -> set[tuple[UUID, int]]:
    """An open case counts: until somebody has said what it was, the same bill is not paid again."""
    line = StatementLineRecord
    rows = session.execute(
        sa.select(line.booking_id, line.ticket).where(
            line.booking_id.in_(booking_ids), line.resolved_at.is_(None)
        )
    )
    return {(booking, ticket) for booking, ticket in rows if booking is not None and ticket is not None}


def _payments(
    session: Session, awards: Collection[UUID]
) -> tuple[dict[tuple[UUID, int], list[ToPay]], dict[tuple[UUID, str], list[ToPay]]]:
    """By ticket, which has a payment of its own; and by award and line, for what is paid with its award."""
    i, part = InstructionRecord, InstructionLineRecord
    rows = session.execute(
        sa.select(i, part.allocation_line_id)
        .join(part, part.instruction_id == i.id)
        .where(i.award_id.in_(awards), i.state != "withdrawn", i.unit == "cents")
        .order_by(i.id)
        .execution_options(populate_existing=True)
    ).all()
    keys = plans.keys_of(session, {LineId(line) for made, line in rows if made.booking_id is None})
    of_tickets: dict[tuple[UUID, int], list[ToPay]] = {}
    of_lines: dict[tuple[UUID, str], list[ToPay]] = {}
    for made, line in rows:
        payment = ToPay(made.id, made.state, made.rail, made.amount)
        if made.booking_id is not None and made.booking_ticket is not None:
            found = of_tickets.setdefault((made.booking_id, made.booking_ticket), [])
        else:
            found = of_lines.setdefault((made.award_id, keys[LineId(line)]), [])
        if payment not in found:
            found.append(payment)
    return of_tickets, of_lines
