"""People for tests of who may do what."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from reunify.identity import actions as identity
from reunify.identity import sessions
from reunify.identity.records import StaffRecord
from reunify.kernel.ids import StaffId
from reunify.kernel.people import Role, Staff, System

NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
FINANCE = (Role.FINANCE_APPROVER, Role.FINANCE_RELEASER)


def hire(session: Session, username: str, *roles: Role, now: datetime = NOW) -> Staff:
    """A new person who can sign in with nothing yet."""
    staff_id = identity.add_staff(
        session, username=username, name=username.title(), roles=set(roles), by=System("test"), now=now
    )
    return standing(session, staff_id, now)


def standing(session: Session, staff_id: StaffId, now: datetime = NOW) -> Staff:
    """The person as their next request would find them."""
    record = session.get_one(StaffRecord, staff_id, populate_existing=True)
    return sessions.acting(session, record, proved_at=now, now=now)
