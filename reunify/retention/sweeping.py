"""What goes by itself when its time is over: access that ended, failures counted. No family fact is in it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.identity import forgetting
from reunify.kernel.people import System
from reunify.retention.finding import schedule_now
from reunify.retention.schedule import Schedule

BY: Final = System("housekeeping")
# What a sweep is about, in the audit trail: it belongs to no one request.
SWEEP: Final = UUID("5eeb0000-0000-4000-8000-000000000001")


def sweep(session: Session, *, now: datetime) -> dict[str, int]:
    """Rows removed, by kind of record; written to the audit trail if there were any."""
    schedule = schedule_now(session)
    gone = {
        "family_access": forgetting.forget_ended_family_access(
            session, before=_before(schedule, "family_access", now)
        ),
        "staff_sessions": forgetting.forget_ended_staff_sessions(
            session, before=_before(schedule, "staff_sessions", now)
        ),
        "sign_in_failures": forgetting.forget_sign_in_failures(
            session, before=_before(schedule, "sign_in_failures", now)
        ),
    }
    if any(gone.values()):
        audit.record(
            session, by=BY, at=now, subject="retention", subject_id=SWEEP, moved="sweep", detail=dict(gone)
        )
    return gone


def _before(schedule: Schedule, record: str, now: datetime) -> datetime:
    """What ended before this moment has served its time."""
    start = date(2001, 1, 1)
    return now - timedelta(days=(schedule.period(record).after(start) - start).days)
