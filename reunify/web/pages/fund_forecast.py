"""What lapses of every held source and when, at which pace it is spent, and which requests it could pay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from reunify.funds.policy import MANAGES, lapses
from reunify.kernel.may import FINANCE
from reunify.kernel.people import Role, Staff
from reunify.reporting import forecast_requests
from reunify.reporting.forecast import NO_BASIS, FundAhead
from reunify.reporting.forecast_queries import every_fund_ahead
from reunify.web.audience import FINANCE_ROLES, AtHouse, staff
from reunify.web.pages.fund_charts import MonthChart, month_chart
from reunify.web.pages.view import holds, organisation_now, staff_page, today

router = APIRouter(include_in_schema=False)
Reader = Annotated[Staff, Depends(staff(*MANAGES, *FINANCE_ROLES, Role.AUDITOR))]
MOST = 20  # requests of one source named on the page


@dataclass(frozen=True, slots=True)
class Shown:
    ahead: FundAhead
    chart: MonthChart
    over: bool


@router.get("/funds/forecast")
def show(request: Request, by: Reader, at: AtHouse) -> Response:
    """The soonest lapse first. Requests by reference; no person is named here."""
    with at.db.read() as session:
        org = organisation_now(session, at)
        day = today(org, at)
        found, more = every_fund_ahead(session, on=day)
    return staff_page(
        request,
        "funds/forecast.html",
        me=by,
        org=org,
        today=day,
        shown=[Shown(a, month_chart(a.months, a.fund.unit), lapses(a.fund, day)) for a in found],
        no_basis=NO_BASIS,
        more=forecast_requests.MOST if more else 0,
        most=MOST,
        opens_requests=holds(by, *FINANCE),
    )
