"""That a reservation is given up on a day, as whoever has the case was told."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.allocation.records import AllocationWarning


def announced(session: Session, allocation_id: UUID) -> date | None:
    """The day last announced; None where nothing was."""
    told = AllocationWarning
    return session.scalar(sa.select(sa.func.max(told.runs_out_on)).where(told.allocation_id == allocation_id))


def announce(session: Session, allocation_id: UUID, runs_out_on: date, now: datetime) -> None:
    """Once for each reservation and day."""
    session.add(AllocationWarning(allocation_id=allocation_id, runs_out_on=runs_out_on, at=now))
    session.flush()
