"""What is true: requests with their draft, and the frozen versions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.intake import policy
from reunify.kernel.ids import new_id
from reunify.vault.columns import sealed_json

_STATES = ", ".join(f"'{s}'" for s in policy.MOVES.states)
_LANES = ", ".join(f"'{lane.value}'" for lane in policy.Lane)


class RequestRecord(Base):
    """One family's request. `requested_by` never changes: whoever asks never approves.

    `handled_by` and `team` say whose case it is now: a supervisor may hand it to a colleague.
    """

    __tablename__ = "requests"
    __table_args__ = (
        sa.UniqueConstraint("id", "requested_by"),
        sa.CheckConstraint(f"state IN ({_STATES})", name="state_known"),
        sa.CheckConstraint(f"lane IN ({_LANES})", name="lane_known"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    reference: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str]
    requested_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"), index=True)
    handled_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"), index=True)
    team: Mapped[str | None] = mapped_column(index=True)
    child_person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    draft = sealed_json(keeper="id")
    draft_revision: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(index=True)
    changed_at: Mapped[datetime]
    lane: Mapped[str] = mapped_column(
        server_default=policy.Lane.ORDINARY.value, default=policy.Lane.ORDINARY.value
    )


class VersionRecord(Base):
    """A frozen version. Append-only."""

    __tablename__ = "request_versions"
    __table_args__ = (
        sa.UniqueConstraint("request_id", "number"),
        sa.UniqueConstraint("id", "submitted_by"),
        sa.CheckConstraint("number >= 1", name="numbered_from_one"),
        sa.CheckConstraint("kind IN ('submission', 'answer', 'check_again')", name="kind_known"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), index=True)
    number: Mapped[int]
    kind: Mapped[str]
    content = sealed_json(keeper="request_id")
    content_hash: Mapped[str]
    submitted_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    submitted_at: Mapped[datetime]
