"""What lapses of a source and when, and what would be left unspent at its pace. Whole cents or units. Pure.

The pace is what was spent lately, a day; everything made of it is an estimate and is called one. When money
lapses is never why a cost may be charged to a federal award (2 CFR 200.405(c)).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from reunify.funds.policy import days_left
from reunify.funds.queries import Fund
from reunify.kernel.ids import RequestId
from reunify.ledger.policy import BudgetCategory

PACE_DAYS = 90
BEFORE, AHEAD = 5, 12  # whole months shown before this one, and after it
NOT_OBLIGATED, NOT_PAID = "not obligated", "obligated, not paid"
NO_BASIS = (
    "When money lapses is never a reason to charge a cost to a federal award: a cost is charged where its "
    "own rules allow it, and not moved to use money up (2 CFR 200.405(c))."
)


@dataclass(frozen=True, slots=True)
class CategoryAhead:
    """One budget category. `spent_lately`: net of what came back, over the days of the pace."""

    budget_category: BudgetCategory
    authorized: int
    available: int
    reserved: int
    obligated: int
    expended: int
    spent_lately: int

    @property
    def committed(self) -> int:
        return self.reserved + self.obligated

    @property
    def left(self) -> int:
        """Not spent yet."""
        return self.available + self.committed


@dataclass(frozen=True, slots=True)
class Lapse:
    """So much is lost at the end of this day if it is still `what`."""

    on: date
    budget_category: BudgetCategory
    amount: int
    what: str


@dataclass(frozen=True, slots=True)
class Month:
    """`spent`: as the books say. `estimated`: at the pace, for the days of it that are to come."""

    first: date
    spent: int
    estimated: int
    ends: str = ""  # what ends in it

    @property
    def total(self) -> int:
        return max(0, self.spent) + self.estimated


@dataclass(frozen=True, slots=True)
class AllocableRequest:
    """An open request with lines this source may pay and nobody pays yet. No name, no place."""

    request_id: RequestId
    reference: str
    stage: str
    lines: int
    amount: int


@dataclass(frozen=True, slots=True)
class FundAhead:
    """`pace_days`: over how many days the pace was measured. `expected` and `unspent` at the end of the
    period are estimates; None where the source has no end, or it is over."""

    fund: Fund
    categories: tuple[CategoryAhead, ...]
    lapses: tuple[Lapse, ...]
    months: tuple[Month, ...]
    pace_days: int
    days_left: int | None
    expected: int | None
    unspent: int | None
    by_category: Mapping[BudgetCategory, int] = field(default_factory=dict)  # unspent, estimated
    requests: tuple[AllocableRequest, ...] = ()

    def total(self, name: str) -> int:
        return sum(getattr(c, name) for c in self.categories)

    @property
    def first_lapse(self) -> date | None:
        """The soonest day on which something is lost, or was."""
        return min((lapse.on for lapse in self.lapses), default=None)

    @property
    def allocable(self) -> int:
        return sum(r.amount for r in self.requests)


def expected_at_pace(spent_lately: int, *, pace_days: int, days: int) -> int:
    """What `days` more would spend, rounded down; nothing if more came back than went out."""
    return max(0, spent_lately) * max(0, days) // pace_days


def unspent(category: CategoryAhead, expected: int) -> int:
    """What would be left: what is committed is counted as spent, even where the pace is slower."""
    return max(0, category.left - max(category.committed, expected))


def pace_window(fund: Fund, today: date) -> int:
    """90 days, or as many as the source has had, today included; at least one."""
    return max(1, min(PACE_DAYS, (today - fund.period_start).days + 1))


def lapses_of(fund: Fund, categories: Sequence[CategoryAhead]) -> tuple[Lapse, ...]:
    """By day and category: at the end of the period what is not obligated, at the last day to pay what is."""
    found = []
    if fund.period_end is not None:
        found += [
            Lapse(fund.period_end, c.budget_category, c.available + c.reserved, NOT_OBLIGATED)
            for c in categories
            if c.available + c.reserved
        ]
    if fund.liquidation_date is not None:
        found += [
            Lapse(fund.liquidation_date, c.budget_category, c.obligated, NOT_PAID)
            for c in categories
            if c.obligated
        ]
    return tuple(sorted(found, key=lambda lapse: (lapse.on, lapse.budget_category)))


def ahead(
    fund: Fund,
    categories: Sequence[CategoryAhead],
    spent: Mapping[date, int],
    *,
    today: date,
    requests: Sequence[AllocableRequest] = (),
) -> FundAhead:
    """`spent`: net by the first day of each month, over all categories."""
    window = pace_window(fund, today)
    days = (fund.period_end - today).days if fund.period_end is not None else -1
    goes_on = days >= 0
    by_category = {}
    expected = 0
    for c in categories:
        more = min(c.left, expected_at_pace(c.spent_lately, pace_days=window, days=days))
        expected += more
        by_category[c.budget_category] = unspent(c, more)
    return FundAhead(
        fund=fund,
        categories=tuple(categories),
        lapses=lapses_of(fund, categories),
        months=_worth_drawing(list(_months(fund, categories, spent, window, today))),
        pace_days=window,
        days_left=days_left(fund, today),
        expected=expected if goes_on else None,
        unspent=sum(by_category.values()) if goes_on else None,
        by_category=by_category if goes_on else {},
        requests=tuple(requests),
    )


def in_order(found: Sequence[FundAhead]) -> list[FundAhead]:
    """The soonest lapse first; what never lapses last."""
    return sorted(found, key=lambda a: (a.first_lapse or date.max, a.fund.code))


def first_month(today: date) -> date:
    """The first day of the earliest month shown."""
    return month_after(today.replace(day=1), -BEFORE)


def month_after(first: date, count: int) -> date:
    """The first day of the month so many after (or before) this one."""
    whole = first.year * 12 + first.month - 1 + count
    return date(whole // 12, whole % 12 + 1, 1)


def _months(
    fund: Fund,
    categories: Sequence[CategoryAhead],
    spent: Mapping[date, int],
    window: int,
    today: date,
) -> Iterator[Month]:
    """From five months back to the last that matters, a year ahead at most. Never more is estimated than is
    left, and the months add up to what is expected."""
    this = today.replace(day=1)
    ends = [day for day in (fund.period_end, fund.liquidation_date) if day is not None]
    last = min(month_after(this, AHEAD), max([this, *(day.replace(day=1) for day in ends)]))
    if not ends:
        last = month_after(this, 3)
    first, before = first_month(today), 0
    while first <= last:
        over = month_after(first, 1) - timedelta(days=1)
        so_far = _by(fund, categories, window, today, over)
        yield Month(first, spent.get(first, 0), so_far - before, _what_ends(fund, first, over))
        first, before = month_after(first, 1), so_far


def _worth_drawing(months: Sequence[Month]) -> tuple[Month, ...]:
    """None where nothing was spent and nothing is expected to be."""
    return tuple(months) if any(m.spent or m.estimated for m in months) else ()


def _by(fund: Fund, categories: Sequence[CategoryAhead], window: int, today: date, day: date) -> int:
    """What is expected to be spent from tomorrow to that day."""
    until = min(day, fund.period_end) if fund.period_end is not None else day
    days = (until - today).days
    return sum(min(c.left, expected_at_pace(c.spent_lately, pace_days=window, days=days)) for c in categories)


def _what_ends(fund: Fund, first: date, over: date) -> str:
    said = [
        word
        for word, day in (("period ends", fund.period_end), ("last day to pay", fund.liquidation_date))
        if day is not None and first <= day <= over
    ]
    return ", ".join(said)
