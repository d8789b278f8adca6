"""What is true: the sources, and everything dated about each (append-only; nothing is changed in place)."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base, among
from reunify.funds.policy import FUND_MOVES, FundKind, Release
from reunify.funds.setting_policy import LIMIT_SCOPES
from reunify.kernel.ids import new_id
from reunify.ledger.policy import BudgetCategory, Cash, Unit


class FundingSource(Base):
    """A grant, a partner's gift, or somebody else who pays. `organisation_set`: our own rules, no award.

    The period and the liquidation date are those of the newest `fund_periods` row.
    """

    __tablename__ = "funding_sources"
    __table_args__ = (
        sa.CheckConstraint(among("kind", FundKind), name="kind_known"),
        sa.CheckConstraint(among("unit", Unit), name="unit_known"),
        sa.CheckConstraint(among("state", FUND_MOVES.states), name="state_known"),
        sa.CheckConstraint("period_end >= period_start", name="period_in_order"),
        sa.CheckConstraint("NOT organisation_set OR award_number IS NULL", name="own_rules_no_award"),
        sa.CheckConstraint("liquidation_date >= period_end", name="liquidation_after_period"),
        sa.CheckConstraint("liquidation_date IS NULL OR period_end IS NOT NULL", name="liquidation_of_end"),
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
    liquidation_date: Mapped[date | None]


class FundPeriod(Base):
    """Until when a source may be obligated and paid, as set or extended by the funder. Append-only."""

    __tablename__ = "fund_periods"
    __table_args__ = (
        sa.UniqueConstraint("fund_id", "number"),
        sa.CheckConstraint("liquidation_date >= period_end", name="liquidation_after_period"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    fund_id: Mapped[UUID] = mapped_column(sa.ForeignKey("funding_sources.id"))
    number: Mapped[int]
    period_end: Mapped[date | None]
    liquidation_date: Mapped[date | None]
    document: Mapped[str]  # the funder's paper that says so; empty for the first
    reason: Mapped[str]
    set_by: Mapped[str]
    at: Mapped[datetime]


class FundAmount(Base):
    """From this day this much is authorized in this category, in all. Append-only.

    Of the rows whose day has come, the one with the latest day counts; of one day, the newest.
    """

    __tablename__ = "fund_amounts"
    __table_args__ = (
        sa.UniqueConstraint("fund_id", "budget_category", "number"),
        sa.CheckConstraint(among("budget_category", BudgetCategory), name="budget_category_known"),
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
    """The most one trip, family or child may use of a source, or how often one child. Append-only.

    `budget_category` empty: of all of them together. `lifetime` counts a child's trips, not cents.
    """

    __tablename__ = "fund_limits"
    __table_args__ = (
        sa.CheckConstraint(among("scope", LIMIT_SCOPES), name="scope_known"),
        sa.CheckConstraint(among("budget_category", ("", *BudgetCategory)), name="budget_category_known"),
        sa.CheckConstraint("scope <> 'lifetime' OR budget_category = ''", name="uses_of_all_categories"),
        sa.CheckConstraint("at_most > 0", name="at_most_positive"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    fund_id: Mapped[UUID] = mapped_column(sa.ForeignKey("funding_sources.id"), index=True)
    scope: Mapped[str]
    at_most: Mapped[int]
    effective_from: Mapped[date]
    set_by: Mapped[str]
    at: Mapped[datetime]
    budget_category: Mapped[str] = mapped_column(server_default="")


class FundTerms(Base):
    """How a source is given out, from a day on. Append-only; the newest row whose day has come counts."""

    __tablename__ = "fund_terms"
    __table_args__ = (
        sa.UniqueConstraint("fund_id", "number"),
        sa.CheckConstraint(among("release", Release), name="release_known"),
        sa.CheckConstraint("CASE release WHEN 'paced' THEN tranches > 1 ELSE tranches = 1 END", name="paces"),
        sa.CheckConstraint("minimum_slice >= 0 AND minimum_grant >= 0", name="least_not_negative"),
        sa.CheckConstraint("match_percent BETWEEN 0 AND 1000", name="match_in_range"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    fund_id: Mapped[UUID] = mapped_column(sa.ForeignKey("funding_sources.id"))
    number: Mapped[int]
    release: Mapped[str]
    tranches: Mapped[int]
    soonest_first: Mapped[bool]
    minimum_slice: Mapped[int]
    minimum_grant: Mapped[int]
    match_percent: Mapped[int]
    effective_from: Mapped[date]
    document: Mapped[str]
    reason: Mapped[str]
    set_by: Mapped[str]
    at: Mapped[datetime]


class FundCondition(Base):
    """Without the funder's approval nothing of this category is charged. Append-only; a lift ends it."""

    __tablename__ = "fund_conditions"
    __table_args__ = (
        sa.UniqueConstraint("fund_id", "number"),
        sa.CheckConstraint(among("budget_category", BudgetCategory), name="budget_category_known"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    fund_id: Mapped[UUID] = mapped_column(sa.ForeignKey("funding_sources.id"))
    number: Mapped[int]
    budget_category: Mapped[str | None]  # None: of the whole source
    text: Mapped[str]
    cite: Mapped[str]
    effective_from: Mapped[date]
    set_by: Mapped[str]
    at: Mapped[datetime]


class FundConditionLift(Base):
    """The funder's approval that lifts a condition, from its date on. Append-only."""

    __tablename__ = "fund_condition_lifts"

    condition_id: Mapped[UUID] = mapped_column(sa.ForeignKey("fund_conditions.id"), primary_key=True)
    document: Mapped[str]
    approved_on: Mapped[date]
    reason: Mapped[str]
    set_by: Mapped[str]
    at: Mapped[datetime]


class FundUnitValue(Base):
    """The fair value of one night or mile, in cents: for reports, never in the cash books. Append-only."""

    __tablename__ = "fund_unit_values"
    __table_args__ = (
        sa.UniqueConstraint("fund_id", "number"),
        sa.CheckConstraint("cents > 0", name="cents_positive"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    fund_id: Mapped[UUID] = mapped_column(sa.ForeignKey("funding_sources.id"))
    number: Mapped[int]
    cents: Mapped[int]
    basis: Mapped[str]  # how it was found, such as a published rate (2 CFR 200.306)
    effective_from: Mapped[date]
    set_by: Mapped[str]
    at: Mapped[datetime]


class FundDrawdown(Base):
    """Money the funder sent, under the funder's own reference. The ledger has its event. Append-only."""

    __tablename__ = "fund_drawdowns"
    __table_args__ = (
        sa.UniqueConstraint("fund_id", "reference"),
        sa.CheckConstraint("cents > 0", name="cents_positive"),
        sa.CheckConstraint(among("cash", Cash), name="cash_known"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    fund_id: Mapped[UUID] = mapped_column(sa.ForeignKey("funding_sources.id"))
    reference: Mapped[str]
    cents: Mapped[int]
    cash: Mapped[str]
    received_on: Mapped[date]
    reason: Mapped[str]
    event_id: Mapped[UUID] = mapped_column(sa.ForeignKey("ledger_events.id"), unique=True)
    set_by: Mapped[str]
    at: Mapped[datetime]
