"""What is true: legal holds, the organisation's own periods, final reports, plans, and what was erased."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.kernel.ids import new_id
from reunify.kernel.moves import Moves
from reunify.retention import policy
from reunify.vault.columns import sealed_text


def _state_known(moves: Moves) -> sa.CheckConstraint:
    listed = ", ".join(f"'{state}'" for state in moves.states)
    return sa.CheckConstraint(f"state IN ({listed})", name="state_known")


class LegalHold(Base):
    """While it is not lifted, nothing of the request or person is erased."""

    __tablename__ = "legal_holds"
    __table_args__ = (
        _state_known(policy.HOLD_MOVES),
        sa.CheckConstraint("(request_id IS NULL) <> (person_id IS NULL)", name="one_family"),
        sa.CheckConstraint("keeper = COALESCE(request_id, person_id)", name="keeper_is_the_family"),
        sa.CheckConstraint("asked_as IN ('supervisor', 'administrator')", name="asked_as_known"),
        sa.CheckConstraint(
            "(state = 'placed') = (lift_asked_by IS NULL) AND (lift_asked_by IS NULL) = (asked_as IS NULL)",
            name="lift_asked_by_someone",
        ),
        sa.CheckConstraint(
            "(state = 'lifted') = (lifted_by IS NOT NULL) AND (lifted_by IS NULL) = (lifted_at IS NULL)",
            name="lifted_by_someone",
        ),
        sa.CheckConstraint("lifted_by <> lift_asked_by", name="two_people_lift"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("requests.id"), index=True)
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("persons.id"), index=True)
    keeper: Mapped[UUID]  # the request or the person: its words go when the family is erased
    reason = sealed_text(keeper="keeper")
    asked_by = sealed_text(keeper="keeper")
    state: Mapped[str]
    placed_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    placed_at: Mapped[datetime]
    lift_asked_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    asked_as: Mapped[str | None]  # the role the first person asked in; the second holds the other
    lifted_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    lifted_at: Mapped[datetime | None]


class OwnPeriod(Base):
    """The organisation keeps this kind of record so long. Append-only; the newest row counts."""

    __tablename__ = "retention_periods"
    __table_args__ = (
        sa.CheckConstraint("years >= 0 AND days >= 0 AND (years = 0 OR days = 0)", name="years_or_days"),
    )

    number: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    record: Mapped[str]
    years: Mapped[int]
    days: Mapped[int]
    set_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    at: Mapped[datetime]


class FinalReport(Base):
    """When the final report of a fund's award was sent. Append-only; the newest row counts."""

    __tablename__ = "final_reports"

    number: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    fund_id: Mapped[UUID] = mapped_column(sa.ForeignKey("funding_sources.id"), index=True)
    sent_on: Mapped[date]
    set_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    at: Mapped[datetime]


class Plan(Base):
    """What a run may erase, and nothing else. One person plans, another approves, the operator runs it."""

    __tablename__ = "retention_plans"
    __table_args__ = (
        _state_known(policy.PLAN_MOVES),
        sa.CheckConstraint("approved_by <> planned_by", name="planner_never_approves"),
        sa.CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name="approval_paired"),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'done') OR (approved_by IS NOT NULL AND planned_by IS NOT NULL)",
            name="approved_first",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[int] = mapped_column(sa.Identity(always=True), unique=True)
    state: Mapped[str]
    digest: Mapped[str]
    schedule_digest: Mapped[str]
    held: Mapped[int]  # due, but held when it was planned
    planned_by: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("staff.id")
    )  # None: at the command line, nobody yet
    planned_at: Mapped[datetime]
    approved_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    approved_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class PlanItem(Base):
    """One request of a plan. `outcome` is empty until its turn: a run broken off goes on from there."""

    __tablename__ = "retention_items"
    __table_args__ = (
        sa.CheckConstraint("part IN ('case', 'booking_facts', 'identity_papers')", name="part_known"),
        sa.CheckConstraint("outcome IN ('erased', 'held', 'changed', 'erased_before')", name="outcome_known"),
        sa.CheckConstraint("(outcome IS NULL) = (done_at IS NULL)", name="outcome_paired"),
    )

    plan_id: Mapped[UUID] = mapped_column(sa.ForeignKey("retention_plans.id"), primary_key=True)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), primary_key=True)
    part: Mapped[str] = mapped_column(primary_key=True)
    record: Mapped[str]
    reference: Mapped[str]
    due_on: Mapped[date]
    version_number: Mapped[int]
    outcome: Mapped[str | None]
    done_at: Mapped[datetime | None]


class Erasure(Base):
    """The keeper's key is gone since then. Append-only."""

    __tablename__ = "erasures"
    __table_args__ = (
        sa.CheckConstraint(
            "kind IN ('request', 'person', 'booking_facts', 'identity_papers')", name="kind_known"
        ),
    )

    keeper: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    plan_id: Mapped[UUID] = mapped_column(sa.ForeignKey("retention_plans.id"), index=True)
    record: Mapped[str]
    at: Mapped[datetime]
