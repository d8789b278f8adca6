"""Rooms, meals and driving: every night and day by its own date and place, under, at and over the rate."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reunify.eligibility.costs import PRICES, LineFacts, LineOutcome
from reunify.eligibility.costs_per_diem import day_of_meals, meal_days, taken_off
from reunify.eligibility.lines import town
from reunify.intake.form import Place
from reunify.kernel.canonical import canonical
from reunify.rates.published import MealRate, published
from reunify.rules.model import Decision
from tests.unit.cost_lines import (
    ATLANTA,
    JOPLIN,
    PARIS,
    cost,
    decided,
    facts_of_lines,
    tried,
    trip,
    waiting_rules,
)

YES, NO = Decision("met", date(2026, 11, 1)), Decision("not_met", date(2026, 11, 1))


def room(quote: int, **more: Any) -> dict[str, Any]:
    return cost("lodging", quote, **({"night": "2026-11-05", "place": ATLANTA} | more))


def meals(**more: Any) -> dict[str, Any]:
    days = {"first_day": "2026-11-05", "last_day": "2026-11-07", "place": ATLANTA, "traveler": "mother"}
    return cost("meals", 900_000, **(days | more))


def test_each_priced_line_keeps_the_name_and_version_of_the_function_that_priced_it() -> None:
    night, days, fare = facts_of_lines(trip(room(18_800), meals(), cost("air_fare", 40_000)))
    assert (night.worked_out_by, days.worked_out_by) == ("lodging_for_a_night@1", "meals_for_days@1")
    assert "worked_out_by" not in fare.content()  # priced as quoted, and written as it always was
    assert LineFacts.from_content(night.content()) == night
    assert all(by.source for by in PRICES.values())


@pytest.mark.parametrize(
    ("quote", "tax", "paid"),
    [
        (18_799, 0, 18_799),
        (18_800, 0, 18_800),  # Atlanta, FY2027 to December: $188
        (18_801, 0, 18_800),
        (21_599, 2_800, 21_599),
        (21_600, 2_800, 21_600),  # the rate and the tax apart
        (21_601, 2_800, 21_600),
    ],
)
def test_a_room_is_paid_up_to_the_rate_and_its_tax_apart(quote: int, tax: int, paid: int) -> None:
    found = tried(trip(room(quote, tax_cents=tax)))
    assert (found.outcome, found.payable) == (LineOutcome.PAYABLE, paid)
    assert found.cite == "GSA per diem FY2027, Atlanta, GA (lodging, tax apart)"
    assert ("$28.00 tax" in found.reason.en) is bool(tax)
    assert ("$28.00 de impuestos" in found.reason.es) is bool(tax)


@pytest.mark.parametrize(("tax", "asked"), [(4_699, False), (4_700, False), (4_701, True)])
def test_a_tax_of_more_than_a_quarter_of_the_rate_goes_to_a_person(tax: int, asked: bool) -> None:
    request = trip(room(18_800 + tax, tax_cents=tax))
    assert (waiting_rules(tried(request)) == ["PD-TAX"]) is asked
    assert "Set by the organisation" in tried(request).cite or not asked
    assert decided(request, "met").payable == 18_800 + tax


def test_one_way_of_counting_for_the_whole_trip_where_the_money_is_federal() -> None:
    dear, plain = room(30_000, actual_expense=True), room(9_000, key="other", night="2026-11-06")
    mixed = trip(dear, plain)
    assert waiting_rules(tried(mixed, federal=True)) == ["PD-005", "TR-001"]
    assert waiting_rules(tried(mixed)) == ["PD-005"]
    alike = trip(dear, plain | {"actual_expense": True})
    assert waiting_rules(tried(alike, federal=True)) == ["PD-005"]
    given = trip(dear, plain | {"settled": "partner_gives"})
    assert waiting_rules(tried(given, federal=True)) == ["PD-005"]


@pytest.mark.parametrize(("night", "rate"), [("2026-09-30", 11_000), ("2026-10-01", 11_300)])
def test_a_room_takes_the_year_of_its_own_night(night: str, rate: int) -> None:
    assert tried(trip(room(99_999, night=night, place=JOPLIN))).payable == rate


def test_meals_over_the_new_year_of_rates_take_both_years() -> None:
    line = meals(first_day="2026-09-29", last_day="2026-10-02", place=JOPLIN)
    found = tried(trip(line))
    assert found.payable == 4 * 6_800  # $68 in both years, and no travel day among them
    assert "FY2026" in found.cite
    assert "FY2027" in found.cite


def test_the_first_and_last_day_of_travel_are_three_quarters() -> None:
    found = tried(trip(meals()))
    assert found.payable == 6_450 + 8_600 + 6_450
    assert "2 at 75%" in found.reason.en
    assert "2 al 75%" in found.reason.es


@pytest.mark.parametrize(
    ("provided", "cents"),
    [
        ([], 6_450 + 8_600 + 6_450),
        (["2026-11-06 lunch"], 6_450 + 6_300 + 6_450),  # $23 of the $86 day
        (["2026-11-06 lunch", "2026-11-06 lunch"], 6_450 + 6_300 + 6_450),  # said twice, given once
        (["2026-11-05 dinner"], 2_850 + 8_600 + 6_450),  # the full $36, even on a 75% day
        (["2026-11-05 dinner", "2026-11-05 lunch"], 550 + 8_600 + 6_450),
        (
            ["2026-11-05 dinner", "2026-11-05 lunch", "2026-11-05 breakfast"],
            500 + 8_600 + 6_450,
        ),  # never below $5
        (["2026-11-06 breakfast hotel", "2026-11-06 dinner carrier"], 6_450 + 8_600 + 6_450),
    ],
)
def test_meals_given_by_others_are_taken_off_but_not_a_carriers_or_a_hotels(
    provided: list[str], cents: int
) -> None:
    assert tried(trip(meals(provided_meals=provided))).payable == cents


def test_a_place_without_a_division_by_meal_leaves_the_deduction_to_a_person() -> None:
    line = meals(
        first_day="2026-04-10", last_day="2026-04-10", place=PARIS, provided_meals=["2026-04-10 lunch"]
    )
    found = tried(trip(line))
    assert found.outcome is LineOutcome.NEEDS_STAFF_DECISION
    assert waiting_rules(found) == ["PD-002"]
    yes = decided(trip(line), "met")
    assert yes.payable == 17_300  # the full day and not more: the person writes the lower quote
    assert tried(trip(line | {"provided_meals": []})).payable == 17_300


def test_a_snapshot_is_provisional_in_its_month_and_a_persons_after_it() -> None:
    paris = room(30_000, place=PARIS)
    april = tried(trip(paris | {"night": "2026-04-30"}))
    assert (april.outcome, april.payable, april.provisional) == (LineOutcome.PAYABLE, 30_000, True)
    later = trip(paris | {"night": "2026-05-01"})
    assert tried(later).outcome is LineOutcome.NEEDS_STAFF_DECISION
    (decides,) = tried(later).decides
    yes = tried(later, decisions={decides: YES})
    assert (yes.outcome, yes.payable, yes.provisional) == (LineOutcome.PAYABLE, 30_000, True)
    assert tried(later, decisions={decides: NO}).outcome is LineOutcome.NOT_THIS_SOURCE


def test_a_place_no_table_prices_is_paid_as_quoted_only_on_a_persons_word() -> None:
    request = trip(room(9_000, place={"city": "Saipan", "state": "MP"}, ceiling_cents=9_500))
    found = tried(request)
    assert (found.outcome, found.payable) == (LineOutcome.NEEDS_STAFF_DECISION, 0)
    yes = tried(request, decisions={found.decides[0]: YES})
    assert (yes.payable, yes.ceiling) == (9_000, 9_500)


@pytest.mark.parametrize(("quote", "paid"), [(56_399, 56_399), (56_400, 56_400), (56_401, 56_400)])
def test_actual_expense_is_up_to_three_times_the_rate_and_a_person_says_so(quote: int, paid: int) -> None:
    request = trip(room(quote, actual_expense=True))
    waiting = tried(request)
    assert waiting_rules(waiting) == ["PD-005"]
    assert "$564.00" in waiting.reason.en
    assert decided(request, "met").payable == paid
    assert decided(request, "not_met").payable == 18_800


def test_asking_for_actual_expense_within_the_rate_asks_nobody() -> None:
    assert tried(trip(room(18_800, actual_expense=True))).payable == 18_800


@pytest.mark.parametrize(
    ("place", "pointer"),
    [
        (None, "/cost_lines/0/place"),
        ({"city": "Leverett"}, "/cost_lines/0/place/state"),
        ({"city": "Leverett", "state": "MA", "zip": "01054"}, "/cost_lines/0/place/county"),
        ({"city": "Leverett", "state": "TX", "zip": "01054"}, "/cost_lines/0/place/zip"),
    ],
)
def test_a_place_not_told_well_enough_is_a_question(place: Any, pointer: str) -> None:
    found = tried(trip(room(9_000, place=place)))
    assert found.outcome is LineOutcome.NEEDS_INFORMATION
    assert [q.pointer for q in found.questions] == [pointer]


def test_a_zip_code_alone_prices_a_room() -> None:
    assert tried(trip(room(99_999, place={"city": "New York", "zip": "10001"}))).payable == 35_800


@pytest.mark.parametrize(
    ("miles", "cents"),
    [(1, 73), (2, 145), (1280, 92_800)],  # 72.5 cents a mile, half a cent up
)
def test_driving_is_miles_at_the_rate_of_the_day(miles: int, cents: int) -> None:
    assert tried(trip(cost("mileage", 900_000, miles=miles))).payable == cents


DAYS = st.dates(date(2024, 10, 1), date(2027, 9, 1))
PLACES = st.sampled_from([ATLANTA, JOPLIN, {"city": "Washington", "state": "DC"}])
MEALS = st.sets(st.tuples(st.integers(0, 59), st.sampled_from(["breakfast", "lunch", "dinner"])), max_size=20)


@settings(max_examples=60, deadline=None)
@given(start=DAYS, count=st.integers(1, 60), place=PLACES, ends=st.sets(st.integers(0, 59)), given_=MEALS)
def test_days_of_meals_are_the_sum_of_each_day_and_never_more_than_the_daily_rates(
    start: date, count: int, place: dict[str, str], ends: set[int], given_: set[tuple[int, str]]
) -> None:
    """Over a month, a season or a fiscal year: cutting the days in two anywhere changes nothing."""
    days = [start + timedelta(days=n) for n in range(count)]
    reduced = frozenset(start + timedelta(days=n) for n in ends)
    provided = taken_off([f"{start + timedelta(days=n)} {meal}" for n, meal in given_])
    where = Place.model_validate(place)

    def cents(some: list[date]) -> int:
        return meal_days(some, where, reduced, provided, published()).cents

    each = [cents([day]) for day in days]
    assert cents(days) == sum(each)
    half = count // 2
    assert cents(days[:half]) + cents(days[half:]) == cents(days)
    for day, paid in zip(days, each, strict=True):
        rate = rate_of(where, day)
        assert 500 <= paid <= (rate.reduced if day in reduced else rate.full).cents


def rate_of(place: Place, day: date) -> MealRate:
    rate = published().mie(place=town(place), day=day)
    assert rate.parts is not None
    assert day_of_meals(rate, reduced=False) == rate.full
    return rate


def test_what_is_kept_repeats_the_answer_byte_for_byte() -> None:
    request = trip(
        room(60_000, actual_expense=True, tax_cents=2_000),
        meals(provided_meals=["2026-11-06 lunch"]),
        room(9_000, key="abroad", place=PARIS),
    )
    kept = facts_of_lines(request)
    again = tuple(LineFacts.from_content(line.content()) for line in kept)
    assert again == kept
    for line, other in zip(kept, again, strict=True):
        assert canonical(line.content()) == canonical(other.content())


def test_a_line_costs_nothing_to_a_source_that_pays_other_things() -> None:
    assert tried(trip(room(9_000)), pays=("meals",)).outcome is LineOutcome.NOT_THIS_SOURCE
    assert tried(trip(room(9_000)), pays=("lodging",)).payable == 9_000
