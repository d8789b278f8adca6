"""What is true: costs asked to be moved, and money that came back from elsewhere, each with its two people.

A row keeps what was asked for; only its state moves, and with it who ended it. A trigger (migration 0017)
refuses any other change, and any change of a row that has ended.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from reunify.closeout.policy import CLOCK, TRANSFER_MOVES, Reason
from reunify.closeout.recovery_policy import RECOVERY_MOVES
from reunify.db import Base, among
from reunify.kernel.ids import new_id
from reunify.ledger.policy import BudgetCategory, Cash
from reunify.vault.columns import sealed_text


def _people() -> Mapped[list[UUID]]:
    return mapped_column(ARRAY(sa.Uuid()), server_default="{}", default=list)


def _other_person(first: str, second: str) -> str:
    """Neither the second person nor anyone they stood for is the first, or one whom that one stood for."""
    return f"{second}_by IS NULL OR NOT ({first}_for || {first}_by) && ({second}_for || {second}_by)"


class CostTransferRecord(Base):
    """So many cents of what a hold has expended are to be borne by another fund or category.

    `posted_on`: the day the cost was posted, from which the clock runs. `incurred_on`: its own day, when it
    was obligated. `basis`: by which rule the new fund may bear it; else the confirming person's `finding`.
    """

    __tablename__ = "cost_transfers"
    __table_args__ = (
        sa.CheckConstraint(among("state", TRANSFER_MOVES.states), name="state_known"),
        sa.CheckConstraint(among("reason", Reason), name="reason_known"),
        sa.CheckConstraint(among("from_category", BudgetCategory), name="from_category_known"),
        sa.CheckConstraint(among("to_category", BudgetCategory), name="to_category_known"),
        sa.CheckConstraint("amount > 0", name="amount_positive"),
        sa.CheckConstraint("(from_fund, from_category) <> (to_fund, to_category)", name="moves_somewhere"),
        sa.CheckConstraint(
            f"(reason = '{Reason.CATEGORY}') = (from_fund = to_fund)", name="category_within_a_fund"
        ),
        sa.CheckConstraint(_other_person("asked", "confirmed"), name="another_confirms"),
        sa.CheckConstraint("confirmed_by IS NOT NULL OR confirmed_for = '{}'", name="confirmed_for_someone"),
        sa.CheckConstraint(
            "num_nonnulls(confirmed_by, confirmed_at, confirmed_on, event_id, to_hold) "
            "= CASE state WHEN 'confirmed' THEN 5 ELSE 0 END",
            name="confirmed_by_someone",
        ),
        sa.CheckConstraint(
            "num_nonnulls(closed_by, closed_at, closed_reason) "
            "= CASE WHEN state IN ('turned_down', 'withdrawn') THEN 3 ELSE 0 END",
            name="closed_says_why",
        ),
        sa.CheckConstraint(
            f"coalesce(confirmed_on, asked_on) - posted_on <= {CLOCK.days} "
            "OR num_nonnulls(why_charged, why_belongs, why_late) = 3",
            name="lateness_explained",
        ),
        sa.CheckConstraint("asked_on >= posted_on AND confirmed_on >= asked_on", name="days_in_order"),
        sa.CheckConstraint(
            "state <> 'confirmed' OR num_nonnulls(basis, finding) > 0", name="allocability_recorded"
        ),
        sa.Index("ix_cost_transfers_asked", "asked_at", postgresql_where=sa.text("state = 'asked'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), index=True)
    line_id: Mapped[UUID] = mapped_column(sa.ForeignKey("allocation_lines.id"))
    from_hold: Mapped[UUID] = mapped_column(sa.ForeignKey("ledger_holds.id"))
    from_fund: Mapped[UUID] = mapped_column(sa.ForeignKey("funding_sources.id"))
    from_category: Mapped[str]
    to_fund: Mapped[UUID] = mapped_column(sa.ForeignKey("funding_sources.id"))
    to_category: Mapped[str]
    amount: Mapped[int]
    reason: Mapped[str]
    justification = sealed_text(keeper="request_id")
    why_charged = sealed_text(keeper="request_id", optional=True)
    why_belongs = sealed_text(keeper="request_id", optional=True)
    why_late = sealed_text(keeper="request_id", optional=True)
    posted_on: Mapped[date]
    incurred_on: Mapped[date]
    basis: Mapped[str | None]
    finding = sealed_text(keeper="request_id", optional=True)
    state: Mapped[str]
    asked_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    asked_for: Mapped[list[UUID]] = _people()
    asked_at: Mapped[datetime]
    asked_on: Mapped[date]
    confirmed_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    confirmed_for: Mapped[list[UUID]] = _people()
    confirmed_at: Mapped[datetime | None]
    confirmed_on: Mapped[date | None]
    event_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("ledger_events.id"), unique=True)
    to_hold: Mapped[UUID | None] = mapped_column(sa.ForeignKey("ledger_holds.id"), unique=True)
    closed_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    closed_at: Mapped[datetime | None]
    closed_reason = sealed_text(keeper="request_id", optional=True)


class CostRecoveryRecord(Base):
    """A source elsewhere paid back what a line had cost. `happened_on`: when the bank had the money."""

    __tablename__ = "cost_recoveries"
    __table_args__ = (
        sa.CheckConstraint(among("state", RECOVERY_MOVES.states), name="state_known"),
        sa.CheckConstraint(among("cash", Cash), name="cash_known"),
        sa.CheckConstraint("amount > 0", name="amount_positive"),
        sa.CheckConstraint("happened_on <= recorded_on", name="happened_before_recorded"),
        sa.CheckConstraint(_other_person("recorded", "verified"), name="another_verifies"),
        sa.CheckConstraint("verified_by IS NOT NULL OR verified_for = '{}'", name="verified_for_someone"),
        sa.CheckConstraint(
            "num_nonnulls(verified_by, verified_at, event_id) = CASE state WHEN 'verified' THEN 3 ELSE 0 END",
            name="verified_by_someone",
        ),
        sa.CheckConstraint(
            "num_nonnulls(struck_by, struck_at, struck_reason) = CASE state WHEN 'struck' THEN 3 ELSE 0 END",
            name="struck_says_why",
        ),
        sa.Index(
            "ix_cost_recoveries_recorded", "recorded_at", postgresql_where=sa.text("state = 'recorded'")
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), index=True)
    line_id: Mapped[UUID] = mapped_column(sa.ForeignKey("allocation_lines.id"))
    hold_id: Mapped[UUID] = mapped_column(sa.ForeignKey("ledger_holds.id"), index=True)  # the line's own
    source_fund: Mapped[UUID] = mapped_column(sa.ForeignKey("funding_sources.id"))
    amount: Mapped[int]
    cash: Mapped[str]
    happened_on: Mapped[date]
    bank_reference = sealed_text(keeper="request_id")
    evidence = sealed_text(keeper="request_id")
    state: Mapped[str]
    recorded_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    recorded_for: Mapped[list[UUID]] = _people()
    recorded_at: Mapped[datetime]
    recorded_on: Mapped[date]
    verified_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    verified_for: Mapped[list[UUID]] = _people()
    verified_at: Mapped[datetime | None]
    event_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("ledger_events.id"), unique=True)
    struck_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    struck_at: Mapped[datetime | None]
    struck_reason = sealed_text(keeper="request_id", optional=True)
