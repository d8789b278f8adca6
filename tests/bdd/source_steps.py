"""What each source says of a trip: the sources are asked directly, without a house around them."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from pytest_bdd import given, parsers, then, when

from reunify.eligibility.assessment import Assessment, SourceResult, decide_all, known_facts
from reunify.intake.form import TravelRequest
from reunify.rates.published import published
from reunify.rules.answers import Outcome
from reunify.rules.library import shipped
from reunify.rules.model import Decision
from reunify.sandbox.families import sample_families

TODAY = date(2026, 11, 25)
SOURCES = {
    "the home state": "interstate_compact",
    "our own fund": "domestic_reunification",
    "the international program": "ovc_reunification_travel",
    "Home Free": "home_free",
    "Texas": "texas_crime_compensation",
    "the District of Columbia": "dc_crime_compensation",
    "the hotel partner": "partner_hotel_nights",
    "the embassy's loan": "state_repatriation_loan",
    "the federal loan on arrival": "hhs_repatriation",
}


@dataclass
class Trip:
    """One family's trip as told, what a person has decided, and what the sources said."""

    draft: dict[str, Any]
    decisions: dict[str, Decision] = field(default_factory=dict)
    found: Assessment | None = None

    def tell(self, **facts: str) -> None:
        self.draft.setdefault("told", {}).update(facts)

    def ask(self) -> Assessment:
        rules = shipped()
        known = known_facts(
            TravelRequest.model_validate(self.draft),
            published=published(),
            guideline_limit_percent=200,
            dictionary=rules.dictionary,
            decisions=self.decisions,
        )
        self.found = decide_all(known, rules)
        return self.found

    def of(self, name: str) -> SourceResult:
        found = self.found or self.ask()
        (result,) = [s for s in found.sources if s.source == SOURCES[name]]
        return result


@pytest.fixture
def trip() -> Trip:
    families = {f.letter: f.draft for f in sample_families(TODAY)}
    return Trip(copy.deepcopy(families["b"]))


# --- the home state under the Compact --------------------------------------------------------------------


@given(parsers.parse("a boy of 15 found in {where} state, held {how_long}, with {suspicion}"))
def boy_found(trip: Trip, where: str, how_long: str, suspicion: str) -> None:
    case, authority = trip.draft["case"], trip.draft["return_authority"]
    case["located_place"]["state"] = {"another": "GA", "his own": "TX"}[where]
    held = {"over 24 hours": "yes", "under 24 hours": "no", "nobody knows how long": "unknown"}
    case["held_over_24_hours"] = held[how_long]
    authority["abuse_suspected"] = {"no abuse suspected": "no", "abuse suspected": "yes"}[suspicion]


@given(parsers.parse("his case is entered as {case_type}"))
def case_entered_as(trip: Trip, case_type: str) -> None:
    trip.draft["case"]["case_type"] = case_type.replace(" ", "_")


@when("the sources are asked")
def sources_are_asked(trip: Trip) -> None:
    trip.ask()


@when(parsers.parse("a person records of {requirement}: {word}"))
def person_records(trip: Trip, requirement: str, word: str) -> None:
    trip.decisions[requirement] = Decision(word.replace(" ", "_"), TODAY)
    trip.ask()


@then(parsers.re(r"(?P<name>the [\w' ]+|our own fund|Home Free|Texas) answers: (?P<answer>[\w ]+)"))
def source_answers(trip: Trip, name: str, answer: str) -> None:
    assert trip.of(name).determination.answer.value == answer.replace(" ", "_")


@then(parsers.parse('the card of {name} tells staff "{words}"'))
def card_tells(trip: Trip, name: str, words: str) -> None:
    card = trip.of(name).determination.rulebook.hand_off
    assert card is not None
    assert words in card.staff.en


@then("nothing holds the request up")
def nothing_holds_up(trip: Trip) -> None:
    found = trip.found or trip.ask()
    assert found.outcome.value == "payable"
    assert found.questions == ()


# --- abroad ----------------------------------------------------------------------------------------------


@given("a mother flies to a court date in Peru about her daughter")
def flies_to_peru(trip: Trip) -> None:
    trip.draft["case"] |= {"case_type": "family_abduction"}
    trip.draft["purpose"] = "attend_hearing"
    peru = {"city": "Lima", "country": "PE"}
    trip.draft["legs"][0]["destination"] = trip.draft["legs"][1]["origin"] = peru
    trip.draft["legs"][1]["travelers"] = ["mother"]


@given(parsers.parse("it is told that her daughter was taken from the United States, and of {event}"))
def told_of(trip: Trip, event: str) -> None:
    events = {
        "a court proceeding": "court_proceeding",
        "a recovery event": "recovery_event",
        "neither": "none",
    }
    trip.tell(taken_from_united_states="yes", proceeding_abroad=events[event])


