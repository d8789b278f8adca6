"""What we show of bookings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.allocation.queries import PlanLine
from reunify.approval import queries as approval
from reunify.bookings import policy
from reunify.bookings.lines import lines_of
from reunify.bookings.records import BookingRecord
from reunify.intake import queries as intake
from reunify.intake.outcomes import quiet_of
from reunify.kernel.ids import AwardId, RequestId, StaffId
from reunify.kernel.money import Money
from reunify.ledger import queries as balances
from reunify.vault.keepers import ERASED


@dataclass(frozen=True, slots=True)
class Booking:
    """One cost line that somebody books. `price` with its `tax`; both None and zero until it is known."""

    id: UUID
    award_id: AwardId
    request_id: RequestId
    line_key: str
    category: str
    settlement: str
    state: str
    ceiling: Money
    price: Money | None
    tax: Money
    paid_with: str | None
    vendor: str | None = field(repr=False)
    vendor_phone: str | None = field(repr=False)
    vendor_address: str | None = field(repr=False)
    locator: str | None = field(repr=False)
    fare_rules: str | None = field(repr=False)
    cancel_by: datetime | None
    late_arrival: bool
    card_form_confirmed_by: str | None = field(repr=False)
    card_form_confirmed_at: datetime | None
    deposit: str | None
    kept_at: datetime | None
    booked_by: StaffId | None
    booked_at: datetime | None
    ticketed_at: datetime | None
    revision: int
    tickets: int
    to_pay: Money  # of the ticket, until a payment is instructed

    @property
    def confirmed(self) -> bool:
        """A seat or room that stands."""
        return self.state in policy.CONFIRMED


@dataclass(frozen=True, slots=True)
class Alarm:
    """Keep it or cancel it by then. `handled_by`: who has the case. No name, no place."""

    booking_id: UUID
    award_id: AwardId
    award_reference: str
    request_id: RequestId
    handled_by: StaffId
    state: str
    cancel_by: datetime


def booking(session: Session, booking_id: UUID) -> Booking:
    """Raises NoSuchBooking."""
    record = session.get(BookingRecord, booking_id)
    if record is None:
        raise policy.NoSuchBooking("There is no such booking.")
    return as_booking(record)


def of_award(session: Session, award_id: UUID) -> list[Booking]:
    """In the order of their line keys."""
    return _found(session, BookingRecord.award_id == award_id)


def of_requests(session: Session, request_ids: Sequence[UUID]) -> list[Booking]:
    return _found(session, BookingRecord.request_id.in_(request_ids))


def is_ticketed(session: Session, booking_id: UUID) -> bool:
    """It stands, and we are bound to its price; not any more once it is used, changed or cancelled."""
    state = sa.select(BookingRecord.state).where(BookingRecord.id == booking_id)
    return session.scalar(state) == "ticketed"


def to_be_booked(session: Session, award_id: AwardId) -> set[UUID]:
    """The ledger holds that somebody will still book from; each is let go of by its own ticket or end."""
    allocation_id = approval.allocation_of(session, award_id)
    if allocation_id is None:
        return set()
    over = {found.line_key for found in of_award(session, award_id) if found.state not in policy.OPEN}
    return {
        share.hold_id
        for line in lines_of(session, allocation_id)
        if line.key not in over and policy.paid_when_ticketed(line.settlement, line.category)
        for share in line.shares
    }


def ticket_to_pay(session: Session, booking_id: UUID) -> list[tuple[PlanLine, int]]:
    """Each share of a ticketed line with the cents we are bound to and have not paid.

    Raises NoSuchBooking.
    """
    found = booking(session, booking_id)
    award = approval.award(session, found.award_id)
    (line,) = [at for at in lines_of(session, award.allocation_id) if at.key == found.line_key]
    held = balances.holds(session, [share.hold_id for share in line.shares])
    owed = [(share, held[share.hold_id].obligated) for share in line.shares]
    return [(share, cents) for share, cents in owed if cents]


def alarms(session: Session, *, now: datetime) -> list[Alarm]:
    """What somebody must keep or cancel before the last moment to do so without cost; the soonest first.

    None where a quiet outcome stands: there a person goes through what is booked.
    """
    b = BookingRecord
    rows = session.execute(
        sa.select(b.id, b.award_id, b.request_id, b.state, b.cancel_by, b.kept_at)
        .where(
            b.cancel_by <= now + policy.ALARM_AHEAD,
            b.kept_at.is_(None),
            b.state.not_in(policy.ENDED),
            ~quiet_of(b.request_id),
        )
        .order_by(b.cancel_by, b.id)
    ).all()
    due = [row for row in rows if policy.alarms(row.state, row.cancel_by, row.kept_at, now=now)]
    if not due:
        return []
    named = approval.references(session, {row.award_id for row in due})
    handlers = intake.handlers(session, {row.request_id for row in due})
    return [
        Alarm(
            row.id,
            AwardId(row.award_id),
            named[AwardId(row.award_id)],
            RequestId(row.request_id),
            handlers[RequestId(row.request_id)],
            row.state,
            row.cancel_by,
        )
        for row in due
    ]


def _found(session: Session, which: sa.ColumnElement[bool]) -> list[Booking]:
    asked = sa.select(BookingRecord).where(which).order_by(BookingRecord.award_id, BookingRecord.line_key)
    return [as_booking(record) for record in session.scalars(asked)]


def as_booking(record: BookingRecord) -> Booking:
    b = BookingRecord
    return Booking(
        record.id,
        AwardId(record.award_id),
        RequestId(record.request_id),
        record.line_key,
        record.category,
        record.settlement,
        record.state,
        Money(record.ceiling_cents),
        Money(record.price_cents) if record.price_cents is not None else None,
        Money(record.tax_cents),
        record.paid_with,
        b.vendor.told(record, erased=ERASED),
        b.vendor_phone.told(record, erased=ERASED),
        b.vendor_address.told(record, erased=ERASED),
        b.locator.told(record, erased=ERASED),
        b.fare_rules.told(record, erased=ERASED),
        record.cancel_by,
        record.late_arrival,
        b.card_form_confirmed_by.told(record, erased=ERASED),
        record.card_form_confirmed_at,
        record.deposit,
        record.kept_at,
        StaffId(record.booked_by) if record.booked_by else None,
        record.booked_at,
        record.ticketed_at,
        record.revision,
        record.tickets,
        Money(record.to_pay_cents),
    )
