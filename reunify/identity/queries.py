"""What pages show of people."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.identity.family_records import FamilyLink
from reunify.identity.records import StaffRecord
from reunify.kernel.ids import StaffId
from reunify.kernel.people import Role
from reunify.kernel.refusals import NotFound


def staff_names(session: Session, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Display names by id, in one query."""
    wanted = set(ids)
    if not wanted:
        return {}
    rows = session.execute(sa.select(StaffRecord.id, StaffRecord.name).where(StaffRecord.id.in_(wanted)))
    return {row.id: row.name for row in rows}


def holders(session: Session, role: Role, *, team: str | None = None) -> dict[StaffId, str]:
    """Active people who hold the role, of one team where given: names by id, in order of names."""
    asked = sa.select(StaffRecord.id, StaffRecord.name).where(
        StaffRecord.active, StaffRecord.roles.contains([role.value])
    )
    if team is not None:
        asked = asked.where(StaffRecord.team == team)
    return {StaffId(row.id): row.name for row in session.execute(asked.order_by(StaffRecord.name))}


def has_open_link(session: Session, request_id: UUID) -> bool:
    found = session.scalar(
        sa.select(FamilyLink.id).where(
            FamilyLink.request_id == request_id, FamilyLink.revoked_at.is_(None), FamilyLink.tries_left > 0
        )
    )
    return found is not None


def staff_id(session: Session, username: str) -> StaffId:
    """Raises NotFound."""
    found = session.scalar(sa.select(StaffRecord.id).where(StaffRecord.username == username.casefold()))
    if found is None:
        raise NotFound("There is no such member of staff.")
    return StaffId(found)


def username(session: Session, staff_id: UUID) -> str:
    """Raises NotFound."""
    found = session.scalar(sa.select(StaffRecord.username).where(StaffRecord.id == staff_id))
    if found is None:
        raise NotFound("There is no such member of staff.")
    return found


def active_names(session: Session) -> list[tuple[StaffId, str]]:
    """Everybody who may sign in, by name."""
    rows = session.execute(
        sa.select(StaffRecord.id, StaffRecord.name).where(StaffRecord.active).order_by(StaffRecord.name)
    )
    return [(StaffId(row.id), row.name) for row in rows]
