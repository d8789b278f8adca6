"""Published numbers by their date and place, and the dictionary of facts."""

from __future__ import annotations

from datetime import date

import pytest

from reunify.kernel.money import Money
from reunify.rates.closed_yaml import RuleFileBroken
from reunify.rates.fields import dictionary, load_dictionary
from reunify.rates.per_diem import MealParts
from reunify.rates.places import Town
from reunify.rates.published import NoPublishedRate, PlaceUnclear, fiscal_year, guideline_area, published
from reunify.rates.snapshots import parts_above

RATES = published()


def lodging(city: str, state: str, night: str, county: str | None = None) -> Money:
    place = Town(city, state, county=county)
    return RATES.lodging(place=place, night=date.fromisoformat(night)).amount


def dollars(amount: int) -> Money:
    return Money(amount * 100)


@pytest.mark.parametrize(
    ("city", "state", "county", "night", "expected"),
    [
        ("Amarillo", "TX", "Potter", "2026-09-30", 110),
        ("Joplin", "MO", "Jasper", "2026-10-01", 113),
        ("Atlanta", "GA", None, "2026-11-25", 188),
        ("ATLANTA", "GA", None, "2027-01-01", 207),
        ("Decatur", "GA", "DeKalb County", "2026-11-25", 188),  # not listed, but its county is
        ("Atlanta", "TX", "Cass", "2026-11-25", 113),  # the same name in another state
        ("Boston", "MA", None, "2026-10-31", 365),
        ("Boston", "MA", None, "2026-11-01", 213),
        ("Newton", "MA", "Middlesex", "2026-10-31", 187),
        ("Cambridge", "MA", "Middlesex", "2026-10-31", 365),  # the city wins over its county
        ("Washington", "DC", None, "2026-10-01", 287),
        ("Alexandria", "VA", None, "2026-10-01", 287),
        ("Bethesda", "MD", "Montgomery", "2026-10-01", 287),
        ("Brooklyn", "NY", None, "2026-10-01", 358),
        ("New York", "NY", None, "2027-01-15", 189),
        ("St Louis", "MO", None, "2026-10-05", None),
        ("Saint Louis", "MO", None, "2026-10-05", None),
        ("Fort Worth", "TX", None, "2026-10-05", 192),
        ("San Antonio", "TX", None, "2027-02-01", 149),
    ],
)
def test_a_night_is_priced_by_its_own_date_and_place(
    city: str, state: str, county: str | None, night: str, expected: int | None
) -> None:
    found = lodging(city, state, night, county)
    if expected is None:
        assert found == lodging("St. Louis", "MO", night) > dollars(113)
    else:
        assert found == dollars(expected)


def test_the_city_of_a_spelt_out_fort_and_saint_is_the_short_one() -> None:
    assert lodging("Ft. Worth", "TX", "2026-10-05") == lodging("Fort Worth", "TX", "2026-10-05")


def test_a_year_not_yet_published_uses_the_last_one_and_says_so() -> None:
    rate = RATES.lodging(place=Town("Atlanta", "GA"), night=date(2028, 2, 29))
    assert (rate.amount, rate.provisional, rate.fiscal_year) == (dollars(207), True, 2027)
    assert not RATES.lodging(place=Town("Atlanta", "GA"), night=date(2027, 2, 28)).provisional


@pytest.mark.parametrize(
    ("place", "night", "room", "meals"),
    [
        (Town("Honolulu", "HI"), "2026-04-30", 202, 163),
        (Town("Kihei", "HI", county="Maui"), "2026-04-30", 354, 153),  # the island by its county
        (Town("Hilo", "HI"), "2026-04-30", 199, 146),
        (Town("Soldotna", "AK"), "2026-04-30", 199, 143),  # one row for two towns
        (Town("Anchorage", "AK"), "2026-04-30", 329, 148),
        (Town("Anchorage", "AK"), "2026-10-01", 239, 148),  # its winter runs over the new year
        (Town("Anchorage", "AK"), "2027-03-31", 239, 148),
        (Town("Anchorage", "AK"), "2027-04-01", 329, 148),
        (Town("San Juan", "PR"), "2026-04-30", 295, 148),
        (Town("San Juan", None, "PR"), "2026-04-30", 295, 148),  # told as a country of its own
        (Town("Paris", None, "FR"), "2026-04-30", 511, 173),
        (Town("Bogotá", None, "CO"), "2026-04-30", 405, 171),  # the table writes no accents
        (Town("Somewhere", None, "MX"), "2026-04-30", 141, 120),  # the rest of the country
        (Town("Georgetown", None, "AC"), "2026-04-30", 122, 29),  # Ascension Island
        (Town("Victoria Falls", None, "ZW"), "2026-12-01", 290, 108),
        (Town("Victoria Falls", None, "ZW"), "2026-11-30", 363, 115),
    ],
)
def test_abroad_and_in_alaska_the_april_snapshot_is_used(
    place: Town, night: str, room: int, meals: int
) -> None:
    day = date.fromisoformat(night)
    lodging_rate, meal_rate = RATES.lodging(place=place, night=day), RATES.mie(place=place, day=day)
    assert (lodging_rate.amount, meal_rate.full) == (dollars(room), dollars(meals))
    assert meal_rate.reduced.cents * 4 == meal_rate.full.cents * 3
    assert lodging_rate.provisional
    assert meal_rate.provisional
    assert lodging_rate.stale is meal_rate.stale is (day > date(2026, 4, 30))


