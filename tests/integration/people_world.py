"""People for tests of who may do what."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.identity import actions as identity
from reunify.identity import sessions, staff_changes
from reunify.identity.records import StaffRecord
from reunify.kernel.ids import StaffId
from reunify.kernel.people import Role, Staff, System

NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
FINANCE = (Role.FINANCE_APPROVER, Role.FINANCE_RELEASER)


def hire(
    session: Session, username: str, *roles: Role, team: str | None = None, now: datetime = NOW
) -> Staff:
    """A new person who can sign in with nothing yet."""
    staff_id = identity.add_staff(
        session, username=username, name=username.title(), roles=set(roles), by=System("test"), now=now
    )
    session.get_one(StaffRecord, staff_id).team = team
    return standing(session, staff_id, now)


def standing(session: Session, staff_id: StaffId, now: datetime = NOW) -> Staff:
    """The person as their next request would find them."""
    record = session.get_one(StaffRecord, staff_id, populate_existing=True)
    return sessions.acting(session, record, proved_at=now, now=now)


def begun(session: Session, username: str, *roles: Role, now: datetime = NOW) -> Staff:
    """A new person who has signed in before, and so can be asked to confirm."""
    who = hire(session, username, *roles, now=now)
    session.get_one(StaffRecord, who.id).enrolled_at = now
    return who


def agreed(session: Session, now: datetime = NOW) -> list[str | None]:
    """Another administrator, Inez, confirms all that waits; the one-time codes she is shown."""
    inez = session.scalar(sa.select(StaffRecord.id).where(StaffRecord.username == "inez"))
    if inez is None:
        inez = begun(session, "inez", Role.ADMINISTRATOR, now=now).id
    by = standing(session, StaffId(inez), now)
    waiting = staff_changes.waiting(session, by=by, now=now)
    return [staff_changes.confirm(session, change_id=w.id, by=by, now=now).code for w in waiting]
