"""What we show of bookings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.bookings import policy
from reunify.bookings.records import BookingRecord
from reunify.kernel.ids import AwardId, RequestId, StaffId
from reunify.kernel.money import Money
from reunify.kernel.refusals import NotFound
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
    booked_by: StaffId | None
    booked_at: datetime | None
    ticketed_at: datetime | None
    revision: int

    @property
    def confirmed(self) -> bool:
        """A seat or room that stands."""
        return self.state in policy.CONFIRMED


def booking(session: Session, booking_id: UUID) -> Booking:
    """Raises NotFound."""
    record = session.get(BookingRecord, booking_id)
    if record is None:
        raise NotFound("There is no such booking.")
    return as_booking(record)


def of_award(session: Session, award_id: UUID) -> list[Booking]:
    """In the order of their line keys."""
    return _found(session, BookingRecord.award_id == award_id)


def of_requests(session: Session, request_ids: Sequence[UUID]) -> list[Booking]:
    return _found(session, BookingRecord.request_id.in_(request_ids))


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
        StaffId(record.booked_by) if record.booked_by else None,
        record.booked_at,
        record.ticketed_at,
        record.revision,
    )
