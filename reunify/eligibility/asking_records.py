"""What is true: what funders were asked for a family, under which consents, and what they decided.

Amounts and links are append-only; an ask and a decision change only their state, and a decision with it who
confirmed or struck it. Triggers (migration 0016) refuse any other change, and amounts nobody decided.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base, among
from reunify.eligibility.asking_policy import ASK_MOVES, DECISION_MOVES, Decided, How
from reunify.kernel.ids import new_id
from reunify.ledger.policy import BudgetCategory, Unit
from reunify.vault.columns import sealed_text


def _people() -> Mapped[list[UUID]]:
    return mapped_column(ARRAY(sa.Uuid()), server_default="{}", default=list)


class FunderAsk(Base):
    """One request for money, to one funder, for one family. `number`: the version it was asked about.

    Days are in the open, so that a list can say what is late without unsealing a case.
    """

    __tablename__ = "funder_asks"
    __table_args__ = (
        sa.CheckConstraint(among("how", How), name="how_known"),
        sa.CheckConstraint(among("unit", Unit), name="unit_known"),
        sa.CheckConstraint(among("state", ASK_MOVES.states), name="state_known"),
        sa.CheckConstraint("answer_due >= asked_on", name="due_after_asked"),
        sa.UniqueConstraint("id", "request_id"),
        sa.Index(
            "uq_funder_asks_open",
            "request_id",
            "fund_id",
            unique=True,
            postgresql_where=sa.text("state = 'open'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), index=True)
    number: Mapped[int]
    fund_id: Mapped[UUID] = mapped_column(sa.ForeignKey("funding_sources.id"))
    source: Mapped[str]
    unit: Mapped[str]
    asked_on: Mapped[date]
    how: Mapped[str]
    reference = sealed_text(keeper="request_id")  # the letter's own number, or where it is kept
    names_family: Mapped[bool]
    departs_on: Mapped[date | None]
    answer_due: Mapped[date]
    state: Mapped[str]
    asked_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    recorded_at: Mapped[datetime]


class FunderAskLine(Base):
    """How much of one cost line was asked for. Append-only."""

    __tablename__ = "funder_ask_lines"
    __table_args__ = (
        sa.CheckConstraint(among("budget_category", BudgetCategory), name="budget_category_known"),
        sa.CheckConstraint("amount > 0", name="amount_positive"),
    )

    ask_id: Mapped[UUID] = mapped_column(sa.ForeignKey("funder_asks.id"), primary_key=True)
    line_key: Mapped[str] = mapped_column(primary_key=True)
    budget_category: Mapped[str]
    amount: Mapped[int]


class FunderAskConsent(Base):
    """Under which consent the funder was told something, and until when it stood then. Append-only."""

    __tablename__ = "funder_ask_consents"

    ask_id: Mapped[UUID] = mapped_column(sa.ForeignKey("funder_asks.id"), primary_key=True)
    consent_ask_id: Mapped[UUID] = mapped_column(sa.ForeignKey("consent_asks.id"), primary_key=True)
    until: Mapped[datetime]


class FunderDecision(Base):
    """What the funder said, in all, from its day on; the next one takes its place.

    `recorded_by` is empty only where a flow took back what an ended request did not use. `recorded_for`,
    `confirmed_for`: whom that person stood in for; they count as one person.
    """

    __tablename__ = "funder_decisions"
    __table_args__ = (
        sa.UniqueConstraint("ask_id", "number"),
        sa.ForeignKeyConstraint(["ask_id", "request_id"], ["funder_asks.id", "funder_asks.request_id"]),
        sa.CheckConstraint(among("decided", Decided), name="decided_known"),
        sa.CheckConstraint(among("state", DECISION_MOVES.states), name="state_known"),
        sa.CheckConstraint("number >= 1", name="numbered_from_one"),
        sa.CheckConstraint("(recorded_by IS NULL) = (decided = 'closed')", name="recorded_by_a_person"),
        sa.CheckConstraint(
            "confirmed_by IS NULL OR NOT (recorded_for || recorded_by) && (confirmed_for || confirmed_by)",
            name="two_people",
        ),
        sa.CheckConstraint("recorded_by IS NOT NULL OR recorded_for = '{}'", name="recorded_for_someone"),
        sa.CheckConstraint("confirmed_by IS NOT NULL OR confirmed_for = '{}'", name="confirmed_for_someone"),
        sa.CheckConstraint("(confirmed_by IS NULL) = (confirmed_at IS NULL)", name="confirmed_says_when"),
        sa.CheckConstraint(
            "decided NOT IN ('full', 'partial', 'withdrawn') OR confirmed_by IS NOT NULL "
            "OR state IN ('waiting', 'struck')",
            name="in_force_is_confirmed",
        ),
        sa.CheckConstraint(
            "decided = 'closed' OR evidence_id IS NOT NULL OR reference IS NOT NULL", name="paper_is_named"
        ),
        sa.CheckConstraint(
            "num_nonnulls(struck_by, struck_at, struck_reason) = CASE state WHEN 'struck' THEN 3 ELSE 0 END",
            name="struck_says_why",
        ),
        sa.Index(
            "uq_funder_decisions_in_force",
            "ask_id",
            unique=True,
            postgresql_where=sa.text("state = 'in_force'"),
        ),
        sa.Index(
            "uq_funder_decisions_waiting",
            "ask_id",
            unique=True,
            postgresql_where=sa.text("state = 'waiting'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    ask_id: Mapped[UUID]
    request_id: Mapped[UUID] = mapped_column(index=True)
    number: Mapped[int]
    decided: Mapped[str]
    decided_on: Mapped[date]
    conditions = sealed_text(keeper="request_id", optional=True)
    evidence_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("evidence.id"))
    reference = sealed_text(keeper="request_id", optional=True)
    state: Mapped[str]
    recorded_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    recorded_for: Mapped[list[UUID]] = _people()
    recorded_at: Mapped[datetime]
    confirmed_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    confirmed_for: Mapped[list[UUID]] = _people()
    confirmed_at: Mapped[datetime | None]
    struck_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    struck_at: Mapped[datetime | None]
    struck_reason = sealed_text(keeper="request_id", optional=True)


class FunderDecisionAmount(Base):
    """What the decision grants in one budget category, in all. Append-only."""

    __tablename__ = "funder_decision_amounts"
    __table_args__ = (
        sa.CheckConstraint(among("budget_category", BudgetCategory), name="budget_category_known"),
        sa.CheckConstraint("amount > 0", name="amount_positive"),
    )

    decision_id: Mapped[UUID] = mapped_column(sa.ForeignKey("funder_decisions.id"), primary_key=True)
    budget_category: Mapped[str] = mapped_column(primary_key=True)
    amount: Mapped[int]
