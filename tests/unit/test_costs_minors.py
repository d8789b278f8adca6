"""A child who travels without an adult: each carrier's ages, routes, hours and fee."""

from __future__ import annotations

from typing import Any

import pytest

from reunify.documents import glossary
from reunify.eligibility import (
    carrier_checks,
    costs,
    costs_per_diem,
    fares,
    ground,
    line_questions,
    line_tests,
    minors,
)
from reunify.eligibility.costs import LineOutcome
from reunify.eligibility.ground import with_ground_rule
from reunify.rates.fields import Words
from reunify.rates.places import rules_folder
from reunify.rates.published import published
from tests.unit.cost_lines import (
    ATLANTA,
    EL_PASO,
    cost,
    decided,
    facts_of_lines,
    leg,
    tried,
    trip,
    waiting_rules,
)


def alone(carrier: str | None, **more: Any) -> list[dict[str, Any]]:
    return [leg("home", "2026-11-07", ["child"], carrier=carrier, **({"nonstop": "yes"} | more))]


def child(age: int | None, key: str = "child", name: str = "Sample Child") -> dict[str, Any]:
    made = {"key": key, "name": name, "role": "child"}
    return made | ({"birth_date": f"{2026 - age}-01-01"} if age is not None else {})


def going(
    legs: list[dict[str, Any]], *lines: dict[str, Any], children: list[dict[str, Any]] | None = None
) -> Any:
    mother = {"key": "mother", "name": "Sample Mother", "role": "parent"}
    return trip(*(lines or (FARE,)), legs=legs, travelers=[mother, *(children or [child(9)])])


FARE = cost("air_fare", 30_000, leg="home", traveler="child")


def fee(quote: int = 15_000, **more: Any) -> dict[str, Any]:
    return cost("unaccompanied_minor_fee", quote, **({"leg": "home", "traveler": "child"} | more))


def test_a_child_with_an_adult_on_the_leg_is_asked_nothing() -> None:
    legs = [leg("home", "2026-11-07", ["mother", "child"], carrier="Allegiant Air")]
    assert tried(going(legs)).payable == 30_000


@pytest.mark.parametrize(
    ("carrier", "age", "outcome"),
    [
        ("American Airlines", 4, LineOutcome.NEEDS_INFORMATION),
        ("American Airlines", 5, LineOutcome.PAYABLE),
        ("American Airlines", 14, LineOutcome.PAYABLE),
        ("American Airlines", 15, LineOutcome.PAYABLE),
        ("Southwest", 4, LineOutcome.NEEDS_INFORMATION),
        ("Southwest", 11, LineOutcome.PAYABLE),
        ("Southwest", 12, LineOutcome.PAYABLE),  # a young traveler, no service needed
        ("Allegiant Air", 14, LineOutcome.NEEDS_STAFF_DECISION),
        ("Allegiant Air", 15, LineOutcome.PAYABLE),
        ("Frontier Airlines", 14, LineOutcome.NEEDS_STAFF_DECISION),
        ("Breeze", 12, LineOutcome.NEEDS_STAFF_DECISION),
        ("Breeze", 13, LineOutcome.NEEDS_STAFF_DECISION),  # LOW: a person, whatever the age below 18
        ("Breeze", 17, LineOutcome.NEEDS_STAFF_DECISION),
        ("Breeze", 18, LineOutcome.PAYABLE),
        ("Sun Country", 14, LineOutcome.NEEDS_STAFF_DECISION),
        ("Hawaiian", 12, LineOutcome.NEEDS_STAFF_DECISION),
        ("Spirit", 15, LineOutcome.NEEDS_STAFF_DECISION),
        ("Delta", 15, LineOutcome.PAYABLE),  # the source says that the service is optional from 15
        ("Alaska Airlines", 13, LineOutcome.PAYABLE),
        ("United", 14, LineOutcome.PAYABLE),
        ("United", 15, LineOutcome.NEEDS_STAFF_DECISION),  # no source says how a child of 15 goes
        ("JetBlue", 15, LineOutcome.NEEDS_STAFF_DECISION),
        ("Spirit", 9, LineOutcome.NEEDS_STAFF_DECISION),  # LOW: confirmed live
        ("Sample Air", 9, LineOutcome.NEEDS_STAFF_DECISION),  # no rules on file
        ("Sample Air", 18, LineOutcome.PAYABLE),
    ],
)
def test_ages_at_and_beside_each_carriers_limits(carrier: str, age: int, outcome: LineOutcome) -> None:
    assert tried(going(alone(carrier), children=[child(age)])).outcome is outcome


