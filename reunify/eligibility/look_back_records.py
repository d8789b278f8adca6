"""What is true of replays half-way, of the yeses they found, and of families owed a second look."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.eligibility.look_back_policy import LOOK_BACK_MOVES, LookBackOutcome
from reunify.kernel.ids import new_id
from reunify.vault.columns import sealed_text


def _listed(words: Any) -> str:
    return ", ".join(f"'{word}'" for word in words)


class ReplayProgress(Base):
    """How far a running replay has come; the row goes when the report is written.

    `after`: the last request looked at, None at the beginning. `tally`: counts and ids, nothing of a family.
    """

    __tablename__ = "replay_progress"

    replay_id: Mapped[UUID] = mapped_column(sa.ForeignKey("rule_replays.id"), primary_key=True)
    after: Mapped[UUID | None]
    tally: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class ReplayYes(Base):
    """A family whose past answer was no yes and would be one by the replayed version. Append-only."""

    __tablename__ = "replay_yeses"
    __table_args__ = (
        sa.ForeignKeyConstraint(["replay_id", "sha256"], ["rule_replays.id", "rule_replays.sha256"]),
    )

    replay_id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(index=True)
    determination_id: Mapped[UUID] = mapped_column(sa.ForeignKey("determinations.id"))
    number: Mapped[int]
    answer_before: Mapped[str]
    answer_after: Mapped[str]


class LookBack(Base):
    """One family, owed a second look since these rules were approved. `number`: the version answered then.

    The source is known by the version's fingerprint: its name can say what a family went through.
    """

    __tablename__ = "look_backs"
    __table_args__ = (
        sa.UniqueConstraint("request_id", "sha256"),
        sa.CheckConstraint(f"state IN ({_listed(LOOK_BACK_MOVES.states)})", name="state_known"),
        sa.CheckConstraint(f"outcome IN ({_listed(LookBackOutcome)})", name="outcome_known"),
        sa.CheckConstraint(
            "num_nonnulls(outcome, settled_by, settled_at) = CASE state WHEN 'done' THEN 3 ELSE 0 END",
            name="settled_when_done",
        ),
        sa.CheckConstraint("outcome <> 'not_needed' OR reason IS NOT NULL", name="reason_where_not_needed"),
        sa.Index("ix_look_backs_open", "request_id", postgresql_where=sa.text("state = 'open'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"))
    sha256: Mapped[str] = mapped_column(sa.ForeignKey("rule_versions.sha256"))
    determination_id: Mapped[UUID] = mapped_column(sa.ForeignKey("determinations.id"))
    number: Mapped[int]
    answer_before: Mapped[str]
    answer_after: Mapped[str]
    state: Mapped[str]
    owed_since: Mapped[datetime]
    outcome: Mapped[str | None]
    reason = sealed_text(keeper="request_id", optional=True)
    settled_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    settled_at: Mapped[datetime | None]
