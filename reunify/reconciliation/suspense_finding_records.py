"""What is true: that a person found no booking behind what was taken, and another let us bear it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base, among
from reunify.kernel.ids import new_id
from reunify.reconciliation.suspense_finding_policy import FINDING
from reunify.vault.columns import sealed_text


class SuspenseFinding(Base):
    """One for each item at most. `*_for`: whom the person stood in for."""

    __tablename__ = "suspense_findings"
    __table_args__ = (
        sa.UniqueConstraint("item_id"),
        sa.CheckConstraint(among("state", FINDING.states), name="state_known"),
        sa.CheckConstraint(
            "num_nonnulls(bearer, borne_at) = CASE state WHEN 'borne' THEN 2 ELSE 0 END",
            name="bearer_is_whole",
        ),
        sa.CheckConstraint(
            "bearer IS NULL OR NOT (reported_for || reporter) && (borne_for || bearer)",
            name="bearer_is_another",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    item_id: Mapped[UUID] = mapped_column(sa.ForeignKey("suspense_items.id"))
    state: Mapped[str]
    reporter: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    reported_for: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid()), server_default="{}", default=list)
    reported_at: Mapped[datetime]
    why = sealed_text()
    bearer: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    borne_for: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid()), server_default="{}", default=list)
    borne_at: Mapped[datetime | None]
