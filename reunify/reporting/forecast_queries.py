"""The forecast of every held source, from the books and the answers: no question for each request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.funds import queries as funds
from reunify.funds.policy import FundKind
from reunify.funds.queries import Fund, FundBalance
from reunify.kernel.ids import FundId
from reunify.ledger.policy import Account, Book, BudgetCategory
from reunify.ledger.records import LedgerEntry, LedgerEvent
from reunify.reporting import forecast
from reunify.reporting.forecast import AllocableRequest, CategoryAhead, FundAhead
from reunify.reporting.forecast_requests import Allocable, allocable


def every_fund_ahead(session: Session, *, on: date) -> tuple[list[FundAhead], bool]:
    """The soonest lapse first, closed sources left out; and whether there are more open requests than were
    looked at. `on`: the organisation's day."""
    rows = funds.held_balances(session)
    held = {b.fund.id: b.fund for b in rows if b.fund.kind is FundKind.HELD and b.fund.state != "closed"}
    spent = _spent_by_day(session, held, on)
    found = allocable(session, {fund.code: fund for fund in held.values()})
    return (
        forecast.in_order(
            [
                _ahead(fund, [b for b in rows if b.fund.id == fund.id], spent.get(fund.id, {}), found, on)
                for fund in held.values()
            ]
        ),
        found.more,
    )


def _ahead(
    fund: Fund,
    rows: list[FundBalance],
    spent: Mapping[tuple[BudgetCategory, date], int],
    found: Allocable,
    on: date,
) -> FundAhead:
    since = on - timedelta(days=forecast.pace_window(fund, on))
    lately: dict[BudgetCategory, int] = {}
    months: dict[date, int] = {}
    for (category, day), amount in spent.items():
        first = day.replace(day=1)
        months[first] = months.get(first, 0) + amount
        if since < day <= on:
            lately[category] = lately.get(category, 0) + amount
    categories = [
        CategoryAhead(
            b.budget_category,
            b.authorized,
            b.available,
            b.reserved,
            b.obligated,
            b.expended,
            lately.get(b.budget_category, 0),
        )
        for b in rows
    ]
    requests: list[AllocableRequest] = found.by_fund.get(fund.code, [])
    return forecast.ahead(fund, categories, months, today=on, requests=requests)


def _spent_by_day(
    session: Session, held: Mapping[FundId, Fund], on: date
) -> dict[FundId, dict[tuple[BudgetCategory, date], int]]:
    """What was spent, net of what came back, on each accounting day since the first month shown."""
    e, v = LedgerEntry, LedgerEvent
    rows = session.execute(
        sa.select(e.fund_id, e.budget_category, v.day, sa.func.sum(e.amount))
        .join(v, v.id == e.event_id)
        .where(
            e.account == Account.EXPENDED.value,
            e.book.in_([Book.BUDGET.value, Book.UNITS.value]),
            e.fund_id.in_(held),
            v.day >= forecast.first_month(on),
            v.day <= on,
        )
        .group_by(e.fund_id, e.budget_category, v.day)
    )
    found: dict[FundId, dict[tuple[BudgetCategory, date], int]] = {}
    for fund_id, category, day, amount in rows:
        assert category is not None  # only the actual book has none
        found.setdefault(FundId(fund_id), {})[BudgetCategory(category), day] = int(amount)
    return found
