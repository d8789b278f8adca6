"""What is true: each federal financial report as it was prepared, and which events it was the first to count.

An event is in a report if that report, or an earlier one of the same award, was the first to count it and its
day is within its period. No clock decides what a report knew: a late commit is simply not among its events.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.kernel.ids import new_id

_LAST_DAYS = "(3, 31), (6, 30), (9, 30), (12, 31)"
_ENDS = f"final OR (extract(month FROM through), extract(day FROM through)) IN ({_LAST_DAYS})"


class Sf425Report(Base):
    """The figures as prepared, in cents; the other lines follow. Append-only: a restatement is a row."""

    __tablename__ = "sf425_reports"
    __table_args__ = (
        sa.UniqueConstraint("fund_id", "through", "final", "number"),
        sa.CheckConstraint(_ENDS, name="through_ends_a_quarter"),
        sa.CheckConstraint("number > 0", name="number_from_one"),
        sa.CheckConstraint("match_percent >= 0", name="match_not_negative"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sequence: Mapped[int] = mapped_column(sa.Identity(always=True), unique=True)
    fund_id: Mapped[UUID] = mapped_column(sa.ForeignKey("funding_sources.id"))
    through: Mapped[date]  # the last day of its quarter; of a final report, the last day to pay
    number: Mapped[int]  # of this award and period: 1 as first prepared, more for each restatement
    final: Mapped[bool]
    receipts: Mapped[int]
    disbursements: Mapped[int]
    authorized: Mapped[int]
    expended: Mapped[int]
    obligated: Mapped[int]
    recipient_expended: Mapped[int]
    match_percent: Mapped[int]
    recipient_entries: Mapped[list[str]]  # ids of the entries of other sources that line 10j summed
    prepared_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    prepared_at: Mapped[datetime]


class Sf425Event(Base):
    """The first report of this award that counted the event. Append-only."""

    __tablename__ = "sf425_events"

    fund_id: Mapped[UUID] = mapped_column(sa.ForeignKey("funding_sources.id"), primary_key=True)
    event_id: Mapped[UUID] = mapped_column(sa.ForeignKey("ledger_events.id"), primary_key=True)
    report_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("sf425_reports.id", deferrable=True, initially="DEFERRED"), index=True
    )
