"""The way of a child alone over several flights: one airline, every change named, and nobody overlooked."""

from __future__ import annotations

from typing import Any

import pytest

from reunify.eligibility.costs import LineOutcome
from reunify.eligibility.facts import facts_of
from reunify.rates.fields import dictionary
from reunify.rates.published import published
from tests.unit.cost_lines import ATLANTA, EL_PASO, cost, decided, leg, tried, trip, waiting_rules
from tests.unit.test_costs_minors import FARE, child, going

ALL_THE_WAY = FARE | {"leg": None}


def over(city: str, *carriers: str | None, again: str | None = None, **first: Any) -> list[dict[str, Any]]:
    """Two flights with a change in this city; the second nonstop."""
    place = {"city": city, "state": "TX"}
    return [
        leg(
            "home",
            "2026-11-07",
            ["child"],
            carrier=carriers[0],
            destination=place,
            **({"nonstop": "yes"} | first),
        ),
        leg(
            "on",
            "2026-11-07",
            ["child"],
            carrier=carriers[1],
            origin=place | {"city": again or city},
            departs="2026-11-07T18:00",
            arrives="2026-11-07T20:00",
            nonstop="yes",
        ),
    ]


def test_two_flights_with_a_short_stop_are_one_way_with_a_connection() -> None:
    legs = over("Dallas", "United", "United")
    assert waiting_rules(tried(going(legs))) == ["UM-ROUTE"]
    stayed = [legs[0], legs[1] | {"departs": "2026-11-09T18:00", "arrives": "2026-11-09T20:00"}]
    assert tried(going(stayed, ALL_THE_WAY)).payable == 30_000


def test_an_airline_that_hands_no_child_to_another_asks_for_another_plan() -> None:
    found = tried(going(over("Dallas", "American", "Delta", connections=["DFW"]), ALL_THE_WAY))
    assert found.outcome is LineOutcome.NEEDS_INFORMATION
    assert [q.pointer for q in found.questions] == ["/legs/1/carrier"]
    assert "does not hand a child" in found.reason.en
    one = going(over("Dallas", "American", "AA 1234", connections=["DFW"]), ALL_THE_WAY)
    assert tried(one).payable == 30_000  # one airline, written two ways


@pytest.mark.parametrize("carriers", [("Delta", "Alaska Airlines"), ("Delta", "Sample Air")])
def test_two_airlines_of_which_no_source_speaks_together_are_a_persons_question(
    carriers: tuple[str, str],
) -> None:
    found = tried(going(over("Dallas", *carriers, connections=["DFW"]), ALL_THE_WAY))
    assert "UM-AIRLINE" in waiting_rules(found)


def test_each_airline_of_the_way_has_to_take_a_child_of_this_age() -> None:
    found = tried(going(over("Dallas", "Delta", "Southwest"), ALL_THE_WAY, children=[child(4)]))
    assert [q.pointer for q in found.questions] == ["/legs/1/travelers"]  # Southwest is sure of it


def test_a_child_whom_both_airlines_take_as_anyone_may_change_from_one_to_the_other() -> None:
    request = going(over("Dallas", "American", "Delta"), ALL_THE_WAY, children=[child(15)])
    assert tried(request).payable == 30_000


def test_a_flight_whose_airline_nobody_told_is_asked_about_whatever_the_other_is() -> None:
    found = tried(going(over("Dallas", "American", None, connections=["DFW"]), ALL_THE_WAY))
    assert [q.pointer for q in found.questions] == ["/legs/1/carrier"]


