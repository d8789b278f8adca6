"""Who brought whom into the house lately: for a week the two are not two independent people."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.identity.roster_records import StaffChangeRecord
from reunify.kernel.ids import StaffId

NEWCOMER = timedelta(days=7)
SAID = "One of you two brought the other into the house within the last 7 days. Somebody else must confirm."


def lately(session: Session, one: StaffId, other: StaffId, *, now: datetime) -> bool:
    """True if one of the two added the other, or confirmed that they be added, less than NEWCOMER ago."""
    c = StaffChangeRecord
    pairs = [
        sa.and_(c.staff_id == new, sa.or_(c.made_by == old, c.confirmed_by == old))
        for new, old in ((one, other), (other, one))
    ]
    found = sa.select(c.id).where(c.kind == "add", c.confirmed_at > now - NEWCOMER, sa.or_(*pairs)).limit(1)
    return session.scalar(found) is not None


def by_one_alone(session: Session) -> int:
    """How many accounts one person made alone, while nobody else had ever signed in."""
    c = StaffChangeRecord
    return session.scalar(sa.select(sa.func.count()).where(c.kind == "add", c.alone)) or 0
