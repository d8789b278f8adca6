"""What is true: instructions, their lines, attempts with frozen parameters."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.disbursement import policy
from reunify.kernel.ids import new_id
from reunify.kernel.moves import Moves


def state_known(moves: Moves) -> sa.CheckConstraint:
    listed = ", ".join(f"'{state}'" for state in moves.states)
    return sa.CheckConstraint(f"state IN ({listed})", name="state_known")


def _in(states: tuple[str, ...]) -> str:
    return "(" + ", ".join(f"'{state}'" for state in states) + ")"


class InstructionRecord(Base):
    """Pay this payee this much of this award. `amount`: whole cents, or whole units (`night`, `mile`)."""

    __tablename__ = "instructions"
    __table_args__ = (
        state_known(policy.INSTRUCTION),
        sa.CheckConstraint("rail IN ('global_payout', 'travel_card', 'logged')", name="rail_known"),
        sa.CheckConstraint("amount > 0", name="amount_positive"),
        sa.CheckConstraint("rail = 'logged' OR unit = 'cents'", name="payout_is_money"),
        sa.Index(
            "uq_instructions_one_live",
            "award_id",
            "payee_id",
            "rail",
            "unit",
            "moved_from_payout",
            unique=True,
            postgresql_where=sa.text(f"state NOT IN {_in(policy.ENDED)} AND booking_id IS NULL"),
        ),
        sa.Index(
            "uq_instructions_one_live_of_a_ticket",
            "booking_id",
            "booking_ticket",
            unique=True,
            postgresql_where=sa.text(f"state NOT IN {_in(policy.ENDED)} AND booking_id IS NOT NULL"),
        ),
        sa.CheckConstraint("(booking_id IS NULL) = (booking_ticket IS NULL)", name="ticket_paired"),
        sa.Index("ix_instructions_state", "state"),
        sa.Index("ix_instructions_trouble", "trouble", postgresql_where=sa.text("trouble IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    award_id: Mapped[UUID] = mapped_column(sa.ForeignKey("awards.id"))
    award_digest: Mapped[str]
    booking_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("bookings.id"))
    booking_ticket: Mapped[int | None]  # what is changed and ticketed anew is paid anew
    payee_id: Mapped[UUID] = mapped_column(sa.ForeignKey("payees.id"))
    rail: Mapped[str]
    rail_reason: Mapped[str]
    moved_from_payout: Mapped[bool]  # a person chose, or the payee no longer agrees to Stripe
    unit: Mapped[str]
    amount: Mapped[int]
    state: Mapped[str]
    trouble: Mapped[str | None]  # a code, for the person who must decide
    try_after: Mapped[datetime]  # not before, while `ready`
    created_at: Mapped[datetime]


class InstructionLineRecord(Base):
    """Which allocation line, of which fund, this instruction pays. Append-only."""

    __tablename__ = "instruction_lines"
    __table_args__ = (
        sa.UniqueConstraint("instruction_id", "allocation_line_id"),
        sa.CheckConstraint("amount > 0", name="amount_positive"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    instruction_id: Mapped[UUID] = mapped_column(sa.ForeignKey("instructions.id"))
    allocation_line_id: Mapped[UUID] = mapped_column(sa.ForeignKey("allocation_lines.id"), index=True)
    fund_id: Mapped[UUID] = mapped_column(sa.ForeignKey("funding_sources.id"))
    budget_category: Mapped[str]
    settlement: Mapped[str]
    hold_id: Mapped[UUID]
    amount: Mapped[int]
    binds_at_entry: Mapped[bool]  # the release obligated nothing of it: as its day's policy said


class AttemptRecord(Base):
    """One try. Key and parameters are committed before anything is sent and never change."""

    __tablename__ = "attempts"
    __table_args__ = (
        state_known(policy.ATTEMPT),
        sa.UniqueConstraint("instruction_id", "number"),
        sa.CheckConstraint("number >= 1", name="numbered_from_one"),
        sa.Index(
            "uq_attempts_one_open",
            "instruction_id",
            unique=True,
            postgresql_where=sa.text(f"state IN {_in(policy.ALIVE)}"),
        ),
        sa.Index("ix_attempts_state", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    instruction_id: Mapped[UUID] = mapped_column(sa.ForeignKey("instructions.id"))
    number: Mapped[int]
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    params: Mapped[dict[str, Any]]
    state: Mapped[str]
    stripe_id: Mapped[str | None] = mapped_column(unique=True)
    outcome: Mapped[str | None]  # the last code heard
    payout_method: Mapped[str | None]  # the bank account it goes to, by Stripe's id; kept once heard
    first_sent_at: Mapped[datetime]
    calling_since: Mapped[datetime | None]  # set before the call, cleared with its outcome
    tries: Mapped[int]
    try_after: Mapped[datetime]  # while its outcome is not known
    settled_at: Mapped[datetime | None]
