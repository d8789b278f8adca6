"""What vendors send us bills for: tickets and rooms paid by invoice, those that were cancelled among them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.bookings.records import BookingRecord
from reunify.intake.form import Settlement
from reunify.kernel.money import Money
from reunify.vault.keepers import ERASED

_STANDS: Final = ("ticketed", "used")
OVER: Final = ("changed", "cancelled")


@dataclass(frozen=True, slots=True)
class Invoiced:
    """A booking paid by invoice, as it stands now. `ticket`: which ticketing of it."""

    id: UUID
    award: UUID
    request: UUID
    line_key: str
    ticket: int
    locator: str = field(repr=False)
    vendor: str = field(repr=False)
    state: str
    price: Money


def invoiced_since(session: Session, since: datetime) -> list[Invoiced]:
    """Whatever was ticketed, or ended, since then. One statement, and one for the keys."""
    b = BookingRecord
    return _read(session, sa.func.greatest(b.ticketed_at, b.ended_at) >= since)


def invoiced(session: Session, booking_ids: Collection[UUID]) -> list[Invoiced]:
    """Those of these bookings that are paid by invoice."""
    return _read(session, BookingRecord.id.in_(booking_ids))


def is_cancelled(booking_id: sa.SQLColumnExpression[UUID | None]) -> sa.ColumnElement[bool]:
    """Whether the booking named in another row is cancelled; false where none is named."""
    return sa.exists().where(BookingRecord.id == booking_id, BookingRecord.state == "cancelled")


def _read(session: Session, which: sa.ColumnElement[bool]) -> list[Invoiced]:
    """An erased family's bookings are told from no bill any more."""
    b = BookingRecord
    rows = session.scalars(
        sa.select(b)
        .where(
            which,
            b.state.in_((*_STANDS, *OVER)),
            sa.or_(b.settlement == Settlement.VENDOR_BILLED.value, b.paid_with == "invoice"),
        )
        .order_by(b.id)
        .execution_options(populate_existing=True)
    )
    found = [
        Invoiced(
            row.id,
            row.award_id,
            row.request_id,
            row.line_key,
            row.tickets,
            b.locator.told(row, erased=ERASED) or ERASED,
            b.vendor.told(row, erased=ERASED) or "",
            row.state,
            Money(row.price_cents or 0),
        )
        for row in rows
    ]
    return [one for one in found if one.locator != ERASED]
