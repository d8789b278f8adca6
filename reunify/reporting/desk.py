"""What is to be booked, and what must be kept or cancelled in time: award by award. No name, no place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.approval.records import AwardRecord
from reunify.bookings import policy
from reunify.bookings.records import BookingRecord
from reunify.intake.outcomes import quiet_of
from reunify.intake.policy import Lane
from reunify.intake.records import RequestRecord
from reunify.kernel.ids import AwardId, RequestId, StaffId
from reunify.kernel.people import Role, Staff
from reunify.vault.records import FamilyKey

MOST = 200


@dataclass(frozen=True, slots=True)
class ToDo:
    """Of one award: how many lines are still to be booked; and the soonest last moment to cancel without
    cost, where somebody must answer it within a day."""

    award_id: AwardId
    award_reference: str
    request_id: RequestId
    reference: str
    handled_by: StaffId
    is_emergency: bool
    released_at: datetime
    to_book: int
    cancel_by: datetime | None


def to_do(session: Session, *, me: Staff, now: datetime) -> list[ToDo]:
    """Of the cases this person has, covers or leads: alarms first, then emergencies, then the oldest."""
    r, w, b = RequestRecord, AwardRecord, BookingRecord
    ways: list[sa.ColumnElement[bool]] = []
    if Role.CASE_MANAGER in me.roles:
        ways.append(r.handled_by.in_({me.id, *me.covers}))
    if Role.SUPERVISOR in me.roles:
        ways.append(r.team.in_(me.supervises))
    if not ways:
        return []
    erased = sa.exists().where(FamilyKey.keeper == r.id, FamilyKey.destroyed_at.is_not(None))
    to_book = sa.func.count().filter(b.state.in_(policy.OPEN))
    cancel_by = sa.func.min(b.cancel_by).filter(_rings(now))
    rows = session.execute(
        sa.select(
            w.id, w.reference.label("award"), w.request_id, r.reference, r.handled_by, r.lane, w.released_at,
            to_book.label("to_book"), cancel_by.label("cancel_by"),
        )
        .join(w, w.id == b.award_id)
        .join(r, r.id == w.request_id)
        .where(w.state == "released", sa.or_(*ways), ~erased, ~quiet_of(w.request_id))
        .group_by(w.id, r.id)
        .having(sa.or_(to_book > 0, cancel_by.is_not(None)))
        .order_by(cancel_by.nulls_last(), r.lane != Lane.EMERGENCY, w.released_at, w.id)
        .limit(MOST)
    )  # fmt: skip
    return [
        ToDo(
            AwardId(row.id),
            row.award,
            RequestId(row.request_id),
            row.reference,
            StaffId(row.handled_by),
            row.lane == Lane.EMERGENCY,
            row.released_at,
            row.to_book,
            row.cancel_by,
        )
        for row in rows
    ]


def _rings(now: datetime) -> sa.ColumnElement[bool]:
    """`bookings.policy.alarms`, in SQL."""
    b = BookingRecord
    decidable = sa.and_(b.state.in_(("ticketed", "changed")), b.cancel_by > now)
    return sa.and_(
        b.cancel_by <= now + policy.ALARM_AHEAD,
        b.kept_at.is_(None),
        sa.or_(b.state.in_(("held", "booked")), decidable),
    )
