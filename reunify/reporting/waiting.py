"""What waits for a flow, by state: the tables are the queue, so a crash loses nothing."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.allocation.records import AllocationLineRecord
from reunify.approval.records import AwardRecord, RefusalRecord
from reunify.bookings import policy as bookings
from reunify.bookings.records import BookingRecord
from reunify.disbursement.records import InstructionRecord
from reunify.documents.records import DocumentRecord, PlansFollowed
from reunify.eligibility.records import AssessmentRecord
from reunify.intake.form import Settlement
from reunify.intake.outcomes import quiet_of
from reunify.intake.records import VersionRecord


def versions_to_assess(session: Session, *, limit: int) -> list[UUID]:
    """Frozen versions nobody has judged yet, the oldest first. Superseded ones are skipped."""
    newer = sa.orm.aliased(VersionRecord)
    rows = session.scalars(
        sa.select(VersionRecord.id)
        .where(
            ~sa.exists().where(AssessmentRecord.version_id == VersionRecord.id),
            ~sa.exists().where(
                newer.request_id == VersionRecord.request_id, newer.number > VersionRecord.number
            ),
        )
        .order_by(VersionRecord.submitted_at)
        .limit(limit)
    )
    return list(rows)


def requests_to_document(session: Session, *, limit: int) -> list[UUID]:
    """Requests owed a letter: a question to the family, a released award, a confirmed refusal.

    The plan of a released award is owed again whenever a booking of it changed.
    """
    document = DocumentRecord
    asked = sa.select(AssessmentRecord.request_id).where(
        AssessmentRecord.outcome == "needs_information",
        AssessmentRecord.asks_family,
        ~sa.exists().where(
            document.request_id == AssessmentRecord.request_id,
            document.number == AssessmentRecord.number,
            document.kind == "information_request",
        ),
        ~sa.exists().where(
            VersionRecord.request_id == AssessmentRecord.request_id,
            VersionRecord.number > AssessmentRecord.number,
        ),
    )
    changes = (
        sa.select(sa.func.coalesce(sa.func.sum(BookingRecord.revision), 0))
        .where(BookingRecord.award_id == AwardRecord.id)
        .correlate(AwardRecord)
        .scalar_subquery()
    )
    released = sa.select(AwardRecord.request_id).where(
        AwardRecord.state == "released",
        ~sa.exists().where(
            PlansFollowed.award_id == AwardRecord.id,
            PlansFollowed.award_digest == AwardRecord.digest,
            PlansFollowed.changes >= changes,
        ),
    )
    refused = sa.select(RefusalRecord.request_id).where(
        RefusalRecord.state == "confirmed",
        ~sa.exists().where(
            document.request_id == RefusalRecord.request_id,
            document.number == RefusalRecord.version_number,
            document.kind == "refusal_letter",
        ),
    )
    owed = sa.union(asked, released, refused).subquery()
    return list(
        session.scalars(sa.select(owed.c.request_id).where(~quiet_of(owed.c.request_id)).limit(limit))
    )


def awards_to_book(session: Session, *, limit: int) -> list[UUID]:
    """Released awards with a line that somebody books and that is not on the desk's list yet."""
    line, booking = AllocationLineRecord, BookingRecord
    there = sa.exists().where(booking.award_id == AwardRecord.id, booking.line_key == line.line_key)
    there = there.correlate_except(booking)  # two levels down nothing is correlated by itself
    wanted = sa.exists().where(
        line.allocation_id == AwardRecord.allocation_id,
        line.settlement.in_(sorted(bookings.BY_SOMEBODY)),
        line.category.in_(sorted(bookings.BOOKED)),
        ~there,
    )
    asked = sa.select(AwardRecord.id).where(
        AwardRecord.state == "released", wanted, ~quiet_of(AwardRecord.request_id)
    )
    return list(session.scalars(asked.order_by(AwardRecord.released_at).limit(limit)))


def awards_to_instruct(session: Session, *, limit: int) -> list[UUID]:
    """Released awards without payment instructions for what is paid at the release."""
    line = AllocationLineRecord
    when_ticketed = sa.and_(
        line.settlement == Settlement.ORGANISATION_BOOKS.value, line.category.in_(sorted(bookings.BOOKED))
    )
    rows = session.scalars(
        sa.select(AwardRecord.id)
        .where(
            AwardRecord.state == "released",
            sa.exists().where(
                line.allocation_id == AwardRecord.allocation_id, line.payable > 0, ~when_ticketed
            ),
            ~sa.exists().where(
                InstructionRecord.award_id == AwardRecord.id, InstructionRecord.booking_id.is_(None)
            ),
            ~quiet_of(AwardRecord.request_id),
            ~_changed_since(),
        )
        .order_by(AwardRecord.released_at)
        .limit(limit)
    )
    return list(rows)


def tickets_to_instruct(session: Session, *, limit: int) -> list[UUID]:
    """Bookings that were ticketed and whose price nobody has been told to pay yet."""
    rows = session.scalars(
        sa.select(BookingRecord.id)
        .join(AwardRecord, AwardRecord.id == BookingRecord.award_id)
        .where(
            BookingRecord.to_pay_cents > 0,
            AwardRecord.state == "released",
            ~quiet_of(AwardRecord.request_id),
            ~_changed_since(),
        )
        .order_by(BookingRecord.ticketed_at)
        .limit(limit)
    )
    return list(rows)


def _changed_since() -> sa.ColumnElement[bool]:
    """A change after the release is for people to look at first."""
    return sa.exists().where(
        VersionRecord.request_id == AwardRecord.request_id,
        VersionRecord.number > AwardRecord.version_number,
    )