def test_only_a_rule_that_is_sure_asks_for_another_plan_and_no_persons_word_carries_it() -> None:
    young = going(alone("American Airlines"), children=[child(4)])
    sure = tried(young)
    assert "an adult has to travel along" in sure.reason.en
    assert [q.pointer for q in sure.questions] == ["/legs/0/travelers"]
    assert sure.decides == ()
    assert decided(young, "met").payable == 0
    likely = going(alone("Allegiant"), children=[child(14)])
    assert waiting_rules(tried(likely)) == ["UM-AGE"]
    assert decided(likely, "met").payable == 30_000


def test_another_plan_is_the_answer() -> None:
    stop = alone("American", nonstop="no", connections=["DFW"])
    asked = tried(going(stop, children=[child(7)]))
    assert [q.pointer for q in asked.questions] == ["/legs/0/nonstop"]
    assert tried(going([stop[0] | {"nonstop": "yes"}], children=[child(7)])).payable == 30_000
    denver = alone("American", nonstop="no", connections=["DEN"])
    assert [q.pointer for q in tried(going(denver)).questions] == ["/legs/0/connections"]
    assert tried(going([denver[0] | {"connections": ["CLT"]}])).payable == 30_000
    with_mother = [denver[0] | {"travelers": ["mother", "child"]}]
    assert tried(going(with_mother)).payable == 30_000


@pytest.mark.parametrize(
    ("carrier", "age", "route", "outcome"),
    [
        ("American", 7, {"nonstop": "no", "connections": ["DFW"]}, LineOutcome.NEEDS_INFORMATION),
        ("American", 7, {"nonstop": "yes"}, LineOutcome.PAYABLE),
        ("American", 8, {"nonstop": "no", "connections": ["DFW"]}, LineOutcome.PAYABLE),
        ("American", 8, {"nonstop": "no", "connections": ["DEN"]}, LineOutcome.NEEDS_INFORMATION),
        ("American", 8, {"nonstop": "no", "connections": ["DFW", "DEN"]}, LineOutcome.NEEDS_INFORMATION),
        ("American", 8, {"nonstop": "no"}, LineOutcome.NEEDS_INFORMATION),
        ("American", 8, {"nonstop": "unknown"}, LineOutcome.NEEDS_INFORMATION),
        ("United", 14, {"nonstop": "no", "connections": ["ORD"]}, LineOutcome.NEEDS_STAFF_DECISION),
        ("Delta", 9, {"nonstop": "no", "connections": ["ATL"]}, LineOutcome.PAYABLE),
        ("Alaska Airlines", 8, {"nonstop": "unknown"}, LineOutcome.PAYABLE),  # connections anywhere
        ("Delta", 9, {"departs": "2026-11-07T20:59"}, LineOutcome.PAYABLE),
        ("Delta", 9, {"departs": "2026-11-07T21:00"}, LineOutcome.NEEDS_STAFF_DECISION),
        ("Delta", 9, {"departs": "2026-11-07T04:59"}, LineOutcome.NEEDS_STAFF_DECISION),
        ("Delta", 9, {"departs": "2026-11-07T05:00"}, LineOutcome.PAYABLE),
    ],
)
def test_routes_and_hours_at_and_beside_each_carriers_limits(
    carrier: str, age: int, route: dict[str, Any], outcome: LineOutcome
) -> None:
    late = {"arrives": "2026-11-07T23:59"}
    assert tried(going(alone(carrier, **(late | route)), children=[child(age)])).outcome is outcome


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"carrier": None}, "/legs/0/carrier"),
        ({"nonstop": "unknown"}, "/legs/0/nonstop"),
    ],
)
def test_what_the_carriers_rule_needs_and_nobody_told_is_a_question(
    change: dict[str, Any], pointer: str
) -> None:
    legs = [alone("American")[0] | change]
    assert [q.pointer for q in tried(going(legs)).questions] == [pointer]


