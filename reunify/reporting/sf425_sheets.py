"""The federal financial report as sheets of a workbook: the figures, what was prepared, and every entry."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from reunify.funds.queries import Fund
from reunify.kernel.workbook import Cell, Column, Kind, Sheet
from reunify.reporting import sf425, sf425_queries
from reunify.reporting.sf425 import Figures, Line
from reunify.reporting.sf425_entries import EntryShown
from reunify.reporting.sf425_periods import ReportingPeriod
from reunify.reporting.sf425_queries import Prepared

# The lines that have entries of their own; the others are worked out from these.
WITH_ENTRIES = (Line.A, Line.B, Line.D, Line.E, Line.F, Line.J)
_FIGURES = (
    Column("Line"),
    Column("What it is"),
    Column("Amount", Kind.CENTS),
    Column("Worked out"),
    Column("Happened by then, dated later", Kind.CENTS),
)
_ABOUT = (Column("About"), Column("Says"))
_ENTRIES = (
    Column("Accounting day", Kind.DAY),
    Column("Happened on", Kind.DAY),
    Column("Event"),
    Column("Reference"),
    Column("Source"),
    Column("Budget category"),
    Column("Account"),
    Column("Amount", Kind.CENTS),
    Column("Entry"),
)


def sheets(session: Session, fund: Fund, period: ReportingPeriod, figures: Figures) -> list[Sheet]:
    """`SF-425` first, then what it is of, the reports prepared of it, one sheet of entries for a line, and
    the entries that are in no figure because they are dated later than they happened."""
    reports = sf425_queries.prepared(session, fund, period)
    later = sf425_queries.dated_later(session, fund, period)
    rows: list[tuple[Cell, ...]] = [
        (f.line.value, f.title, f.cents, f.worked_out, f.dated_later if f.line in sf425.FACTS else None)
        for f in sf425_queries.shown(figures, dated_later=later)
    ]
    found = [Sheet("SF-425", _FIGURES, tuple(rows)), _about(fund, period), _prepared(reports)]
    for line in WITH_ENTRIES:
        entries, _ = sf425_queries.drilled(session, fund, period, line)
        found.append(Sheet(line.value, _ENTRIES, tuple(_row(entry) for entry in entries)))
    return [*found, _dated_later(session, fund, period)]


def _dated_later(session: Session, fund: Fund, period: ReportingPeriod) -> Sheet:
    rows = [
        (line.value, *_row(entry))
        for line in WITH_ENTRIES
        for entry in sf425_queries.dated_later_entries(session, fund, period, line)
    ]
    return Sheet("Dated later", (Column("Line"), *_ENTRIES), tuple(rows))


def _about(fund: Fund, period: ReportingPeriod) -> Sheet:
    ends = fund.period_end.isoformat() if fund.period_end else "open"
    rows: list[tuple[Cell, ...]] = [
        ("Federal award", fund.award_number),
        ("Assistance listing", fund.assistance_listing),
        ("Source", f"{fund.code}: {fund.name}"),
        ("Period of performance", f"{fund.period_start.isoformat()} to {ends}"),
        ("Reporting period ends", period.end.isoformat()),
        ("Report", "Final" if period.final else "Quarterly"),
        ("Due", period.due.isoformat()),
        ("Basis of accounting", "Cash: a cost counts when it is paid"),
    ]
    return Sheet("Award", _ABOUT, tuple(rows))


def _prepared(reports: Sequence[Prepared]) -> Sheet:
    """One row for each report of the period; the newest first."""
    columns = (
        Column("Number", Kind.COUNT),
        Column("Prepared on", Kind.TEXT),
        Column("Prepared by"),
        *(Column(line.value, Kind.CENTS) for line in Line),
    )
    rows: list[tuple[Cell, ...]] = [
        (r.number, r.prepared_at.isoformat(timespec="minutes"), r.prepared_by, *(r.figures[i] for i in Line))
        for r in reports
    ]
    return Sheet("Prepared", columns, tuple(rows))


def _row(e: EntryShown) -> tuple[Cell, ...]:
    return (
        e.day,
        e.happened_on,
        e.kind,
        e.reference,
        e.fund,
        e.budget_category,
        e.account,
        e.cents,
        str(e.id),
    )
