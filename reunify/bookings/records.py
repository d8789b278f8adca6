"""What is true: one booking for each cost line that somebody books, and everything that happened to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.bookings import policy
from reunify.db import Base
from reunify.kernel.ids import new_id
from reunify.vault.columns import sealed_text

_STATES = ", ".join(f"'{state}'" for state in policy.BOOKING.states)
_PRICED = ", ".join(f"'{state}'" for state in policy.PRICED)


class BookingRecord(Base):
    """One cost line of a released award: a seat, a room, a fee an airline takes with the seat.

    Amounts are whole cents; `tax_cents` is part of `price_cents`. What names a place or a person is sealed.
    `revision` counts what changed what the family reads: the itinerary is made again.
    """

    __tablename__ = "bookings"
    __table_args__ = (
        sa.CheckConstraint(f"state IN ({_STATES})", name="state_known"),
        sa.CheckConstraint("price_cents >= 0 AND tax_cents BETWEEN 0 AND price_cents", name="price_with_tax"),
        sa.CheckConstraint("price_cents <= ceiling_cents", name="within_the_ceiling"),
        sa.CheckConstraint(
            f"state NOT IN ({_PRICED}) OR (price_cents IS NOT NULL AND locator IS NOT NULL)",
            name="ticketed_has_price_and_locator",
        ),
        sa.CheckConstraint(
            "(card_form_confirmed_by IS NULL) = (card_form_confirmed_at IS NULL)", name="card_form_paired"
        ),
        sa.CheckConstraint("paid_with IN ('travel_card', 'invoice', 'partner')", name="paid_with_known"),
        sa.CheckConstraint(
            "deposit IN ('none', 'travel_card', 'organisation', 'partner', 'traveler')", name="deposit_known"
        ),
        sa.CheckConstraint(
            f"to_pay_cents = 0 OR to_pay_cents BETWEEN 1 AND price_cents AND state IN ({_PRICED})",
            name="only_a_ticket_is_paid",
        ),
        sa.UniqueConstraint("award_id", "line_key"),
        sa.Index("ix_bookings_to_pay", "id", postgresql_where=sa.text("to_pay_cents > 0")),
        sa.Index("ix_bookings_cancel_by", "cancel_by", postgresql_where=sa.text("cancel_by IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    award_id: Mapped[UUID] = mapped_column(sa.ForeignKey("awards.id"))
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), index=True)
    line_key: Mapped[str]
    category: Mapped[str]
    settlement: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    ceiling_cents: Mapped[int]  # of the whole line, as approved; 0 for what a partner gives
    vendor = sealed_text(keeper="request_id", optional=True)
    vendor_phone = sealed_text(keeper="request_id", optional=True)
    vendor_address = sealed_text(keeper="request_id", optional=True)
    locator = sealed_text(keeper="request_id", optional=True)
    fare_rules = sealed_text(keeper="request_id", optional=True)
    price_cents: Mapped[int | None]
    tax_cents: Mapped[int] = mapped_column(server_default="0", default=0)
    paid_with: Mapped[str | None]
    cancel_by: Mapped[datetime | None]
    late_arrival: Mapped[bool] = mapped_column(server_default="false", default=False)  # guaranteed
    card_form_confirmed_by = sealed_text(keeper="request_id", optional=True)  # who at the desk said so
    card_form_confirmed_at: Mapped[datetime | None]
    deposit: Mapped[str | None]
    kept_at: Mapped[datetime | None]  # somebody answered the alarm of `cancel_by`: it is kept
    booked_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    booked_at: Mapped[datetime | None]
    ticketed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    revision: Mapped[int] = mapped_column(server_default="0", default=0)
    tickets: Mapped[int] = mapped_column(server_default="0", default=0)  # how often it was ticketed
    to_pay_cents: Mapped[int] = mapped_column(server_default="0", default=0)  # ticketed, not instructed yet


class BookingEventRecord(Base):
    """One move of a booking, with what it was then. Append-only."""

    __tablename__ = "booking_events"
    __table_args__ = (sa.UniqueConstraint("booking_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    booking_id: Mapped[UUID] = mapped_column(sa.ForeignKey("bookings.id"))
    number: Mapped[int]
    moved: Mapped[str]
    price_cents: Mapped[int | None]
    facts: Mapped[dict[str, Any]]  # codes, times and amounts only; never a place or a name
    by: Mapped[str]
    at: Mapped[datetime]
