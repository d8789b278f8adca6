"""What is true: events with their entries (append-only), and the caches that follow from them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base, among
from reunify.kernel.ids import new_id
from reunify.ledger.policy import BUDGET_ACCOUNTS, Account, Book, BudgetCategory, Kind, Scope, Unit


def _known(*columns: str) -> list[sa.CheckConstraint]:
    values: dict[str, Iterable[str]] = {"unit": Unit, "budget_category": BudgetCategory}
    return [sa.CheckConstraint(among(c, values[c]), name=f"{c}_known") for c in columns]


class LedgerEvent(Base):
    """One business event. The same `external_ref` is never posted twice. Append-only."""

    __tablename__ = "ledger_events"
    __table_args__ = (
        sa.CheckConstraint(among("kind", Kind), name="kind_known"),
        sa.CheckConstraint("happened_on <= day", name="happened_before_posted"),
        sa.CheckConstraint("(kind = 'correct') = (corrects IS NOT NULL)", name="correction_of_an_event"),
        sa.Index("ix_ledger_events_day", "day"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    external_ref: Mapped[str] = mapped_column(unique=True)
    content_hash: Mapped[str]  # what was asked for: tells a repeat from a contradiction
    day: Mapped[date]  # the accounting day, in the organisation's time zone; never in a closed period
    at: Mapped[datetime]
    by: Mapped[str]
    happened_on: Mapped[date]  # the accounting day too, unless it became known later
    corrects: Mapped[UUID | None] = mapped_column(sa.ForeignKey("ledger_events.id"), unique=True)
    fingerprint: Mapped[str]


class LedgerEntry(Base):
    """One line of an event; per event, book, fund and unit they sum to zero. Append-only.

    A deferred trigger, made by the first migration, refuses to commit an event that does not.
    """

    __tablename__ = "ledger_entries"
    __table_args__ = (
        *_known("unit", "budget_category"),
        sa.CheckConstraint(among("book", Book), name="book_known"),
        sa.CheckConstraint(among("account", Account), name="account_known"),
        sa.CheckConstraint("(book = 'units') = (unit <> 'cents')", name="kind_apart_from_cash"),
        sa.CheckConstraint(
            f"(book = 'actual') <> ({among('account', BUDGET_ACCOUNTS)})", name="account_of_book"
        ),
        sa.CheckConstraint("book = 'actual' OR budget_category IS NOT NULL", name="budget_by_category"),
        sa.CheckConstraint("amount <> 0", name="amount_not_zero"),
        sa.Index("ix_ledger_entries_account_fund_id", "account", "fund_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    event_id: Mapped[UUID] = mapped_column(sa.ForeignKey("ledger_events.id"), index=True)
    book: Mapped[str]
    fund_id: Mapped[UUID] = mapped_column(sa.ForeignKey("funding_sources.id"))
    budget_category: Mapped[str | None]
    account: Mapped[str]
    unit: Mapped[str]
    amount: Mapped[int]
    hold_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("ledger_holds.id"), index=True)
    fingerprint: Mapped[str]


class LedgerBalance(Base):
    """A cache of the entries, per fund, budget category and unit. `ledger check` compares."""

    __tablename__ = "ledger_balances"
    __table_args__ = (
        *_known("unit", "budget_category"),
        sa.UniqueConstraint("fund_id", "budget_category", "unit"),
        *(sa.CheckConstraint(f"{a} >= 0", name=f"{a}_not_negative") for a in BUDGET_ACCOUNTS),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    fund_id: Mapped[UUID] = mapped_column(sa.ForeignKey("funding_sources.id"))
    budget_category: Mapped[str]
    unit: Mapped[str]
    authorized: Mapped[int] = mapped_column(server_default="0")
    reserved: Mapped[int] = mapped_column(server_default="0")
    obligated: Mapped[int] = mapped_column(server_default="0")
    expended: Mapped[int] = mapped_column(server_default="0")
    available: Mapped[int] = mapped_column(
        sa.Computed("authorized - reserved - obligated - expended", persisted=True)
    )


class LedgerCap(Base):
    """A counter with a limit, over what the holds linked to it hold, owe and have spent."""

    __tablename__ = "ledger_caps"
    __table_args__ = (
        *_known("unit"),
        sa.UniqueConstraint("fund_id", "scope", "scope_id", "unit", "category"),
        sa.CheckConstraint(among("scope", Scope), name="scope_known"),
        sa.CheckConstraint("used >= 0 AND used <= at_most", name="used_within_limit"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    fund_id: Mapped[UUID] = mapped_column(sa.ForeignKey("funding_sources.id"))
    scope: Mapped[str]
    scope_id: Mapped[str]  # an id or a category, nothing personal
    unit: Mapped[str]
    category: Mapped[str] = mapped_column(server_default="")  # a cost category; empty: all of them together
    at_most: Mapped[int]
    used: Mapped[int] = mapped_column(server_default="0")


_HOLD_STATE = (
    "CASE WHEN reserved > 0 THEN 'reserved' WHEN obligated > 0 THEN 'obligated' "
    "WHEN expended > 0 THEN 'expended' ELSE 'released' END"
)


class LedgerHold(Base):
    """What one award line holds. `ceiling` never changes; the rest is a cache of the entries."""

    __tablename__ = "ledger_holds"
    __table_args__ = (
        *_known("unit", "budget_category"),
        sa.CheckConstraint("ceiling > 0", name="ceiling_positive"),
        sa.CheckConstraint("reserved >= 0 AND obligated >= 0 AND expended >= 0", name="not_negative"),
        sa.CheckConstraint("reserved + obligated + expended <= ceiling", name="within_ceiling"),
        sa.Index("ix_ledger_holds_open", "fund_id", postgresql_where=sa.text("reserved + obligated > 0")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    fund_id: Mapped[UUID] = mapped_column(sa.ForeignKey("funding_sources.id"))
    budget_category: Mapped[str]
    unit: Mapped[str]
    ceiling: Mapped[int]
    reserved: Mapped[int]
    obligated: Mapped[int] = mapped_column(server_default="0")
    expended: Mapped[int] = mapped_column(server_default="0")
    state: Mapped[str] = mapped_column(sa.Computed(_HOLD_STATE, persisted=True))
    use_ref: Mapped[str] = mapped_column(server_default="")  # the trip, where trips are counted


class LedgerHoldCap(Base):
    """Which caps count a hold; a cap of trips counts the hold's `use_ref`. Append-only."""

    __tablename__ = "ledger_hold_caps"

    hold_id: Mapped[UUID] = mapped_column(sa.ForeignKey("ledger_holds.id"), primary_key=True)
    cap_id: Mapped[UUID] = mapped_column(sa.ForeignKey("ledger_caps.id"), primary_key=True, index=True)