@pytest.mark.parametrize(
    "place",
    [
        Town("Saipan", "MP"),
        Town("Kabul", None, "AF"),  # a row that prints no room rate
        Town("Nowhere", "XX"),
        Town("Nowhere", None, "XX"),
        Town("Boston", None),
    ],
)
def test_a_place_no_table_prices_has_no_rate(place: Town) -> None:
    with pytest.raises(NoPublishedRate):
        RATES.lodging(place=place, night=date(2026, 4, 25))


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (Town("Anything", "MA", zip="01001"), 158),
        (Town("Anything", None, zip="99401"), "standard"),  # the ZIP says the state, too
        (Town("Anything", "VA", zip="22201"), "District of Columbia, DC"),  # across the state line
        (Town("Northampton", "MA", zip="01054"), "Northampton, MA"),  # the city decides
        (Town("Leverett", "MA", county="Hampshire", zip="01054"), "Northampton, MA"),  # the county does
        (Town("Leverett", "MA", county="Franklin", zip="01054"), "standard"),
        (Town("Boston", "MA", zip="00000"), "Boston / Cambridge, MA"),  # no such ZIP: the city as told
    ],
)
def test_a_zip_code_narrows_the_place(place: Town, expected: str | int) -> None:
    rate = RATES.lodging(place=place, night=date(2026, 11, 25))
    if isinstance(expected, int):
        assert rate.place == "Springfield, MA"
    else:
        assert (rate.place == expected) if expected != "standard" else rate.standard


@pytest.mark.parametrize(
    ("place", "part"),
    [
        (Town("Leverett", "MA", zip="01054"), "county"),
        (Town("Leverett", "TX", zip="01054"), "zip"),
        (Town("Bellevue", "WA"), "county"),  # not listed, and its county is
        (Town("Bellevue", "WA", zip="00000"), "county"),  # no such ZIP
    ],
)
def test_a_zip_code_that_decides_nothing_asks_for_what_would(place: Town, part: str) -> None:
    with pytest.raises(PlaceUnclear) as unclear:
        RATES.lodging(place=place, night=date(2026, 11, 25))
    assert unclear.value.part == part


@pytest.mark.parametrize(
    ("place", "rate"),
    [
        (Town("Bellevue", "WA", county="King"), "Seattle, WA"),
        (Town("Bellevue", "WA", zip="98004"), "Seattle, WA"),
        (Town("Yakima", "WA", county="Yakima"), "standard rate"),
        (Town("Georgetown", "DC"), "District of Columbia, DC"),  # one place, whatever its part is called
        (Town("Metairie", "LA", county="Jefferson Parishes"), "New Orleans, LA"),
    ],
)
def test_a_city_not_listed_is_found_by_its_county_or_its_zip_code(place: Town, rate: str) -> None:
    assert RATES.lodging(place=place, night=date(2026, 11, 5)).place == rate


@pytest.mark.parametrize(
    ("place", "night", "rate"),
    [
        (Town("Boston", "MA", zip="01001"), date(2026, 9, 30), "Boston / Cambridge, MA"),  # the name first
        (Town("X", "MA", county="Suffolk", zip="01001"), date(2026, 9, 30), "Boston / Cambridge, MA"),
        (Town("X", "MA", zip="01001"), date(2026, 9, 30), "Springfield, MA"),  # no name: the ZIP
        (Town("Boston", "MA", zip="01001"), date(2026, 10, 1), "Springfield, MA"),  # its own year
    ],
)
def test_the_zip_table_of_2027_decides_an_earlier_night_only_where_no_name_does(
    place: Town, night: date, rate: str
) -> None:
    assert RATES.lodging(place=place, night=night).place == rate


def test_a_provisional_rate_says_what_it_awaits() -> None:
    old = RATES.lodging(place=Town("Paris", None, "FR"), night=date(2026, 4, 20))
    assert "published every month" in old.awaits
    early = RATES.mie(place=Town("Atlanta", "GA"), day=date(2027, 10, 1))
    assert "of that year is not published yet" in early.awaits
    assert RATES.mie(place=Town("Atlanta", "GA"), day=date(2027, 9, 30)).awaits == ""


def test_a_county_outside_its_zip_code_goes_to_a_person() -> None:
    with pytest.raises(NoPublishedRate):
        RATES.lodging(place=Town("X", "MA", county="Suffolk", zip="01054"), night=date(2026, 11, 25))