@given("a boy flies home from Peru with his mother")
def flies_home_from_peru(trip: Trip) -> None:
    trip.draft["case"] |= {"case_type": "family_abduction"}
    peru = {"city": "Lima", "country": "PE"}
    trip.draft["legs"][0]["destination"] = trip.draft["legs"][1]["origin"] = peru


@given("it is told that he is a citizen whom the State Department sends home for want of means")
def told_citizen(trip: Trip) -> None:
    trip.tell(us_citizen="yes", state_department_referral="yes", return_reason="destitution")


@then(parsers.parse("the international program asks staff for {facts}"))
def program_asks(trip: Trip, facts: str) -> None:
    asked = trip.of("the international program").determination.questions
    assert [q.field for q in asked] == facts.split(" and ")
    assert all("family" not in q.supplied_by for q in asked)


@then("a person is still asked whether the family could pay, and which others were asked")
def still_asked(trip: Trip) -> None:
    waits = [
        r.requirement.id
        for r in trip.of("the international program").determination.results
        if r.outcome is Outcome.NEEDS_STAFF
    ]
    assert waits == ["VR-06", "VR-07"]


@then("nothing of it waits on the international program, and nothing is split to it")
def nothing_waits(trip: Trip) -> None:
    found = trip.found or trip.ask()
    told = {q.pointer for q in found.questions}
    assert not told & {"/told/taken_from_united_states", "/told/proceeding_abroad"}
    assert not trip.of("the international program").held


@then("no loan asks anything, and none may pay a line")
def loans_are_silent(trip: Trip) -> None:
    for name in ("the embassy's loan", "the federal loan on arrival"):
        loan = trip.of(name)
        assert loan.determination.questions == ()
        assert loan.lines == ()
        assert loan.determination.rulebook.payer_order is None


@then(parsers.parse('{name} says before anyone signs: "{words}"'))
def says_before(trip: Trip, name: str, words: str) -> None:
    card = trip.of(name).determination.rulebook.hand_off
    assert card is not None
    assert card.consequence is not None
    assert words in card.consequence.en


# --- Home Free, and state compensation -------------------------------------------------------------------


@given(parsers.parse("a young person of {age:d} who goes to {to}"))
def young_person(trip: Trip, age: int, to: str) -> None:
    trip.draft["case"]["child"] = {"name": "Sam Sample", "age_when_missing": min(age, 20), "age_now": age}
    for traveler in trip.draft["travelers"]:
        if traveler["role"] == "child":
            traveler.pop("birth_date", None)
    places = {
        "a parent": "parent_or_guardian",
        "an aunt": "extended_family",
        "an approved alternative": "approved_alternative",
    }
    trip.tell(going_to=places[to])


@given(parsers.parse("who has had {count:d} Home Free tickets"))
def tickets_before(trip: Trip, count: int) -> None:
    trip.tell(home_free_tickets_before=str(count))


@given(parsers.parse("who travels {how}"))
def travels_how(trip: Trip, how: str) -> None:
    trip.draft["legs"][1]["travelers"] = {"alone": ["child"], "with an adult": ["mother", "child"]}[how]


@given(parsers.parse("a violent crime in {place}, {miles:d} miles from home, and {nights:d} nights away"))
def violent_crime(trip: Trip, place: str, miles: int, nights: int) -> None:
    places = {
        "Texas": "texas",
        "the District of Columbia": "district_of_columbia",
        "another state": "another_state",
        "another country": "outside_united_states",
    }
    trip.tell(crime_place=places[place], violent_crime="yes", one_way_miles=str(miles))
    for leg, day in zip(trip.draft["legs"], (1, 1 + nights), strict=True):
        leg |= {"departs": f"2026-12-{day:02}T06:00", "arrives": f"2026-12-{day:02}T12:00"}


@given("no crime is reported")
def no_crime(trip: Trip) -> None:
    trip.tell(crime_place="no_crime_reported")


@then(parsers.re(r"meals and lodging are (?P<paid>left out|looked at)"))
def meals_and_lodging(trip: Trip, paid: str) -> None:
    caps = {(c.category, c.at_most) for c in trip.of("Texas").determination.caps}
    assert caps == ({("lodging", 0), ("meals", 0)} if paid == "left out" else set())


@given(parsers.parse("a child found {days:d} days before the trip"))
def found_before(trip: Trip, days: int) -> None:
    start = date.fromisoformat(trip.draft["legs"][0]["departs"][:10])
    found = date.fromordinal(start.toordinal() - days).isoformat()
    trip.draft["case"] |= {"located_on": found, "recovered_on": found}
