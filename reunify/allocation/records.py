"""What is true: a split as it was made, with its certificate, and its lines. Both append-only."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.kernel.ids import new_id


class AllocationRecord(Base):
    __tablename__ = "allocations"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), index=True)
    version_id: Mapped[UUID] = mapped_column(sa.ForeignKey("request_versions.id"), unique=True)
    certificate: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class AllocationLineRecord(Base):
    """One line's share of one fund: cents, or units in kind.

    `ceiling` is not to exceed and is what is reserved; `payable` is what is paid as quoted.
    """

    __tablename__ = "allocation_lines"
    __table_args__ = (
        sa.UniqueConstraint("allocation_id", "line_key", "fund_id"),
        sa.CheckConstraint("ceiling > 0", name="ceiling_positive"),
        sa.CheckConstraint("payable BETWEEN 0 AND ceiling", name="payable_within_ceiling"),
        sa.CheckConstraint("basis <> ''", name="allocability_recorded"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    allocation_id: Mapped[UUID] = mapped_column(sa.ForeignKey("allocations.id"), index=True)
    line_key: Mapped[str]
    fund_id: Mapped[UUID] = mapped_column(sa.ForeignKey("funding_sources.id"))
    budget_category: Mapped[str]
    category: Mapped[str]
    settlement: Mapped[str]
    payee_key: Mapped[str]
    unit: Mapped[str]
    ceiling: Mapped[int]
    payable: Mapped[int]
    hold_id: Mapped[UUID] = mapped_column(sa.ForeignKey("ledger_holds.id"), unique=True)
    basis: Mapped[str]  # allocability: why this cost may be charged to this award (2 CFR 200.405)
