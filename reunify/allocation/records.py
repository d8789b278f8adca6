"""What is true: splits as they were made, with their certificates, append-only; those that wait for a later
part of a source; and whose reservation runs out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.kernel.ids import new_id


class AllocationRecord(Base):
    """A version is split again when a later part of a source is released; its newest split counts."""

    __tablename__ = "allocations"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), index=True)
    version_id: Mapped[UUID] = mapped_column(sa.ForeignKey("request_versions.id"), index=True)
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


class EnvelopeHold(Base):
    """What an envelope in force holds of one budget category: an emergency may draw on it, nobody else.

    What the envelope says is copied with its keys. `ended_at`: it was given back, and takes nothing any more.
    """

    __tablename__ = "envelope_holds"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["envelope_id", "fund_id", "per_request_cents", "starts_at", "ends_at"],
            [f"envelopes.{name}" for name in ("id", "fund_id", "per_request_cents", "starts_at", "ends_at")],
        ),
        sa.UniqueConstraint("envelope_id", "budget_category"),
        sa.Index("ix_envelope_holds_open", "hold_id", postgresql_where=sa.text("ended_at IS NULL")),
    )

    hold_id: Mapped[UUID] = mapped_column(sa.ForeignKey("ledger_holds.id"), primary_key=True)
    envelope_id: Mapped[UUID]
    fund_id: Mapped[UUID]
    budget_category: Mapped[str]
    per_request_cents: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class EnvelopeDraw(Base):
    """An award line's hold was filled from an envelope's. `returned`: of it, put back before the release.

    A trigger (migration 0023) refuses a draw of a request outside the emergency lane, over the envelope's
    limit of one request, or outside its time.
    """

    __tablename__ = "envelope_draws"
    __table_args__ = (
        sa.CheckConstraint("amount > 0", name="amount_positive"),
        sa.CheckConstraint("returned BETWEEN 0 AND amount", name="returned_within"),
    )

    hold_id: Mapped[UUID] = mapped_column(sa.ForeignKey("ledger_holds.id"), primary_key=True)
    from_hold: Mapped[UUID] = mapped_column(sa.ForeignKey("envelope_holds.hold_id"), index=True)
    allocation_id: Mapped[UUID] = mapped_column(sa.ForeignKey("allocations.id"), index=True)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), index=True)
    amount: Mapped[int]
    returned: Mapped[int] = mapped_column(server_default="0", default=0)
    at: Mapped[datetime]


class EmptySplitRecord(Base):
    """Nothing could be paid, and why not. Append-only; the newest of a request counts."""

    __tablename__ = "empty_splits"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), index=True)
    version_id: Mapped[UUID] = mapped_column(sa.ForeignKey("request_versions.id"))
    certificate: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class AllocationWait(Base):
    """A version that a later part of a source would pay more of. It is tried again on `next_on`.

    `plan`: what was offered to the sources then, keys and amounts. `departs_on` is kept in the open, as with
    an ask of a funder, so that the order needs nothing unsealed. Once the wait is over all three are empty.
    """

    __tablename__ = "allocation_waits"
    __table_args__ = (
        sa.CheckConstraint("state IN ('waiting', 'over')", name="state_known"),
        sa.Index("ix_allocation_waits_waiting", "next_on", postgresql_where=sa.text("state = 'waiting'")),
    )

    version_id: Mapped[UUID] = mapped_column(sa.ForeignKey("request_versions.id"), primary_key=True)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), index=True)
    state: Mapped[str]
    next_on: Mapped[date]
    departs_on: Mapped[date | None]
    points: Mapped[int | None]
    plan: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class AllocationWarning(Base):
    """Whoever has the case was told that this reservation is given up on `runs_out_on`. Append-only.

    What was kept past that day is announced again; the latest day counts.
    """

    __tablename__ = "allocation_warnings"

    allocation_id: Mapped[UUID] = mapped_column(sa.ForeignKey("allocations.id"), primary_key=True)
    runs_out_on: Mapped[date] = mapped_column(primary_key=True)
    at: Mapped[datetime]
