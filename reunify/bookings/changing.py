"""One booking: lock it behind its request, and write down each move of it beside its audit row."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.bookings import policy
from reunify.bookings.policy import ToBook
from reunify.bookings.records import BookingEventRecord, BookingRecord
from reunify.intake.queries import lock_request
from reunify.kernel.may import FINANCE, may
from reunify.kernel.moves import Moved
from reunify.kernel.people import Actor, Role, written_by


def in_hand(session: Session, booking_id: UUID) -> BookingRecord:
    """Locked until the transaction ends, after its request as everywhere. Raises NoSuchBooking."""
    b = BookingRecord
    request_id = session.scalar(sa.select(b.request_id).where(b.id == booking_id))
    if request_id is None:
        raise policy.NoSuchBooking("There is no such booking.")
    lock_request(session, request_id)
    return session.get_one(b, booking_id, with_for_update=True, populate_existing=True)


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def note(
    session: Session,
    record: BookingRecord,
    moved: Moved | str,
    *,
    why: str | None = None,
    is_new: bool = False,
    by: Actor,
    now: datetime,
) -> int:
    """What happened, with its number within the booking; `why` is kept sealed in the audit row only.

    `is_new`: the first that happens to it, so that nobody asks for what was before.
    """
    e = BookingEventRecord
    before = sa.select(sa.func.max(e.number)).where(e.booking_id == record.id)
    number = 1 if is_new else 1 + (session.scalar(before) or 0)
    facts = {
        "state": record.state,
        "paid_with": record.paid_with,
        "cancel_by": record.cancel_by.isoformat() if record.cancel_by else None,
        "ticket": record.tickets,
    }
    session.add(
        e(
            booking_id=record.id,
            number=number,
            moved=moved.verb if isinstance(moved, Moved) else moved,
            price_cents=record.price_cents,
            facts={key: value for key, value in facts.items() if value},
            by=written_by(by),
            at=now,
        )
    )
    session.flush()
    detail = {"award": str(record.award_id), "price_cents": record.price_cents}
    audit.record(
        session,
        by=by,
        at=now,
        subject="booking",
        subject_id=record.id,
        moved=moved,
        why=why,
        family=None if why is None else record.request_id,
        detail=detail,
    )
    return number


def sealed_with(record: BookingRecord, told: ToBook, now: datetime) -> None:
    """What the desk said stands on the booking; what names a place or a person is sealed."""
    record.vendor = told.vendor.strip()
    record.locator = told.locator.strip() or None
    record.vendor_phone, record.vendor_address = told.vendor_phone, told.vendor_address
    record.fare_rules = told.fare_rules
    record.price_cents, record.tax_cents = told.price_cents, told.tax_cents
    record.paid_with, record.deposit = told.paid_with, told.deposit
    record.cancel_by, record.kept_at = told.cancel_by, None
    record.late_arrival = told.late_arrival
    record.card_form_confirmed_by = told.card_form_confirmed_by
    record.card_form_confirmed_at = now if told.card_form_confirmed_by else None
    record.revision += 1