def test_an_age_nobody_told_is_a_question_for_the_second_child_only() -> None:
    """The child of the case has its age told; a brother without a date of birth has not."""
    brother = child(None, "brother", "Sample Brother")
    legs = [leg("home", "2026-11-07", ["brother"], carrier="American", nonstop="yes")]
    line = cost("air_fare", 30_000, leg="home", traveler="brother")
    found = tried(going(legs, line, children=[child(None), brother]))
    assert [q.pointer for q in found.questions] == ["/travelers/2/birth_date"]
    assert tried(going(alone("American"), children=[child(None), brother])).payable == 30_000


@pytest.mark.parametrize(
    ("carrier", "mode", "category", "age", "outcome"),
    [
        ("Amtrak", "rail", "rail_fare", 12, LineOutcome.NEEDS_INFORMATION),
        ("Amtrak", "rail", "rail_fare", 13, LineOutcome.NEEDS_STAFF_DECISION),  # by phone only
        ("Amtrak", "rail", "rail_fare", 16, LineOutcome.PAYABLE),
        ("Greyhound", "bus", "bus_fare", 12, LineOutcome.NEEDS_STAFF_DECISION),
        ("Greyhound", "bus", "bus_fare", 17, LineOutcome.NEEDS_STAFF_DECISION),
    ],
)
def test_trains_and_buses_have_rules_of_their_own(
    carrier: str, mode: str, category: str, age: int, outcome: LineOutcome
) -> None:
    line = cost(category, 9_000, leg="home", traveler="child")
    found = tried(going(alone(carrier, mode=mode), line, children=[child(age)]))
    assert found.outcome is outcome


@pytest.mark.parametrize(
    ("compact", "mode", "children", "asked"),
    [
        ("shown", "rail", [child(16)], ["IC-GROUND"]),
        ("shown", "rail", [child(18)], []),
        ("shown", "air", [child(16)], []),
        ("not_ruled_out", "rail", [child(16)], []),  # a person is asked about the home state first
        ("ruled_out", "rail", [child(16)], []),
    ],
)
def test_a_juvenile_the_home_state_must_return_rides_no_train_alone_without_a_persons_word(
    compact: str, mode: str, children: list[dict[str, Any]], asked: list[str]
) -> None:
    line = cost(f"{mode}_fare", 9_000, leg="home", traveler="child")
    carrier = {"rail": "Amtrak", "air": "American"}[mode]
    request = going(alone(carrier, mode=mode), line, children=children)
    (found,) = with_ground_rule(facts_of_lines(request), request, {"compact_applies": compact}, published())
    assert [check.rule for check in found.checks if check.rule == "IC-GROUND"] == asked
    assert all("Rule 7-106" in check.cite for check in found.checks if check.rule == "IC-GROUND")


def test_a_brother_old_enough_for_the_carrier_counts_as_company() -> None:
    legs = [leg("home", "2026-11-07", ["child", "brother"], carrier="American", nonstop="yes")]
    for age, waits in ((15, True), (16, False)):
        request = going(legs, fee(), children=[child(4), child(age, "brother", "Sample Brother")])
        found = tried(request)
        assert ("does not take a child" in found.reason.en) is waits


@pytest.mark.parametrize("quote", [14_999, 15_000])
def test_a_sure_fee_is_paid_up_to_what_the_carrier_publishes(quote: int) -> None:
    found = tried(going(alone("American"), fee(quote)))
    assert (found.payable, found.awaits) == (quote, "this airline's fee is confirmed when we book")
    assert "the airline staff who look after your child, one way: up to $150.00" in found.reason.en
    assert "que cuida a su hijo o hija" in found.reason.es
    assert "confirmed when we book" in found.reason.en
    assert tried(going(alone("American"), fee(16_125, tax_cents=1_125))).payable == 16_125


def test_a_sure_fee_one_cent_higher_at_booking_goes_to_a_person_who_may_allow_it() -> None:
    dearer = going(alone("American"), fee(15_001))
    assert waiting_rules(tried(dearer)) == ["UM-FEE"]
    assert decided(dearer, "met").payable == 15_001
    assert decided(dearer, "not_met").payable == 15_000