class LedgerUse(Base):
    """How much of one trip is live under a cap of trips: while it is above zero, the trip is counted.

    A cache of the holds, as the cap itself is.
    """

    __tablename__ = "ledger_uses"
    __table_args__ = (
        sa.CheckConstraint("live >= 0", name="live_not_negative"),
        sa.CheckConstraint("use_ref <> ''", name="trip_named"),
    )

    cap_id: Mapped[UUID] = mapped_column(sa.ForeignKey("ledger_caps.id"), primary_key=True)
    use_ref: Mapped[str] = mapped_column(primary_key=True)
    live: Mapped[int] = mapped_column(server_default="0")


class LedgerCostMove(Base):
    """So much of what one hold had expended is borne by another, since this event. Append-only."""

    __tablename__ = "ledger_cost_moves"
    __table_args__ = (
        sa.CheckConstraint("amount > 0", name="amount_positive"),
        sa.CheckConstraint("from_hold <> to_hold", name="moves_somewhere"),
    )

    to_hold: Mapped[UUID] = mapped_column(sa.ForeignKey("ledger_holds.id"), primary_key=True)
    from_hold: Mapped[UUID] = mapped_column(sa.ForeignKey("ledger_holds.id"), index=True)
    event_id: Mapped[UUID] = mapped_column(sa.ForeignKey("ledger_events.id"), index=True)
    amount: Mapped[int]


class LedgerPeriod(Base):
    """The books are closed through this day, from the day after the last close on. Append-only.

    `events` and `digest` say what the period held: how many events, and SHA-256 over its days, each SHA-256
    over the fingerprints of its events and their entries in id order. `ledger check` compares.
    """

    __tablename__ = "ledger_periods"
    __table_args__ = (sa.CheckConstraint("reason <> ''", name="reason_given"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    through: Mapped[date] = mapped_column(unique=True)
    reason: Mapped[str]
    events: Mapped[int]
    digest: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime]