def test_meals_above_265_dollars_divide_15_25_40_and_the_rest_is_incidental() -> None:
    parts = parts_above(Money(26_600))
    assert parts == MealParts(Money(3_990), Money(6_650), Money(10_640), Money(5_320))
    assert parts_above(Money(26_500)) is None
    paris = RATES.mie(place=Town("Paris", None, "FR"), day=date(2026, 4, 1))
    assert paris.parts is None


def test_a_date_before_every_table_has_no_rate() -> None:
    with pytest.raises(NoPublishedRate):
        lodging("Atlanta", "GA", "2020-01-01")
    with pytest.raises(NoPublishedRate):
        RATES.mileage(day=date(2023, 12, 31))
    with pytest.raises(NoPublishedRate):
        RATES.guideline(on=date(2023, 6, 1), area="CONUS_DC", size=1)


@pytest.mark.parametrize(
    ("city", "state", "full", "reduced"), [("Joplin", "MO", 6_800, 5_100), ("Atlanta", "GA", 8_600, 6_450)]
)
def test_meals_on_a_first_or_last_day_are_the_published_three_quarters(
    city: str, state: str, full: int, reduced: int
) -> None:
    rate = RATES.mie(place=Town(city, state, county="Jasper"), day=date(2026, 11, 25))
    assert (rate.full.cents, rate.reduced.cents) == (full, reduced)


@pytest.mark.parametrize(
    ("day", "rate", "provisional"),
    [
        (date(2025, 12, 31), "0.700", False),
        (date(2026, 1, 1), "0.725", False),
        (date(2026, 12, 31), "0.725", False),
        (date(2027, 1, 1), "0.725", True),
    ],
)
def test_mileage_is_the_rate_of_the_day(day: date, rate: str, provisional: bool) -> None:
    found = RATES.mileage(day=day)
    assert (str(found.dollars_per_mile), found.provisional) == (rate, provisional)


@pytest.mark.parametrize(
    ("on", "area", "size", "expected"),
    [
        (date(2026, 11, 25), "CONUS_DC", 1, 15_960),
        (date(2026, 11, 25), "CONUS_DC", 4, 33_000),
        (date(2026, 11, 25), "AK", 4, 41_250),
        (date(2026, 11, 25), "HI", 1, 18_360),
        (date(2026, 11, 25), "CONUS_DC", 8, 55_720),
        (date(2026, 11, 25), "CONUS_DC", 10, 55_720 + 2 * 5_680),
        (date(2026, 1, 12), "CONUS_DC", 4, 32_150),  # the 2026 table takes effect on 13 January
        (date(2026, 1, 13), "CONUS_DC", 4, 33_000),
    ],
)
def test_the_guideline_is_the_one_in_force_on_the_day(on: date, area: str, size: int, expected: int) -> None:
    assert RATES.guideline(on=on, area=area, size=size).amount == dollars(expected)


def test_a_guideline_of_a_year_not_loaded_is_provisional() -> None:
    assert RATES.guideline(on=date(2027, 2, 1), area="CONUS_DC", size=1).provisional
    assert not RATES.guideline(on=date(2026, 1, 5), area="CONUS_DC", size=1).provisional


def test_guideline_areas_and_fiscal_years() -> None:
    assert [guideline_area(s) for s in ("TX", "AK", "HI", "PR", "XX", None)] == [
        "CONUS_DC",
        "AK",
        "HI",
        None,
        None,
        None,
    ]
    assert [fiscal_year(d) for d in (date(2026, 9, 30), date(2026, 10, 1))] == [2026, 2027]


def test_every_destination_and_county_of_the_table_finds_its_own_row() -> None:
    table = RATES._continental
    for (year, state, name), number in table.cities.items():
        assert table.destination(year, Town(name, state)) == number


def test_the_dictionary_offers_the_case_types() -> None:
    assert "missing_from_care" in dictionary().case_types
    assert len(dictionary().case_types) == 6


def test_a_field_that_leans_on_an_unknown_field_is_refused() -> None:
    body = dictionary().body.replace(
        b"[household_size, household_income,", b"[household_sise, household_income,"
    )
    with pytest.raises(RuleFileBroken, match="household_sise"):
        load_dictionary(body)
    with pytest.raises(RuleFileBroken, match="document, date, route, no"):
        load_dictionary(dictionary().body.replace(b"family_can_fix: no", b"family_can_fix: perhaps", 1))


def test_values_are_shown_in_words() -> None:
    words = dictionary()
    assert words["household_income"].shown(2_640_000) == "$26,400.00"
    assert words["child_recovered"].shown(None) == "not known yet"
    assert words["child_recovered"].shown(True) == "yes"
    assert words["purpose"].shown("visit_child") == "Visit the child"
    assert words["travel_start"].shown(date(2026, 9, 30)) == "2026-09-30"
