"""The report of one award and period as it stands, as it was prepared, and what changed between the two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.funds import queries as funds
from reunify.funds.queries import Fund
from reunify.identity import queries as people
from reunify.kernel.ids import FundId, StaffId
from reunify.reporting import sf425, sf425_entries, sf425_periods
from reunify.reporting.sf425 import Figures, Line
from reunify.reporting.sf425_entries import EntryShown, EventShown
from reunify.reporting.sf425_periods import FinalPeriod, Quarter, ReportingPeriod
from reunify.reporting.sf425_records import Sf425Report


@dataclass(frozen=True, slots=True)
class FigureShown:
    """One line. `worked_out`: its arithmetic, or which entries it sums.

    `dated_later`: cents that are not in it, of what had happened by the last day and is dated later.
    """

    line: Line
    title: str
    cents: int
    worked_out: str
    dated_later: int


@dataclass(frozen=True, slots=True)
class Current:
    """The figures as the ledger says them, and the entries of other sources that line 10j sums."""

    figures: Figures
    recipient_entries: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A report as it was prepared. `number` counts from 1 in its period; more is a restatement."""

    id: UUID
    fund_id: FundId
    sequence: int
    period: ReportingPeriod
    number: int
    figures: Figures
    recipient_entries: frozenset[UUID]
    prepared_by: str
    prepared_at: datetime


@dataclass(frozen=True, slots=True)
class Difference:
    """A line that is not as it was prepared, in cents."""

    line: Line
    title: str
    prepared: int
    now: int

    @property
    def cents(self) -> int:
        return self.now - self.prepared


@dataclass(frozen=True, slots=True)
class Restatement:
    """Why the ledger says something else than a report. For 10j, entries that joined and entries that left.

    `match_changed`: the share the award asks, in percent, as prepared and now; None where it is the same.
    """

    differences: tuple[Difference, ...]
    events: tuple[EventShown, ...]
    joined: tuple[EntryShown, ...]
    left: tuple[EntryShown, ...]
    match_changed: tuple[int, int] | None

    def __bool__(self) -> bool:
        return bool(self.differences)


def award(session: Session, code: str) -> Fund:
    """A federal award, held or asked; all of them are in money. Raises NoSuchFund, NotFederal."""
    fund = funds.fund_called(session, code)
    if not fund.federal:
        raise sf425.NotFederal(f"{fund.name} is not a federal award: only those are reported on the SF-425.")
    return fund


def asked_for(session: Session, fund: Fund, written: str) -> ReportingPeriod:
    """The reporting period that is written so. Raises NotAQuarter, NoSuchReport.

    A final report through another day than the award's last day to pay is there only if it was prepared.
    """
    period = sf425_periods.parse(written, fund)
    if period.final and period != sf425_periods.final_of(fund) and not prepared(session, fund, period):
        raise sf425.NoSuchReport(f"No final report through {period.end} was prepared of this award.")
    return period


def current(session: Session, fund: Fund, period: ReportingPeriod, *, counted: bool = False) -> Current:
    """From the ledger as it is now; `counted`: only what a report has counted of the award's own events.

    Raises BeforeTheAward, BooksDisagree.
    """
    sf425_periods.check_reportable(period, fund)
    asks = sf425_entries.shares_asked(session, on=period.end)
    ids = sf425_entries.recipient_entries(session, fund.id, through=period.end, asks=asks)
    figures = sf425.figures(
        sf425_entries.sums(session, fund.id, through=period.end, counted=counted),
        recipient_expended=sum(e.cents for e in sf425_entries.named(session, ids)),
        match_percent=asks.get(fund.id, 0),
    )
    return Current(figures, frozenset(ids))


def shown(of: Figures, *, dated_later: Mapping[Line, int]) -> list[FigureShown]:
    """Every line of box 10, in the form's order; `dated_later` as the function of that name says."""
    return [
        FigureShown(line, sf425.TITLES[line], of[line], sf425.worked_out(line, of), dated_later.get(line, 0))
        for line in Line
    ]


