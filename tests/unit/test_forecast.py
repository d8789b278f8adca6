"""What lapses and what is left at the pace: whole cents, at each limit, one before and one after."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from reunify.funds.policy import FundDoesNotFit, FundKind, check_code
from reunify.funds.queries import Fund
from reunify.kernel.ids import FundId, new_id
from reunify.ledger.policy import BudgetCategory, Unit
from reunify.reporting import forecast
from reunify.reporting.forecast import CategoryAhead, FundAhead, ahead, expected_at_pace
from reunify.web.pages.fund_charts import LONGEST, month_chart

TODAY = date(2026, 11, 25)
END = date(2026, 12, 31)
PAID_BY = date(2027, 4, 30)
FUND = Fund(
    id=FundId(new_id()),
    code="award",
    name="Award",
    public_name="Travel help",
    kind=FundKind.HELD,
    unit=Unit.CENTS,
    award_number="15PSAM",
    assistance_listing="99.999",
    period_start=date(2026, 1, 1),
    period_end=END,
    organisation_set=False,
    state="open",
    liquidation_date=PAID_BY,
)
LODGING = CategoryAhead(BudgetCategory.LODGING, 100_000, 60_000, 10_000, 20_000, 10_000, 9_000)


def seen(category: CategoryAhead = LODGING, fund: Fund = FUND, on: date = TODAY) -> FundAhead:
    return ahead(fund, [category], {}, today=on)


@pytest.mark.parametrize(
    ("spent", "days", "expected"),
    [(9_000, 36, 3_600), (89, 1, 0), (90, 1, 1), (91, 1, 1), (179, 1, 1), (-500, 36, 0), (9_000, 0, 0)],
)
def test_the_pace_is_rounded_down_and_never_below_zero(spent: int, days: int, expected: int) -> None:
    assert expected_at_pace(spent, pace_days=90, days=days) == expected


def test_what_is_not_obligated_lapses_with_the_period_and_what_is_with_the_last_day_to_pay() -> None:
    assert [(x.on, x.amount, x.what) for x in seen().lapses] == [
        (END, 70_000, forecast.NOT_OBLIGATED),
        (PAID_BY, 20_000, forecast.NOT_PAID),
    ]
    spent = replace(LODGING, available=0, reserved=0, obligated=0, expended=100_000)
    assert seen(spent).lapses == ()


def test_what_is_committed_counts_as_spent_even_where_the_pace_is_slower() -> None:
    found = seen()
    assert (found.expected, found.unspent) == (3_600, 60_000)  # 30,000 are committed
    quick = seen(replace(LODGING, spent_lately=90_000))
    assert (quick.expected, quick.unspent) == (36_000, 54_000)
    just = seen(replace(LODGING, spent_lately=75_000))
    assert (just.expected, just.unspent) == (30_000, 60_000)
    more = seen(replace(LODGING, spent_lately=75_003))
    assert (more.expected, more.unspent) == (30_001, 59_999)


def test_no_more_is_expected_than_is_left() -> None:
    found = seen(replace(LODGING, spent_lately=9_000_000))
    assert (found.expected, found.unspent) == (90_000, 0)
    assert sum(m.estimated for m in found.months) == 90_000


@pytest.mark.parametrize(
    ("on", "expected", "unspent"),
    [(END - timedelta(days=1), 100, 60_000), (END, 0, 60_000), (END + timedelta(days=1), None, None)],
)
def test_after_the_period_nothing_is_expected_any_more(
    on: date, expected: int | None, unspent: int | None
) -> None:
    found = seen(on=on)
    assert (found.expected, found.unspent) == (expected, unspent)
    assert found.first_lapse == END


def test_a_young_source_has_the_pace_of_its_own_days() -> None:
    for first, days in (
        (TODAY, 1),
        (TODAY + timedelta(days=5), 1),
        (TODAY - timedelta(days=88), 89),
        (TODAY - timedelta(days=89), 90),
        (TODAY - timedelta(days=90), 90),
    ):
        assert seen(fund=replace(FUND, period_start=first)).pace_days == days


def test_the_months_add_up_to_what_is_expected() -> None:
    found = seen(replace(LODGING, spent_lately=8_999))
    assert found.months[0].first == date(2026, 6, 1)
    assert found.months[-1].first == date(2027, 4, 1)
    assert sum(m.estimated for m in found.months) == found.expected == 8_999 * 36 // 90
    assert [m.first.month for m in found.months if m.estimated] == [11, 12]
    assert [m.ends for m in found.months if m.ends] == ["period ends", "last day to pay"]


def test_a_source_without_an_end_never_lapses_and_stands_last() -> None:
    endless = seen(fund=replace(FUND, code="gift", period_end=None, liquidation_date=None))
    assert endless.lapses == ()
    assert (endless.expected, endless.unspent, endless.days_left) == (None, None, None)
    later = seen(fund=replace(FUND, code="later", period_end=END + timedelta(days=1)))
    assert [a.fund.code for a in forecast.in_order([endless, later, seen()])] == ["award", "later", "gift"]


def test_a_chart_is_drawn_to_the_longest_month_and_said_in_words() -> None:
    found = ahead(FUND, [LODGING], {date(2026, 10, 1): 7_000, date(2026, 9, 1): -50}, today=TODAY)
    chart = month_chart(found.months, "cents")
    longest = [b for b in chart.bars if b.spent + b.estimated == LONGEST]
    assert [b.words for b in longest] == ["Oct 2026: $70.00 spent"]
    assert "Sep 2026: -$0.50 spent" in chart.words
    assert all(b.spent >= 0 and b.estimated >= 0 for b in chart.bars)
    assert "Dec 2026: about $31.00 at the pace; period ends" in chart.words


def test_where_nothing_was_spent_nothing_is_drawn() -> None:
    quiet = seen(replace(LODGING, spent_lately=0))
    assert quiet.months == ()
    assert month_chart(quiet.months, "cents").words == ()


def test_months_are_counted_over_the_turn_of_a_year() -> None:
    assert forecast.month_after(date(2026, 12, 1), 1) == date(2027, 1, 1)
    assert forecast.month_after(date(2027, 1, 1), -1) == date(2026, 12, 1)
    assert forecast.first_month(date(2027, 5, 31)) == date(2026, 12, 1)


@pytest.mark.parametrize("code", ["new", "forecast", "duplicates"])
def test_no_source_takes_the_address_of_a_page(code: str) -> None:
    with pytest.raises(FundDoesNotFit):
        check_code(code)
    assert check_code(f"{code}_fund") == f"{code}_fund"
