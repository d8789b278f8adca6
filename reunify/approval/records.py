"""What is true: awards and refusals. Dual control is said again here, where a bug in Python cannot reach."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from reunify.approval import policy
from reunify.db import Base
from reunify.kernel.ids import new_id
from reunify.vault.columns import sealed_json, sealed_text


def _known(moves: Any) -> str:
    return "state IN (" + ", ".join(f"'{s}'" for s in moves.states) + ")"


def _no_author(verb: str) -> str:
    """Neither the person nor anyone they stood for wrote any version of the request."""
    return f"{verb}_by IS NULL OR NOT (authors || requested_by || submitted_by) && ({verb}_for || {verb}_by)"


def _people() -> Mapped[list[UUID]]:
    return mapped_column(ARRAY(sa.Uuid()), server_default="{}", default=list)


class AwardRecord(Base):
    """A proposed split that people agree to. Who asked and who last answered are copied with their keys.

    `authors`: everyone who wrote any version, and whom they stood for. `approved_for`, `released_for`: whom
    that person stood for then. A trigger (migration 0003) refuses a copy that leaves somebody out.
    `enveloped`: every cent was drawn from open envelopes. One person may then do both, on call and in time,
    and a third reviews it; triggers (migration 0023) refuse anything else.
    """

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
        sa.CheckConstraint(_no_author("approved"), name="author_never_approves"),
        sa.CheckConstraint(_no_author("released"), name="author_never_releases"),
        sa.CheckConstraint("approved_by IS NOT NULL OR approved_for = '{}'", name="approved_for_someone"),
        sa.CheckConstraint("released_by IS NOT NULL OR released_for = '{}'", name="released_for_someone"),
        sa.CheckConstraint(
            "released_by IS NULL OR ceiling_cents <= small_limit_cents OR enveloped "
            "OR NOT (approved_for || approved_by) && (released_for || released_by)",
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
    authors: Mapped[list[UUID]] = _people()
    state: Mapped[str] = mapped_column(index=True)
    ceiling_cents: Mapped[int]
    enveloped: Mapped[bool] = mapped_column(server_default="false", default=False)
    limit_setting_id: Mapped[UUID]
    small_limit_cents: Mapped[int]
    opened_at: Mapped[datetime]
    letter = sealed_json(keeper="request_id", optional=True)
    template_hashes: Mapped[dict[str, Any] | None]
    digest: Mapped[str | None]
    approved_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    approved_at: Mapped[datetime | None]
    approved_for: Mapped[list[UUID]] = _people()
    released_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    released_at: Mapped[datetime | None]
    released_for: Mapped[list[UUID]] = _people()
    closed_reason = sealed_text(keeper="request_id", optional=True)


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
