"""What is true: Word files that ever were or may become a template, their versions, and who decided on each.

All of it append-only: a letter is rendered years later with the file people approved.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base, among
from reunify.documents.fields import KEPT
from reunify.documents.template_policy import STATES
from reunify.kernel.ids import new_id

_PEOPLE = ARRAY(sa.Uuid())
_NOBODY = sa.text("'{}'")


class TemplateFile(Base):
    """The bytes of one Word file, by their SHA-256. It holds no family's words."""

    __tablename__ = "template_files"
    __table_args__ = (
        sa.CheckConstraint("sha256 = encode(sha256(content), 'hex')", name="named_by_its_bytes"),
    )

    sha256: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes]
    kept_at: Mapped[datetime]


class TemplateVersion(Base):
    """The files of one kind that a person brought in together. Version 0 is what a release ships: no row."""

    __tablename__ = "template_versions"
    __table_args__ = (
        sa.UniqueConstraint("kind", "number"),
        sa.CheckConstraint(among("kind", KEPT), name="kind_known"),
        sa.CheckConstraint("number >= 1", name="numbered_from_one"),
        sa.CheckConstraint("length(what_changed) BETWEEN 3 AND 2000", name="says_what_changed"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    number: Mapped[int]
    en_sha256: Mapped[str | None] = mapped_column(sa.ForeignKey("template_files.sha256"))
    es_sha256: Mapped[str | None] = mapped_column(sa.ForeignKey("template_files.sha256"))
    what_changed: Mapped[str]
    proposed_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    proposed_for: Mapped[list[UUID]] = mapped_column(_PEOPLE, server_default=_NOBODY)  # stood in for
    proposed_at: Mapped[datetime]


class TemplateDecision(Base):
    """The end of a version's waiting. Approved, it is in force from that second until a higher number is."""

    __tablename__ = "template_decisions"
    __table_args__ = (
        sa.CheckConstraint(among("state", STATES), name="state_known"),
        sa.CheckConstraint(
            "state <> 'approved' OR NOT (proposed_for || proposed_by) && (decided_for || decided_by)",
            name="approved_by_another",
        ),
        sa.CheckConstraint("state = 'approved' OR length(reason) >= 3", name="no_carries_its_reason"),
    )

    version_id: Mapped[UUID] = mapped_column(sa.ForeignKey("template_versions.id"), primary_key=True)
    state: Mapped[str]
    reason: Mapped[str]
    proposed_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    proposed_for: Mapped[list[UUID]] = mapped_column(_PEOPLE, server_default=_NOBODY)
    decided_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    decided_for: Mapped[list[UUID]] = mapped_column(_PEOPLE, server_default=_NOBODY)
    decided_at: Mapped[datetime]
