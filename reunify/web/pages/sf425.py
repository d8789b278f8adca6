"""The federal financial report (SF-425) of an award: its figures, their entries, reports and restatements."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from reunify.adapters.workbooks import workbook
from reunify.audit import actions as audit
from reunify.kernel.may import FINANCE
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotFound
from reunify.ledger import periods
from reunify.reporting import sf425, sf425_actions, sf425_periods, sf425_queries, sf425_sheets
from reunify.reporting.sf425 import Line
from reunify.reporting.sf425_periods import ReportingPeriod
from reunify.web.audience import AtHouse, staff
from reunify.web.pages.view import PostedForm, go, holds, organisation_now, staff_page, text_of, today

router = APIRouter(include_in_schema=False)
PREPARERS = (*FINANCE, Role.FUND_MANAGER)
Reader = Annotated[Staff, Depends(staff(*PREPARERS, Role.AUDITOR, Role.ADMINISTRATOR))]
Preparer = Annotated[Staff, Depends(staff(*PREPARERS))]
SteppedUpPreparer = Annotated[Staff, Depends(staff(*PREPARERS, step_up=True))]
ON_A_PAGE = 200
MOST_EVENTS = 200
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/funds/{code}/sf425")
def show(
    request: Request, code: str, by: Reader, at: AtHouse, quarter: str = "", report: int = 0
) -> Response:
    """The period that ended last, or the one asked for; against the report prepared last, or `report`."""
    with at.db.read() as session:
        org = organisation_now(session, at)
        this_day = today(org, at)
        fund = sf425_queries.award(session, code)
        choices = sf425_periods.choices(fund, this_day)
        chosen = _chosen(choices, this_day)
        if quarter:
            chosen = sf425_queries.asked_for(session, fund, quarter)
        current = sf425_queries.current(session, fund, chosen)
        later = sf425_queries.dated_later(session, fund, chosen)
        reports = sf425_queries.prepared(session, fund)
        against = _against([r for r in reports if r.period == chosen], report)
        restated = sf425_queries.restated(session, fund, against, now=current) if against else None
        closed = periods.closed_through(session)
    unliquidated = current.figures[Line.F]
    ready = sf425_periods.may_prepare(chosen, fund, this_day, unliquidated=unliquidated)
    return staff_page(
        request,
        "sf425/report.html",
        me=by,
        org=org,
        fund=fund,
        choices=choices,
        quarter=chosen,
        over=sf425_periods.is_over(chosen, this_day),
        ready=ready,
        final=chosen.final,
        due=chosen.due,
        late=against is None and this_day > chosen.due,
        figures=sf425_queries.shown(current.figures, dated_later=later),
        behind=bool(later),
        unliquidated=unliquidated,
        reports=reports,
        against=against,
        restated=restated,
        lines=list(sf425.SOURCES),
        most=MOST_EVENTS,
        closed=closed is not None and closed >= chosen.end,
        may_close=holds(by, *PREPARERS) and chosen.end < this_day,
        may_prepare=holds(by, *PREPARERS) and ready and (against is None or bool(restated)),
    )


@router.post("/funds/{code}/sf425")
def prepare(code: str, form: PostedForm, by: SteppedUpPreparer, at: AtHouse) -> Response:
    """Keep the figures as they are now."""
    with at.db.work() as session:
        fund = sf425_queries.award(session, code)
        period = sf425_queries.asked_for(session, fund, text_of(form, "quarter"))
        sf425_actions.prepare(session, code=code, period=period, by=by, now=at.now())
    return go(f"/funds/{code}/sf425?quarter={period}", "sf425_prepared")


@router.post("/funds/{code}/sf425/{quarter}/close")
def close(code: str, quarter: str, by: SteppedUpPreparer, at: AtHouse) -> Response:
    """Close the books through the period: nothing more is dated into it, of this award or any other."""
    with at.db.work() as session:
        period = sf425_queries.asked_for(session, sf425_queries.award(session, code), quarter)
        sf425_actions.close_books(session, code=code, period=period, by=by, now=at.now())
    return go(f"/funds/{code}/sf425?quarter={period}", "period_closed")


@router.get("/funds/{code}/sf425/{quarter}/workbook")
def download(code: str, quarter: str, by: Reader, at: AtHouse) -> Response:
    """The figures and every entry behind them, as of one moment, as XLSX. No person of a family is in it."""
    with at.db.read() as session:
        fund = sf425_queries.award(session, code)
        chosen = sf425_queries.asked_for(session, fund, quarter)
        figures = sf425_queries.current(session, fund, chosen).figures
        sheets = sf425_sheets.sheets(session, fund, chosen, figures)
    with at.db.work() as session:
        audit.record(
            session,
            by=by,
            at=at.now(),
            subject="fund",
            subject_id=fund.id,
            moved="download_sf425",
            detail={"period": str(chosen)},
        )
    headers = {"content-disposition": f'attachment; filename="sf-425-{chosen}.xlsx"'}
    return Response(workbook(sheets), media_type=XLSX, headers=headers)


@router.get("/funds/{code}/sf425/{quarter}/{line}")
def drill(
    request: Request, code: str, quarter: str, line: str, by: Reader, at: AtHouse, page: int = 1
) -> Response:
    """Every entry that a figure sums."""
    asked = _line(line)
    number = min(max(page, 1), 10**6)
    with at.db.read() as session:
        org = organisation_now(session, at)
        fund = sf425_queries.award(session, code)
        chosen = sf425_queries.asked_for(session, fund, quarter)
        figures = sf425_queries.current(session, fund, chosen).figures
        late = sf425_queries.dated_later(session, fund, chosen)
        later = sf425_queries.dated_later_entries(session, fund, chosen, asked, limit=ON_A_PAGE)
        entries, count = sf425_queries.drilled(
            session, fund, chosen, asked, limit=ON_A_PAGE, skip=ON_A_PAGE * (number - 1)
        )
    shown = sf425_queries.shown(figures, dated_later=late)
    return staff_page(
        request,
        "sf425/line.html",
        me=by,
        org=org,
        fund=fund,
        quarter=chosen,
        figure=next(f for f in shown if f.line is asked),
        entries_of=sf425_queries.entries_of(asked),
        together=figures[sf425_queries.entries_of(asked)],
        entries=entries,
        later=later,
        count=count,
        first=ON_A_PAGE * (number - 1) + 1,
        number=number,
        more=ON_A_PAGE * number < count,
    )


def _chosen(choices: list[ReportingPeriod], this_day: date) -> ReportingPeriod:
    """The newest period that is over; the running one while none is."""
    return next((p for p in choices if sf425_periods.is_over(p, this_day)), choices[-1])


def _against(reports: list[sf425_queries.Prepared], number: int) -> sf425_queries.Prepared | None:
    """The report asked for by number, else the one prepared last. Raises NoSuchReport."""
    if not number:
        return reports[0] if reports else None
    found = next((r for r in reports if r.number == number), None)
    if found is None:
        raise sf425.NoSuchReport("No report with this number was prepared of this quarter.")
    return found


def _line(written: str) -> Line:
    try:
        return Line(written)
    except ValueError:
        raise NotFound("The form has no such line: 10a to 10k.") from None