@pytest.mark.parametrize(
    ("first", "pointer"),
    [
        ({"nonstop": "yes", "connections": ["DFW"]}, None),
        ({"nonstop": "yes"}, "/legs/0/connections"),  # the change in Dallas has no airport yet
        ({"nonstop": "no", "connections": ["CLT"]}, "/legs/0/connections"),  # one of two is named
        ({"nonstop": "no", "connections": ["CLT", "DFW"]}, None),
        ({"nonstop": "no", "connections": ["CLT", "DAL"]}, "/legs/0/connections"),  # not one of its airports
        ({"nonstop": "unknown", "connections": ["CLT"]}, "/legs/0/nonstop"),
    ],
)
def test_each_airport_of_a_change_is_named_and_one_of_the_airlines(
    first: dict[str, Any], pointer: str | None
) -> None:
    found = tried(going(over("Dallas", "American", "American", **first), ALL_THE_WAY))
    assert [q.pointer for q in found.questions] == ([pointer] if pointer else [])
    assert (found.payable == 30_000) is (pointer is None)


@pytest.mark.parametrize(("one", "other"), [("St. Louis", "Saint Louis"), ("Ft Worth", "FORT WORTH")])
def test_a_city_spelt_two_ways_is_one_change(one: str, other: str) -> None:
    legs = over(one, "American", "American", again=other)
    found = tried(going(legs, ALL_THE_WAY, children=[child(6)]))
    assert "nonstop flights only" in found.reason.en


@pytest.mark.parametrize(
    ("born", "accompanied"),
    [("2012-11-01", False), ("2010-11-08", False), ("2010-11-07", True), (None, True)],  # American: 16
)
def test_a_companion_is_an_adult_by_the_date_of_birth(born: str | None, accompanied: bool) -> None:
    cousin = {"key": "cousin", "name": "Sample Cousin", "role": "companion", "birth_date": born}
    legs = [leg("home", "2026-11-07", ["child", "cousin"], carrier="American", nonstop="yes")]
    request = trip(FARE, legs=legs, travelers=[cousin, child(4)])
    assert (tried(request).outcome is LineOutcome.PAYABLE) is accompanied


@pytest.mark.parametrize(("born", "adult"), [("2008-11-08", False), ("2008-11-07", True), (None, True)])
def test_who_is_not_yet_eighteen_is_no_adult_beside_the_child(born: str | None, adult: bool) -> None:
    cousin = {"key": "cousin", "name": "Sample Cousin", "role": "companion", "birth_date": born}
    legs = [leg("home", "2026-11-07", ["child", "cousin"])]
    request = trip(FARE, legs=legs, travelers=[cousin, child(9)])
    facts = facts_of(request, published=published(), guideline_limit_percent=200, dictionary=dictionary())
    assert facts["adult_travels_with_child"] is adult


def test_a_flight_of_a_child_alone_that_no_cost_pays_for_is_noticed() -> None:
    flight = [leg("home", "2026-11-07", ["child"], carrier="American", nonstop="yes")]
    papers = cost("travel_documents", 5_000)
    request = going(flight, papers)
    found = tried(request)
    assert waiting_rules(found) == ["UM-LEG"]
    assert "no ticket or fee" in found.reason.en
    assert decided(request, "met").payable == 5_000
    too_young = tried(going(flight, papers, children=[child(4)]))
    assert [q.pointer for q in too_young.questions] == ["/legs/0/travelers"]
    grown = tried(going(flight, papers, children=[child(18)]))
    assert grown.payable == 5_000


def test_a_word_about_one_flight_without_a_cost_is_not_about_another() -> None:
    papers = cost("travel_documents", 5_000)
    names = {
        tried(going([leg("home", day, ["child"], carrier="American", nonstop="yes")], papers)).cite
        for day in ("2026-11-07", "2026-11-08")
    }
    assert len(names) == 2


def test_a_partners_miles_and_a_fare_for_all_carry_the_flight() -> None:
    flight = [
        leg(
            "home",
            "2026-11-07",
            ["child"],
            carrier="American",
            nonstop="yes",
            origin=ATLANTA,
            destination=EL_PASO,
        )
    ]
    for fare in (
        cost("air_fare", 30_000),
        cost("air_fare", 30_000, settled="partner_gives", units=9_000, leg="home", traveler="child"),
    ):
        request = going(flight, cost("travel_documents", 5_000), fare)
        assert tried(request).payable == 5_000
