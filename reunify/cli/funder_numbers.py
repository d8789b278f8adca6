"""`reunify funds sf425`: the federal financial report of one award and period, as the ledger says it now."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from reunify.adapters.workbooks import workbook
from reunify.audit import actions as audit
from reunify.cli.database import opened
from reunify.funds.queries import Fund
from reunify.kernel.money import Money
from reunify.kernel.people import System
from reunify.kernel.refusals import Refused
from reunify.kernel.workbook import Sheet
from reunify.rates.queries import organisation_now
from reunify.reporting import sf425_periods, sf425_queries, sf425_sheets
from reunify.reporting.sf425_periods import ReportingPeriod
from reunify.settings import Settings


class FileThere(Refused):
    """The file to write exists."""


def report(settings: Settings, code: str, *, quarter: str, xlsx: Path | None) -> list[str]:
    """A line for each figure with its arithmetic, then how it stands; `xlsx` is written beside it.

    Prepares nothing: a person does that on the page. Writing a workbook is written down. Raises NoSuchFund,
    NotFederal, NotAQuarter, NoSuchReport, BeforeTheAward, BooksDisagree, FileThere.
    """
    if xlsx is not None and xlsx.exists():
        raise FileThere(f"{xlsx} is there already: name another file.")
    now = datetime.now(UTC)
    with opened(settings) as db:
        with db.read() as session:
            said, fund, period, sheets = _read(session, code, quarter, now)
        if xlsx is not None:
            with db.work() as session:
                audit.record(
                    session,
                    by=System("reunify funds sf425"),
                    at=now,
                    subject="fund",
                    subject_id=fund.id,
                    moved="download_sf425",
                    detail={"period": str(period)},
                )
            xlsx.write_bytes(workbook(sheets))
            said.append(f"Written: {xlsx}")
    return said


def _read(
    session: Session, code: str, quarter: str, now: datetime
) -> tuple[list[str], Fund, ReportingPeriod, list[Sheet]]:
    """What is printed, and the workbook, as of one moment."""
    fund = sf425_queries.award(session, code)
    period = sf425_queries.asked_for(session, fund, quarter)
    current = sf425_queries.current(session, fund, period)
    later = sf425_queries.dated_later(session, fund, period)
    reports = sf425_queries.prepared(session, fund, period)
    changed = sf425_queries.restated(session, fund, reports[0], now=current) if reports else None
    this_day = now.astimezone(organisation_now(session, now=now).zone).date()
    said = [f"SF-425 of {fund.award_number} ({fund.code}), {period}, due {period.due}"]
    for f in sf425_queries.shown(current.figures, dated_later=later):
        said.append(f"{f.line}  {f.title:<44}{Money(f.cents)!s:>16}  {f.worked_out}")
        if f.dated_later:
            said.append(f"     not in it: {Money(f.dated_later)} that happened by {period.end}, dated later")
    if not sf425_periods.is_over(period, this_day):
        said.append(f"It ends on {period.end}: these are the figures so far.")
    if not reports:
        said.append("Not prepared.")
    elif changed:
        said.append(f"Report {reports[0].number} says otherwise; what changed since:")
        said += [f"  {d.line} {Money(d.prepared)} -> {Money(d.now)}" for d in changed.differences]
        said += [f"  {e.day} {e.kind} {e.reference}" for e in changed.events]
    else:
        said.append(f"As prepared: report {reports[0].number} by {reports[0].prepared_by}.")
    return said, fund, period, sf425_sheets.sheets(session, fund, period, current.figures)