def dated_later(session: Session, fund: Fund, period: ReportingPeriod) -> dict[Line, int]:
    """By line, in cents, what had happened by the period's last day and is dated later, so not in it."""
    return sf425_entries.dated_later(session, fund.id, through=period.end)


def dated_later_entries(
    session: Session, fund: Fund, period: ReportingPeriod, line: Line, *, limit: int | None = None
) -> list[EntryShown]:
    """Its entries; none for a line that says nothing of what happened."""
    if line not in sf425.FACTS:
        return []
    return sf425_entries.entries(session, fund.id, line, through=period.end, later=True, limit=limit)


def entries_of(line: Line) -> Line:
    """Whose entries stand behind a line: 10i is a share of 10d, and 10k is what of it 10j has not given."""
    return {Line.I: Line.D, Line.K: Line.J}.get(line, line)


def drilled(
    session: Session,
    fund: Fund,
    period: ReportingPeriod,
    line: Line,
    *,
    limit: int | None = None,
    skip: int = 0,
) -> tuple[list[EntryShown], int]:
    """The entries of `entries_of(line)`, which sum to that figure, and how many there are in all."""
    own_line = entries_of(line)
    if own_line is Line.J:
        ids = current(session, fund, period).recipient_entries
        own = sf425_entries.named(session, ids)
        end = None if limit is None else skip + limit
        return own[skip:end], len(own)
    through = period.end
    return (
        sf425_entries.entries(session, fund.id, own_line, through=through, limit=limit, skip=skip),
        sf425_entries.how_many(session, fund.id, own_line, through=through),
    )


def prepared(session: Session, fund: Fund, period: ReportingPeriod | None = None) -> list[Prepared]:
    """Every report of the award, or of this period; the newest first."""
    r = Sf425Report
    asked = sa.select(r).where(r.fund_id == fund.id).order_by(r.sequence.desc())
    if period is not None:
        asked = asked.where(r.through == period.end, r.final == period.final)
    rows = session.scalars(asked).all()
    names = people.staff_names(session, [StaffId(row.prepared_by) for row in rows]) if rows else {}
    return [_prepared(fund, row, names[StaffId(row.prepared_by)]) for row in rows]


def standing(session: Session, fund: Fund, period: ReportingPeriod) -> Prepared:
    """The report prepared last, if the ledger still says the same. Raises NoSuchReport, ToBeRestated."""
    reports = prepared(session, fund, period)
    if not reports:
        raise sf425.NoSuchReport(f"No report of {period} was prepared yet: prepare it first.")
    if restated(session, fund, reports[0], now=current(session, fund, period)):
        raise sf425.ToBeRestated(f"The ledger has changed since the report of {period}: restate it first.")
    return reports[0]


def restated(session: Session, fund: Fund, report: Prepared, *, now: Current) -> Restatement:
    """What the ledger says `now` of the report's period, against the report, with every event in between."""
    ids, before = now.recipient_entries, report.recipient_entries
    match = (report.figures.match_percent, now.figures.match_percent)
    return Restatement(
        differences=tuple(
            Difference(line, sf425.TITLES[line], report.figures[line], now.figures[line])
            for line in Line
            if report.figures[line] != now.figures[line]
        ),
        events=tuple(
            sf425_entries.since(session, fund.id, through=report.period.end, sequence=report.sequence)
        ),
        joined=tuple(sf425_entries.named(session, ids - before)),
        left=tuple(sf425_entries.named(session, before - ids)),
        match_changed=None if match[0] == match[1] else match,
    )


def _prepared(fund: Fund, row: Sf425Report, by: str) -> Prepared:
    return Prepared(
        id=row.id,
        fund_id=FundId(row.fund_id),
        sequence=row.sequence,
        period=FinalPeriod(fund.period_start, row.through) if row.final else Quarter.of(row.through),
        number=row.number,
        figures=Figures(
            receipts=row.receipts,
            disbursements=row.disbursements,
            authorized=row.authorized,
            expended=row.expended,
            obligated=row.obligated,
            recipient_expended=row.recipient_expended,
            match_percent=row.match_percent,
        ),
        recipient_entries=frozenset(UUID(entry) for entry in row.recipient_entries),
        prepared_by=by,
        prepared_at=row.prepared_at,
    )
