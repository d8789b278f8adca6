"""Whether the home state must pay first: only what is known rules it out. And how old the child is."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from reunify.rules.answers import Answer, Outcome
from reunify.rules.decide import determine
from reunify.rules.library import shipped
from reunify.rules.model import Rulebook
from tests.rules.test_sources_computed import WORDS, Draft, family, known

GEORGIA, TEXAS = {"city": "Atlanta", "state": "GA"}, {"city": "El Paso", "state": "TX"}
COVERED = ("endangered_runaway", "missing_from_care", "critically_missing_young_adult")


def named(source: str) -> Rulebook:
    return shipped().versions[source][-1]


def runaway(**case: Any) -> Draft:
    """Story b: from Texas, found in Georgia, not held over a day, no abuse suspected."""
    draft = family("b")
    draft["case"] |= case
    return draft


@pytest.mark.parametrize(
    ("changed", "applies"),
    [
        ({}, "ruled_out"),
        ({"held_over_24_hours": "yes"}, "shown"),
        ({"held_over_24_hours": "unknown"}, "not_ruled_out"),
        ({"held_over_24_hours": "unknown", "case_type": "family_abduction"}, "ruled_out"),
        ({"held_over_24_hours": "yes", "case_type": "lost_injured_or_otherwise_missing"}, "ruled_out"),
        ({"held_over_24_hours": "yes", "case_type": "missing_from_care"}, "not_ruled_out"),
        ({"held_over_24_hours": "yes", "case_type": "critically_missing_young_adult"}, "not_ruled_out"),
        ({"case_type": "missing_from_care"}, "ruled_out"),
        ({"held_over_24_hours": "yes", "located_place": TEXAS}, "ruled_out"),
        ({"held_over_24_hours": "unknown", "located_place": TEXAS}, "ruled_out"),
        ({"held_over_24_hours": "yes", "located_place": None}, "not_ruled_out"),
        ({"located_place": None}, "ruled_out"),
    ],
)
def test_the_file_shows_that_the_home_state_must_pay_rules_it_out_or_does_neither(
    changed: Draft, applies: str
) -> None:
    assert known(runaway(**changed))["compact_applies"] == applies


@pytest.mark.parametrize(("abuse", "applies"), [("yes", "shown"), ("unknown", "not_ruled_out")])
def test_abuse_suspected_shows_it_too(abuse: str, applies: str) -> None:
    draft = runaway()
    draft["return_authority"]["abuse_suspected"] = abuse
    assert known(draft)["compact_applies"] == applies


@pytest.mark.parametrize("case_type", sorted(WORDS["case_type"].values))
@pytest.mark.parametrize("place", [GEORGIA, TEXAS, None], ids=["away", "home", "nobody knows where"])
def test_our_own_fund_asks_a_person_exactly_where_the_home_state_may_have_to_pay(
    case_type: str, place: Draft | None
) -> None:
    """The fund's last resort and the card of the home state never tell two stories."""
    expected = {
        Answer.WORTH_APPLYING: "shown",
        Answer.ASK: "not_ruled_out",
        Answer.UNLIKELY: "ruled_out",
    }
    for held, abuse in product(("yes", "no", "unknown"), repeat=2):
        draft = runaway(case_type=case_type, located_place=place, held_over_24_hours=held)
        draft["return_authority"]["abuse_suspected"] = abuse
        facts = known(draft)
        home_state = determine(named("interstate_compact"), facts, WORDS).answer
        assert facts["compact_applies"] == expected[home_state], (held, abuse)
        (last,) = [
            r
            for r in determine(named("domestic_reunification"), facts, WORDS).results
            if r.requirement.id == "DR-09"
        ]
        asks = last.outcome is Outcome.NEEDS_STAFF
        assert asks is (home_state is not Answer.UNLIKELY)
        assert last.outcome in (Outcome.MET, Outcome.NEEDS_STAFF)


@pytest.mark.parametrize("letter", ["b", "d", "e", "f"])
def test_no_family_we_know_is_held_up_by_the_last_resort(letter: str) -> None:
    assert known(family(letter))["compact_applies"] == "ruled_out"


# --- where home is ---------------------------------------------------------------------------------------


def test_without_a_household_nobody_takes_the_end_of_the_trip_for_the_home_state() -> None:
    draft = runaway(held_over_24_hours="yes")
    draft |= {"asked_by": {"kind": "child_welfare_agency", "name": "Worker"}, "household": None}
    facts = known(draft)
    assert facts["found_out_of_state"] is None
    assert facts["compact_applies"] == "not_ruled_out"
    asked = determine(named("interstate_compact"), facts, WORDS).questions
    assert [(q.field, q.pointer) for q in asked] == [("found_out_of_state", "/told/found_out_of_state")]


@pytest.mark.parametrize(("told", "out", "applies"), [("yes", True, "shown"), ("no", False, "ruled_out")])
def test_a_person_who_knows_the_home_state_is_believed(told: str, out: bool, applies: str) -> None:
    draft = runaway(held_over_24_hours="yes") | {"told": {"found_out_of_state": told}}
    draft |= {"asked_by": {"kind": "child_welfare_agency", "name": "Worker"}, "household": None}
    facts = known(draft)
    assert (facts["found_out_of_state"], facts["compact_applies"]) == (out, applies)


# --- how old the child is --------------------------------------------------------------------------------


def child(born: str | None, told: int, of_the_traveler: str | None = None) -> Draft:
    """Story b with another child, who leaves on 2026-11-26."""
    draft = family("b")
    draft["case"]["child"] |= {"birth_date": born, "age_now": told}
    (young,) = [t for t in draft["travelers"] if t["role"] == "child"]
    young["birth_date"] = of_the_traveler
    return draft


@pytest.mark.parametrize(
    ("born", "told", "age"),
    [
        ("2011-11-26", 14, 15),  # of age that very day
        ("2011-11-27", 14, 14),  # a day later
        ("2011-11-25", 15, 15),
        ("2011-11-26", 16, 15),
        ("2011-11-26", 17, None),  # two years off
        ("2011-11-26", 13, None),
        ("2026-11-27", 0, None),  # born after the trip
        (None, 15, 15),
    ],
)
def test_the_date_of_birth_counts_on_the_first_travel_day(
    born: str | None, told: int, age: int | None
) -> None:
    draft = child(born, told)
    assert min(leg["departs"] for leg in draft["legs"]).startswith("2026-11-26")
    assert known(draft)["child_age_now"] == age


def test_a_date_of_birth_told_of_the_traveler_alone_counts_too() -> None:
    assert known(child(None, 14, "2011-11-26"))["child_age_now"] == 15


def test_two_dates_of_birth_of_one_child_are_a_question_for_staff() -> None:
    facts = known(child("2011-11-26", 15, "2011-11-25"))
    assert facts["child_age_now"] is None
    asked = determine(named("home_free"), facts, WORDS).questions
    (question,) = [q for q in asked if q.field == "child_age_now"]
    assert "family" not in question.supplied_by


@pytest.mark.parametrize(
    ("born", "answer"), [("2004-11-27", Answer.WORTH_APPLYING), ("2004-11-26", Answer.UNLIKELY)]
)
def test_home_free_goes_by_the_day_of_the_trip_and_not_by_the_day_of_the_call(
    born: str, answer: Answer
) -> None:
    draft = child(born, 21) | {"told": {"going_to": "own_home", "home_free_tickets_before": "0"}}
    assert determine(named("home_free"), known(draft), WORDS).answer is answer
