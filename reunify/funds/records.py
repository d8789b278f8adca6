"""What is true: the sources, and the dated amounts each was authorized (append-only)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.funds.policy import FUND_MOVES, FundKind
from reunify.kernel.ids import new_id
from reunify.ledger.policy import BudgetCategory, Unit


def _among(column: str, values: Iterable[str]) -> str:
    return f"{column} IN (" + ", ".join(f"'{v}'" for v in values) + ")"


class FundingSource(Base):
    """A grant, a partner's gift, or somebody else who pays. `organisation_set`: our own rules, no award."""

    __tablename__ = "funding_sources"
    __table_args__ = (
        sa.CheckConstraint(_among("kind", FundKind), name="kind_known"),
        sa.CheckConstraint(_among("unit", Unit), name="unit_known"),
        sa.CheckConstraint(_among("state", FUND_MOVES.states), name="state_known"),
        sa.CheckConstraint("period_end >= period_start", name="period_in_order"),
        sa.CheckConstraint("NOT organisation_set OR award_number IS NULL", name="own_rules_no_award"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    public_name: Mapped[str]
    kind: Mapped[str]
    unit: Mapped[str]
    award_number: Mapped[str | None]
    assistance_listing: Mapped[str | None]
    period_start: Mapped[date]
    period_end: Mapped[date | None]
    organisation_set: Mapped[bool]
    state: Mapped[str]
    opened_at: Mapped[datetime]


class FundAmount(Base):
    """From this day this much is authorized in this category, in all. Append-only; the newest row counts."""

    __tablename__ = "fund_amounts"
    __table_args__ = (
        sa.UniqueConstraint("fund_id", "budget_category", "number"),
        sa.CheckConstraint(_among("budget_category", BudgetCategory), name="budget_category_known"),
        sa.CheckConstraint("authorized >= 0", name="authorized_not_negative"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    fund_id: Mapped[UUID] = mapped_column(sa.ForeignKey("funding_sources.id"), index=True)
    budget_category: Mapped[str]
    number: Mapped[int]
    authorized: Mapped[int]
    effective_from: Mapped[date]
    reason: Mapped[str]
    set_by: Mapped[str]
    at: Mapped[datetime]


class FundLimit(Base):
    """The most one trip, family or child may use of a source. Append-only; the newest row counts."""

    __tablename__ = "fund_limits"
    __table_args__ = (
        sa.CheckConstraint("scope IN ('trip', 'family', 'child')", name="scope_known"),
        sa.CheckConstraint("at_most > 0", name="at_most_positive"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    fund_id: Mapped[UUID] = mapped_column(sa.ForeignKey("funding_sources.id"), index=True)
    scope: Mapped[str]
    at_most: Mapped[int]
    effective_from: Mapped[date]
    set_by: Mapped[str]
    at: Mapped[datetime]
