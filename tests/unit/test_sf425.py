"""Quarters, due dates and the arithmetic of the federal financial report, without a database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reunify.ledger.policy import Account
from reunify.reporting import sf425, sf425_periods
from reunify.reporting.sf425 import BooksDisagree, Figures, Line
from reunify.reporting.sf425_periods import (
    FinalPeriod,
    NotAQuarter,
    Quarter,
    QuarterNotOver,
    TheFinalReportsIt,
)

_DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))
_CENTS = st.integers(0, 10**11)


@given(_DAYS)
def test_every_day_lies_in_exactly_its_quarter(day: date) -> None:
    quarter = Quarter.of(day)
    assert quarter.start <= day <= quarter.end
    assert quarter.next.start == quarter.end + timedelta(days=1)
    assert Quarter.parse(str(quarter)) == quarter


@pytest.mark.parametrize(
    "written", ["", "2026", "2026Q5", "2026Q0", "Q3 2026", "26Q1", "2026Q33", "0000Q1", "9999Q4"]
)
def test_what_is_no_quarter_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(NotAQuarter, match="2026Q3"):
        Quarter.parse(written)


@pytest.mark.parametrize(
    ("quarter", "due"),
    [
        (Quarter(2026, 1), date(2026, 4, 30)),
        (Quarter(2026, 2), date(2026, 7, 30)),
        (Quarter(2026, 3), date(2026, 10, 30)),
        (Quarter(2026, 4), date(2027, 1, 30)),
    ],
)
def test_a_quarterly_report_is_due_on_the_thirtieth_of_the_next_month(quarter: Quarter, due: date) -> None:
    assert quarter.due == due


@dataclass(frozen=True)
class Dates:
    """An award of the year 2026 until the end of August; 120 days after is 29 December."""

    period_start: date = date(2026, 1, 1)
    period_end: date | None = date(2026, 8, 31)
    liquidation_date: date | None = None


AWARD = Dates()
FINAL = FinalPeriod(AWARD.period_start, date(2026, 12, 29))


def test_the_final_report_is_through_the_last_day_to_pay_and_due_that_day() -> None:
    assert sf425_periods.final_of(AWARD) == FINAL
    assert FINAL.due == date(2026, 12, 29)
    later = date(2027, 3, 31)
    assert sf425_periods.final_of(Dates(liquidation_date=later)) == FinalPeriod(AWARD.period_start, later)
    assert sf425_periods.final_of(Dates(period_end=None)) is None


def test_there_is_one_final_report_and_the_quarters_that_end_before_it() -> None:
    def offered(year: int, month: int, day: int) -> list[str]:
        return [str(period) for period in sf425_periods.choices(AWARD, date(year, month, day))]

    assert offered(2026, 8, 31) == ["2026Q3", "2026Q2", "2026Q1"]
    assert offered(2026, 9, 1) == ["final-2026-12-29", "2026Q3", "2026Q2", "2026Q1"]
    assert offered(2026, 10, 1) == ["final-2026-12-29", "2026Q3", "2026Q2", "2026Q1"]
    assert offered(2031, 1, 1) == offered(2026, 10, 1)
    assert [str(p) for p in sf425_periods.choices(AWARD, date(2025, 12, 1))] == ["2026Q1"]
    assert [str(p) for p in sf425_periods.choices(Dates(period_end=None), date(2026, 4, 1))] == [
        "2026Q2",
        "2026Q1",
    ]


@given(_DAYS, st.integers(0, 900), st.integers(0, 400), st.integers(-100, 2000))
def test_every_day_of_an_award_is_in_a_report_that_can_be_prepared_in_time(
    start: date, length: int, to_pay: int, today: int
) -> None:
    ends = start + timedelta(days=length)
    award = Dates(start, ends, ends + timedelta(days=to_pay))
    found = sf425_periods.choices(award, start + timedelta(days=today))
    assert [p.end for p in found] == sorted({p.end for p in found}, reverse=True)
    assert sum(p.final for p in found) <= 1
    everything = sf425_periods.choices(award, ends + timedelta(days=500))
    assert everything[0] == sf425_periods.final_of(award)
    assert everything[-1].start <= start
    for period in everything:
        sf425_periods.check_reportable(period, award)
        sf425_periods.check_reported_so(period, award)
        sf425_periods.check_over(period, award, period.due, unliquidated=1)


def test_the_final_report_is_prepared_on_its_last_day_or_once_all_is_paid() -> None:
    def may(month: int, day: int, unliquidated: int) -> bool:
        on = date(2026, month, day)
        return sf425_periods.may_prepare(FINAL, AWARD, on, unliquidated=unliquidated)

    assert [may(12, 28, 1), may(12, 29, 1)] == [False, True]
    assert [may(8, 31, 0), may(9, 1, 0)] == [False, True]
    with pytest.raises(QuarterNotOver, match="prepared on 2026-12-29"):
        sf425_periods.check_over(FINAL, AWARD, date(2026, 9, 1), unliquidated=1)


@pytest.mark.parametrize("period", [Quarter(2026, 4), FinalPeriod(date(2026, 1, 1), date(2026, 12, 30))])
def test_what_the_final_report_reports_is_not_reported_otherwise(
    period: sf425_periods.ReportingPeriod,
) -> None:
    with pytest.raises(TheFinalReportsIt, match="The last day to pay is 2026-12-29"):
        sf425_periods.check_reported_so(period, AWARD)


def test_a_period_is_read_as_it_is_written() -> None:
    for period in (Quarter(2026, 2), FINAL, FinalPeriod(AWARD.period_start, date(2027, 2, 1))):
        assert sf425_periods.parse(str(period), AWARD) == period
    assert sf425_periods.parse("final", AWARD) == FINAL
    for written in ("final-2026-13-01", "final-", "finally", "last"):
        with pytest.raises(NotAQuarter, match="2026Q3, or `final`"):
            sf425_periods.parse(written, AWARD)
    with pytest.raises(NotAQuarter):
        sf425_periods.parse("final", Dates(period_end=None))


@given(_CENTS, _CENTS, _CENTS, _CENTS, _CENTS, _CENTS, st.integers(0, 300))
def test_the_lines_that_are_worked_out_always_are_what_the_form_says(
    receipts: int, disbursements: int, authorized: int, expended: int, obligated: int, ours: int, percent: int
) -> None:
    f = Figures(receipts, disbursements, authorized, expended, obligated, ours, percent)
    assert f[Line.C] == f[Line.A] - f[Line.B]
    assert f[Line.G] == f[Line.E] + f[Line.F]
    assert f[Line.H] == f[Line.D] - f[Line.G]
    assert f[Line.K] == f[Line.I] - f[Line.J]
    assert 0 <= 100 * f[Line.I] - percent * f[Line.D] < 100


def test_books_in_which_two_ways_to_a_figure_differ_are_not_reported() -> None:
    sums = {Account.AUTHORIZED: -100, Account.AVAILABLE: 60, Account.RESERVED: 10, Account.OBLIGATED: 30}
    made = sf425.figures(sums, recipient_expended=0, match_percent=0)
    assert (made[Line.H], made[Line.F]) == (70, 30)
    with pytest.raises(BooksDisagree, match="10h"):
        sf425.figures(sums | {Account.AVAILABLE: 61}, recipient_expended=0, match_percent=0)
    with pytest.raises(BooksDisagree, match="10c"):
        sf425.figures(sums | {Account.CASH_BANK: 1}, recipient_expended=0, match_percent=0)


def test_the_arithmetic_is_shown_with_its_amounts() -> None:
    f = Figures(30_000, 12_000, 150_000, 12_000, 13_000, 2_000, 10)
    assert sf425.worked_out(Line.C, f) == "10a - 10b = $300.00 - $120.00"
    assert sf425.worked_out(Line.G, f) == "10e + 10f = $120.00 + $130.00"
    assert sf425.worked_out(Line.H, f) == "10d - 10g = $1,500.00 - $250.00"
    assert sf425.worked_out(Line.I, f) == "10% of 10d = 10% of $1,500.00, rounded up"
    assert sf425.worked_out(Line.K, f) == "10i - 10j = $150.00 - $20.00"
    assert "reservation is not an obligation" in sf425.worked_out(Line.F, f)
