"""What every fund has, has set aside, owes and has spent."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from reunify.funds import queries as funds
from reunify.funds.queries import Fund, FundBalance
from reunify.web.audience import AnyStaff, AtHouse
from reunify.web.pages.view import organisation_now, staff_page

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class FundShown:
    """Totals over the budget categories; whole cents or units, as the fund's unit says."""

    fund: Fund
    rows: list[FundBalance]
    authorized: int
    available: int
    reserved: int
    obligated: int
    expended: int


@router.get("/funds")
def show(request: Request, by: AnyStaff, at: AtHouse) -> Response:
    """Balances only: no person is named here."""
    with at.db.read() as session:
        org = organisation_now(session, at)
        rows = funds.held_balances(session)
        shown = [_shown(fund, rows) for fund in funds.all_funds(session)]
    return staff_page(request, "staff/funds.html", me=by, org=org, shown=shown)


def _shown(fund: Fund, rows: list[FundBalance]) -> FundShown:
    own = [row for row in rows if row.fund.id == fund.id]
    return FundShown(
        fund=fund,
        rows=own,
        authorized=sum(r.authorized for r in own),
        available=sum(r.available for r in own),
        reserved=sum(r.reserved for r in own),
        obligated=sum(r.obligated for r in own),
        expended=sum(r.expended for r in own),
    )
