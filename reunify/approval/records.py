"""What is true: awards and refusals. Dual control is said again here, where a bug in Python cannot reach."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.approval import policy
from reunify.db import Base
from reunify.kernel.ids import new_id
from reunify.vault.columns import SealedJson, SealedText


def _known(moves: Any) -> str:
    return "state IN (" + ", ".join(f"'{s}'" for s in moves.states) + ")"


class AwardRecord(Base):
    """A proposed split that people agree to. Who asked and who last answered are copied with their keys."""

    __tablename__ = "awards"
    __table_args__ = (
        sa.ForeignKeyConstraint(["request_id", "requested_by"], ["requests.id", "requests.requested_by"]),
        sa.ForeignKeyConstraint(
            ["version_id", "submitted_by"], ["request_versions.id", "request_versions.submitted_by"]
        ),
        sa.ForeignKeyConstraint(
            ["limit_setting_id", "small_limit_cents"],
            ["organisation_settings.id", "organisation_settings.cents"],
        ),
        sa.CheckConstraint(_known(policy.AWARD_MOVES), name="state_known"),
        sa.CheckConstraint("ceiling_cents >= 0", name="ceiling_not_negative"),
        sa.CheckConstraint(
            "approved_by IS NULL OR (approved_by <> requested_by AND approved_by <> submitted_by)",
            name="author_never_approves",
        ),
        sa.CheckConstraint(
            "released_by IS NULL OR (released_by <> requested_by AND released_by <> submitted_by)",
            name="author_never_releases",
        ),
        sa.CheckConstraint(
            "released_by IS NULL OR released_by <> approved_by OR ceiling_cents <= small_limit_cents",
            name="two_finance_people_above_limit",
        ),
        sa.CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name="approval_paired"),
        sa.CheckConstraint("(approved_by IS NULL) = (digest IS NULL)", name="approval_has_digest"),
        sa.CheckConstraint("(released_by IS NULL) = (released_at IS NULL)", name="release_paired"),
        sa.CheckConstraint("state <> 'released' OR released_by IS NOT NULL", name="released_by_someone"),
        sa.CheckConstraint("released_by IS NULL OR approved_by IS NOT NULL", name="approved_before_released"),
        sa.Index(
            "uq_awards_one_live",
            "request_id",
            unique=True,
            postgresql_where=sa.text("state IN ('awaiting_approval', 'approved', 'released')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    reference: Mapped[str] = mapped_column(unique=True)
    request_id: Mapped[UUID] = mapped_column(index=True)
    version_id: Mapped[UUID]
    version_number: Mapped[int]
    allocation_id: Mapped[UUID] = mapped_column(sa.ForeignKey("allocations.id"), unique=True)
    requested_by: Mapped[UUID]
    submitted_by: Mapped[UUID]
    state: Mapped[str] = mapped_column(index=True)
    ceiling_cents: Mapped[int]
    limit_setting_id: Mapped[UUID]
    small_limit_cents: Mapped[int]
    opened_at: Mapped[datetime]
    letter: Mapped[Any | None] = mapped_column(SealedJson("awards.letter"))
    template_hashes: Mapped[dict[str, Any] | None]
    digest: Mapped[str | None]
    approved_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    approved_at: Mapped[datetime | None]
    released_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    released_at: Mapped[datetime | None]
    closed_reason: Mapped[str | None] = mapped_column(SealedText("awards.closed_reason"))


class RefusalRecord(Base):
    """No source can help. It becomes a letter only when a named person confirms it."""

    __tablename__ = "refusals"
    __table_args__ = (
        sa.CheckConstraint(_known(policy.REFUSAL_MOVES), name="state_known"),
        sa.CheckConstraint("(confirmed_by IS NULL) = (confirmed_at IS NULL)", name="confirmation_paired"),
        sa.CheckConstraint("(state = 'confirmed') = (confirmed_by IS NOT NULL)", name="confirmed_by_someone"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), index=True)
    version_id: Mapped[UUID] = mapped_column(sa.ForeignKey("request_versions.id"), unique=True)
    version_number: Mapped[int]
    state: Mapped[str] = mapped_column(index=True)
    proposed_at: Mapped[datetime]
    confirmed_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    confirmed_at: Mapped[datetime | None]
