"""What a cost may be paid, by its date, its place and its carrier."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from pytest_bdd import given, parsers, then, when

from reunify.eligibility.costs import LineOutcome, LineTest, try_line
from reunify.eligibility.facts import Facts
from reunify.eligibility.ground import with_ground_rule
from reunify.kernel.money import Money
from reunify.rates.published import published
from reunify.rules.model import Decision
from tests.unit import cost_lines
from tests.unit.cost_lines import ATLANTA, EL_PASO, JOPLIN, PARIS, TORONTO

_PLACES = {"Atlanta": ATLANTA, "Joplin": JOPLIN, "Paris": PARIS, "Toronto": TORONTO}
_GIVEN = {
    "nothing": [],
    "a lunch on the full day": ["2026-11-06 lunch"],
    "every meal on the first day": [f"2026-11-05 {meal}" for meal in ("breakfast", "lunch", "dinner")],
    "a breakfast that is the hotel's own": ["2026-11-06 breakfast hotel"],
}
_REASONS = {
    "a medical need": "medical_need",
    "unreasonable hours": "unreasonable_hours",
    "nothing told": None,
}
_ROUTES: dict[str, dict[str, Any]] = {
    "nonstop": {"nonstop": "yes"},
    "through Dallas": {"nonstop": "no", "connections": ["DFW"]},
    "through Denver": {"nonstop": "no", "connections": ["DEN"]},
}
_FUNDS: dict[str, dict[str, Any]] = {
    "our own fund": {},
    "federal money": {"federal": True},
    "the fund of miles": {"unit": "mile", "pays": ("air_fare",)},
}


@dataclass
class Cost:
    """One cost of a small trip, and who was asked about it."""

    line: dict[str, Any] = field(default_factory=dict)
    trip: dict[str, Any] = field(default_factory=dict)
    fund: dict[str, Any] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)
    compact: str = "ruled_out"

    @property
    def test(self) -> LineTest:
        request = cost_lines.trip(self.line, **self.trip)
        facts: Facts = {"compact_applies": self.compact}
        lines = with_ground_rule(cost_lines.facts_of_lines(request), request, facts, published())
        return try_line(lines[0], cost_lines.book(**self.fund), self.decisions)


@pytest.fixture
def a_cost() -> Cost:
    return Cost()


@given(parsers.parse("a room in {city} for the night of {night} at {price}, of which {tax} is tax"))
def a_room(a_cost: Cost, city: str, night: str, price: str, tax: str) -> None:
    told = {"night": night, "place": _PLACES[city], "tax_cents": Money.parse(tax).cents}
    a_cost.line = cost_lines.cost("lodging", Money.parse(price).cents, **told)


@given("the family asks for what it really costs")
def really_costs(a_cost: Cost) -> None:
    a_cost.line["actual_expense"] = True


@given(parsers.parse("three days of meals in Atlanta, where others give {meals}"))
def some_meals(a_cost: Cost, meals: str) -> None:
    days = {"first_day": "2026-11-05", "last_day": "2026-11-07", "place": ATLANTA, "traveler": "mother"}
    a_cost.line = cost_lines.cost("meals", 90_000, provided_meals=_GIVEN[meals], **days)


@given(parsers.parse("a fare of {price} above economy, because of {reason}"))
def above_economy(a_cost: Cost, price: str, reason: str) -> None:
    told = {"fare_class": "above_economy", "fare_exception": _REASONS[reason]}
    a_cost.line = cost_lines.cost("air_fare", Money.parse(price).cents, leg="out", traveler="mother", **told)


@given(parsers.parse("a flight to {city} with {airline}, and {approval} of foreign travel"))
def flight_abroad(a_cost: Cost, city: str, airline: str, approval: str) -> None:
    a_cost.line = cost_lines.cost("air_fare", 40_000, leg="out", traveler="mother", fare_class="economy")
    flag = "yes" if airline == "an American airline" else "no"
    a_cost.trip = {
        "legs": [cost_lines.leg("out", "2026-11-05", ["mother"], destination=_PLACES[city], us_flag=flag)],
        "foreign_approval": "OJP-SAMPLE-1" if approval == "the approval" else None,
    }


@given(parsers.parse("a child of {age:d} flies {route} with {airline}, without an adult"))
def child_flies(a_cost: Cost, age: int, route: str, airline: str) -> None:
    a_cost.line = cost_lines.cost("air_fare", 30_000, leg="home", traveler="child")
    child = {"key": "child", "name": "Sample Child", "role": "child", "birth_date": f"{2026 - age}-01-01"}
    mother = {"key": "mother", "name": "Sample Mother", "role": "parent"}
    way = {"origin": ATLANTA, "destination": EL_PASO, "carrier": airline, **_ROUTES[route]}
    a_cost.trip = {
        "legs": [cost_lines.leg("home", "2026-11-07", ["child"], **way)],
        "travelers": [mother, child],
    }


@given(parsers.parse("a child of {age:d} takes an Amtrak train home, {company}"))
def child_on_a_train(a_cost: Cost, age: int, company: str) -> None:
    child_flies(a_cost, age, "nonstop", "Amtrak")
    a_cost.line = cost_lines.cost("rail_fare", 9_000, leg="home", traveler="child")
    a_cost.trip["legs"][0] |= {"mode": "rail"}
    if company == "with the mother":
        a_cost.trip["legs"][0]["travelers"].append("mother")


@given(parsers.parse("the file {says} that the home state must bring the child home"))
def compact_says(a_cost: Cost, says: str) -> None:
    a_cost.compact = {"shows": "shown", "rules out": "ruled_out"}[says]


@given(parsers.parse("a child of 9 flies with {first} to Dallas and on with {second}, changing at {airport}"))
def child_changes(a_cost: Cost, first: str, second: str, airport: str) -> None:
    dallas = {"city": "Dallas", "state": "TX"}
    named = [] if airport == "no airport" else [airport]
    out = {"destination": dallas, "carrier": first, "connections": named}
    on = {"origin": dallas, "carrier": second, "departs": "2026-11-07T18:00", "arrives": "2026-11-07T21:00"}
    a_cost.line = cost_lines.cost("air_fare", 30_000, traveler="child")
    a_cost.trip = {
        "legs": [
            cost_lines.leg(key, "2026-11-07", ["child"], nonstop="yes", **flight)
            for key, flight in (("out", out), ("on", on))
        ]
    }


@given(parsers.parse("a child of {age:d} flies nonstop with {airline}, with a cousin of {years:d}"))
def child_flies_with_cousin(a_cost: Cost, age: int, airline: str, years: int) -> None:
    child_flies(a_cost, age, "nonstop", airline)
    born = f"{2026 - years}-01-01"
    cousin = {"key": "cousin", "name": "Sample Cousin", "role": "companion", "birth_date": born}
    a_cost.trip["travelers"].append(cousin)
    a_cost.trip["legs"][0]["travelers"].append("cousin")


@given(parsers.parse("a child of {age:d} flies alone with {airline}, and only a passport is asked for"))
def no_fare(a_cost: Cost, age: int, airline: str) -> None:
    child_flies(a_cost, age, "nonstop", airline)
    a_cost.line = cost_lines.cost("travel_documents", 5_000)


@given(parsers.parse("a room in Bellevue for the night of {night} at {price}, where {told} is told"))
def a_room_in_a_county(a_cost: Cost, night: str, price: str, told: str) -> None:
    more = {"nothing more": {}, "its county": {"county": "King"}, "its ZIP code": {"zip": "98004"}}[told]
    place = {"city": "Bellevue", "state": "WA", **more}
    a_cost.line = cost_lines.cost("lodging", Money.parse(price).cents, night=night, place=place)


@given(parsers.parse("the airline asks a fee of {fee}"))
def asks_a_fee(a_cost: Cost, fee: str) -> None:
    quote = Money.parse(fee).cents
    a_cost.line = cost_lines.cost("unaccompanied_minor_fee", quote, leg="home", traveler="child")


@given(parsers.parse("a partner gives the flight for {miles} miles"))
def partner_gives(a_cost: Cost, miles: str) -> None:
    units = int(miles.replace(",", ""))
    a_cost.line = cost_lines.cost("air_fare", 40_000, settled="partner_gives", units=units)


@when(parsers.parse("{fund} is asked about it"))
def is_asked(a_cost: Cost, fund: str) -> None:
    a_cost.fund = _FUNDS[fund]


@when(parsers.parse("the person says {word}"))
def person_says(a_cost: Cost, word: str) -> None:
    said = Decision({"yes": "met", "no": "not_met"}[word], date(2026, 11, 1))
    a_cost.decisions = {}
    a_cost.decisions = dict.fromkeys(a_cost.test.decides, said)


@then(parsers.re(r"it pays (?P<amount>\$[\d,.]+\d)(?P<so_far>, for the time being)?$"))
def it_pays(a_cost: Cost, amount: str, so_far: str | None) -> None:
    found = a_cost.test
    assert (found.outcome, Money(found.payable)) == (LineOutcome.PAYABLE, Money.parse(amount))
    assert found.provisional is bool(so_far)


@then(parsers.parse("it gives {miles} miles"))
def it_gives(a_cost: Cost, miles: str) -> None:
    assert (a_cost.test.unit, f"{a_cost.test.payable:,}") == ("mile", miles)


@then("it pays nothing, because a partner gives it")
def pays_nothing(a_cost: Cost) -> None:
    found = a_cost.test
    assert (found.outcome, found.payable) == (LineOutcome.NOT_THIS_SOURCE, 0)
    assert found.reason.en.startswith("A partner gives this")


@then("a person is asked to decide it")
def person_is_asked(a_cost: Cost) -> None:
    found = a_cost.test
    assert (found.outcome, found.payable) == (LineOutcome.NEEDS_STAFF_DECISION, 0)
    assert found.decides


@then("the county is asked for")
def county_is_asked(a_cost: Cost) -> None:
    found = a_cost.test
    assert (found.outcome, found.payable) == (LineOutcome.NEEDS_INFORMATION, 0)
    assert [q.pointer for q in found.questions] == ["/cost_lines/0/place/county"]


@then("another plan has to be found")
def another_plan(a_cost: Cost) -> None:
    """No person's word carries it, the airline would not take the child: staff are asked what changes."""
    found = a_cost.test
    assert (found.outcome, found.decides) == (LineOutcome.NEEDS_INFORMATION, ())
    assert [q.pointer.startswith("/legs/") for q in found.questions] == [True]