@pytest.mark.parametrize("carrier", ["Alaska Airlines", "JetBlue"])
def test_a_fee_for_one_child_is_never_taken_for_a_fee_for_each(carrier: str) -> None:
    two = [child(9), child(10, "b", "Sample B")]
    legs = [leg("home", "2026-11-07", ["child", "b"], carrier=carrier, nonstop="yes")]
    assert waiting_rules(tried(going(legs, fee(5_000, traveler=None), children=two))) == ["UM-FEE"]
    alone_there = [legs[0] | {"travelers": ["child"]}]
    assert tried(going(alone_there, fee(5_000, traveler=None), children=two)).payable == 5_000


def test_a_likely_fee_that_is_higher_at_booking_goes_to_a_person() -> None:
    assert tried(going(alone("Delta"), fee(15_000))).payable == 15_000
    dearer = going(alone("Delta"), fee(17_500))
    assert waiting_rules(tried(dearer)) == ["UM-FEE"]
    assert decided(dearer, "met").payable == 17_500
    assert decided(dearer, "not_met").payable == 15_000


@pytest.mark.parametrize("carrier", ["Southwest", "Spirit", "Hawaiian", "Sample Air"])
def test_a_fee_nobody_is_sure_of_only_asks_a_person(carrier: str) -> None:
    found = tried(going(alone(carrier), fee()))
    assert found.outcome is LineOutcome.NEEDS_STAFF_DECISION
    assert found.decides


def test_there_and_back_is_two_fees_and_a_line_without_a_leg_takes_both() -> None:
    legs = [
        leg("out", "2026-11-05", ["child"], carrier="American", nonstop="yes"),
        leg(
            "home",
            "2026-11-07",
            ["child"],
            carrier="American",
            nonstop="yes",
            origin=ATLANTA,
            destination=EL_PASO,
        ),
    ]
    assert decided(going(legs, fee(99_999, leg=None)), "not_met").payable == 30_000
    assert decided(going(legs, fee(99_999), FARE | {"leg": None}), "not_met").payable == 15_000


def test_one_fee_covers_the_children_who_fly_together_as_the_carrier_counts() -> None:
    three = [child(9), child(8, "b", "Sample B"), child(10, "c", "Sample C")]
    for carrier, expected in (("American", [15_000, 0, 0]), ("United", [15_000, 15_000, 0])):
        legs = [leg("home", "2026-11-07", ["child", "b", "c"], carrier=carrier, nonstop="yes")]
        lines = [fee(15_000, key=f"fee-{who}", traveler=who) for who in ("child", "b", "c")]
        request = going(legs, *lines, children=three)
        paid = [decided(request, "not_met", number).payable for number in range(3)]
        assert paid == expected, carrier


def test_the_fee_of_an_airline_that_charges_by_connection_asks_whether_it_is_nonstop() -> None:
    unknown = going(alone("Alaska Airlines", nonstop="unknown"), fee(7_500))
    assert [q.pointer for q in tried(unknown).questions] == ["/legs/0/nonstop"]
    stop = going(alone("Alaska Airlines", nonstop="no", connections=["SEA"]), fee(7_500))
    assert tried(stop).payable == 7_500


def test_a_fee_where_no_child_travels_alone_goes_to_a_person() -> None:
    legs = [leg("home", "2026-11-07", ["mother", "child"], carrier="American")]
    assert waiting_rules(tried(going(legs, fee()))) == ["UM-FEE"]


def test_no_sentence_about_a_cost_uses_a_word_that_hurts() -> None:
    avoided = glossary.load(rules_folder().parent / "document_templates")
    spoken = [w for module in SPEAKING for w in words_in(module)]
    spoken += fares.EXCEPTIONS.values()
    spoken += [text for _, text, _, _ in line_questions.ASKED.values()]
    assert len(spoken) > 40
    for words in spoken:
        assert glossary.avoided_in(words.en, "en", avoided) == []
        assert glossary.avoided_in(words.es, "es", avoided) == []


SPEAKING = (carrier_checks, costs, costs_per_diem, fares, ground, line_tests, minors)


def words_in(module: Any) -> list[Words]:
    return [value for value in vars(module).values() if isinstance(value, Words)]
