"""What the details of a cost must hold together, and what a misspelt one is told."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from starlette.datastructures import FormData

from reunify.documents import phrases, words
from reunify.documents.phrases import amount, sources
from reunify.documents.phrases import cost as named
from reunify.intake import problems
from reunify.intake.cost_details import problems as problems_of
from reunify.intake.form import Category, CostLine
from reunify.intake.policy import check_together
from reunify.sandbox.families import sample_families
from reunify.web.pages.form_reading import answer_to, draft_of
from tests.unit.cost_lines import cost, trip
from tests.web.test_pages_form_fields import read_back

MEAL_DAYS = {"first_day": "2026-11-05", "last_day": "2026-11-07"}


def found(line: dict[str, Any]) -> dict[str, str]:
    return {p.pointer: p.remedy for p in problems_of(3, CostLine.model_validate(line))}


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (cost("lodging", 10_000, tax_cents=10_000), None),
        (cost("lodging", 10_000, tax_cents=10_001), "tax_cents"),
        (cost("unaccompanied_minor_fee", 16_000, tax_cents=1_000), None),
        (cost("bus_fare", 10_000, tax_cents=1), "tax_cents"),
        (cost("meals", 10_000, **MEAL_DAYS, provided_meals=["2026-11-05 lunch"]), None),
        (cost("meals", 10_000, **MEAL_DAYS, provided_meals=["2026-11-07 dinner hotel"]), None),
        (cost("meals", 10_000, **MEAL_DAYS, provided_meals=["2026-11-04 lunch"]), "provided_meals"),
        (cost("meals", 10_000, **MEAL_DAYS, provided_meals=["2026-11-08 lunch"]), "provided_meals"),
        (cost("meals", 10_000, **MEAL_DAYS, provided_meals=["2026-11-31 lunch"]), "provided_meals"),
        (cost("meals", 10_000, provided_meals=["2026-11-30 lunch"]), None),  # the days are not known yet
        (cost("lodging", 10_000, provided_meals=["2026-11-05 lunch"]), "provided_meals"),
        (cost("air_fare", 10_000, fare_class="above_economy", fare_exception="medical_need"), None),
        (cost("air_fare", 10_000, fare_class="above_economy"), None),  # asked for, not refused
        (cost("air_fare", 10_000, fare_class="economy", fare_exception="medical_need"), "fare_exception"),
        (cost("air_fare", 10_000, fare_exception="medical_need"), "fare_exception"),
        (cost("bus_fare", 10_000, fare_class="economy"), "fare_class"),
        (cost("air_fare", 10_000, settled="partner_gives", units=25_000), None),
        (cost("air_fare", 10_000, units=25_000), "units"),
        (cost("lodging", 10_000, settled="partner_gives", units=2), "units"),
        (cost("lodging", 10_000, actual_expense=True), None),
        (cost("bus_fare", 10_000, actual_expense=True), "actual_expense"),
    ],
)
def test_details_that_contradict_the_cost_are_named_with_the_remedy(
    line: dict[str, Any], field: str | None
) -> None:
    assert list(found(line)) == ([f"/cost_lines/3/{field}"] if field else [])
    assert all(remedy.endswith(".") for remedy in found(line).values())


def test_a_partner_gives_rooms_and_flights_and_nothing_else() -> None:
    kinds = ["endangered_runaway"]
    for category, fine in (("lodging", True), ("air_fare", True), ("bus_fare", False), ("meals", False)):
        request = trip(cost(category, 10_000, settled="partner_gives"))
        said = [p.pointer for p in check_together(request, case_types=kinds)]
        assert (said == []) is fine, category


def beside(*lines: dict[str, Any]) -> list[tuple[str, str]]:
    numbered = [line | {"key": f"line-{n}"} for n, line in enumerate(lines)]
    return [(p.pointer, p.remedy) for p in check_together(trip(*numbered), case_types=["endangered_runaway"])]


MEALS = cost("meals", 10_000, **MEAL_DAYS, traveler="mother")
ROOM = cost("lodging", 10_000, night="2026-11-05")


@pytest.mark.parametrize(
    ("lines", "pointer"),
    [
        ([MEALS, MEALS], "/cost_lines/1/first_day"),
        ([MEALS, MEALS | {"first_day": "2026-11-07"}], "/cost_lines/1/first_day"),
        ([MEALS | {"last_day": "2026-11-06"}, MEALS | {"first_day": "2026-11-07"}], None),
        ([MEALS, MEALS | {"traveler": "child"}], None),
        ([MEALS, MEALS | {"first_day": None}], None),  # asked for first
        ([ROOM | {"traveler": "mother"}, ROOM | {"traveler": "mother"}], "/cost_lines/1/night"),
        ([ROOM | {"traveler": "mother"}, ROOM | {"traveler": "child"}], None),
        ([ROOM, ROOM], "/cost_lines/1/night"),
        ([ROOM, ROOM | {"what": "the second room"}], None),
        (
            [ROOM | {"traveler": "mother"}, ROOM | {"traveler": "mother", "what": "another"}],
            "/cost_lines/1/night",
        ),
        ([ROOM, ROOM | {"night": "2026-11-06"}], None),
        ([ROOM | {"night": "2026-11-03"}], "/cost_lines/0/night"),
        ([ROOM | {"night": "2026-11-04"}], None),  # the night before an early start
        ([ROOM | {"night": "2026-11-08"}], None),
        ([ROOM | {"night": "2026-11-09"}], "/cost_lines/0/night"),
        ([MEALS | {"last_day": "2026-11-09"}], "/cost_lines/0/last_day"),
        ([MEALS | {"first_day": "2026-11-03"}], "/cost_lines/0/first_day"),
    ],
)
def test_a_night_or_a_day_of_meals_stands_once_and_within_the_trip(
    lines: list[dict[str, Any]], pointer: str | None
) -> None:
    found = beside(*lines)
    assert [at for at, _ in found] == ([pointer] if pointer else [])
    assert all(remedy.endswith(".") for _, remedy in found)


@pytest.mark.parametrize(
    ("line", "pointer", "remedy"),
    [
        ({"place": {"city": "X", "zip": "7910"}}, "/cost_lines/0/place/zip", "five digits"),
        ({"provided_meals": ["lunch"]}, "/cost_lines/0/provided_meals/0", "2026-11-26 lunch"),
        ({"fare_exception": "comfort"}, "/cost_lines/0/fare_exception", "medical_need"),
        ({"fare_class": "first"}, "/cost_lines/0/fare_class", "above_economy"),
        ({"units": 0}, "/cost_lines/0/units", "1 or more"),
        ({"tax_cents": -1}, "/cost_lines/0/tax_cents", "0 or more"),
    ],
)
def test_a_wrong_detail_is_told_what_is_allowed(line: dict[str, Any], pointer: str, remedy: str) -> None:
    draft = trip(cost("lodging", 9_000)).model_dump(mode="json")
    draft["cost_lines"][0] |= line
    request, wrong = problems.read(draft)
    assert request is None
    assert [(p.pointer, remedy in p.remedy) for p in wrong] == [(pointer, True)]


def test_an_airport_is_three_letters() -> None:
    draft = trip(cost("air_fare", 9_000)).model_dump(mode="json")
    draft["legs"][0]["connections"] = ["Dallas"]
    _, wrong = problems.read(draft)
    assert [(p.pointer, "DFW" in p.remedy) for p in wrong] == [("/legs/0/connections/0", True)]


def test_the_form_reads_back_every_new_detail_as_it_was_shown() -> None:
    draft = {f.letter: f.draft for f in sample_families(date(2026, 11, 25))}["b"]
    draft["foreign_approval"] = "OJP-SAMPLE-1"
    draft["legs"][0] |= {"nonstop": "no", "connections": ["DFW", "CLT"], "us_flag": "yes"}
    draft["legs"][0]["origin"]["zip"] = "79901"
    draft["cost_lines"][0] |= {"fare_class": "above_economy", "fare_exception": "medical_need", "units": 5}
    draft["cost_lines"][1] |= {
        "tax_cents": 1_250,
        "actual_expense": True,
        "provided_meals": ["2026-11-26 lunch", "2026-11-27 breakfast hotel"],
    }
    back = read_back(draft)
    assert back["foreign_approval"] == "OJP-SAMPLE-1"
    assert back["legs"][0]["connections"] == ["DFW", "CLT"]
    assert back["legs"][0]["origin"]["zip"] == "79901"
    for line in (0, 1):
        assert draft["cost_lines"][line].items() <= back["cost_lines"][line].items()


def test_connections_are_read_with_commas_and_small_letters() -> None:
    typed = [("/legs/0/key", "leg1"), ("/legs/0/connections", "dfw, clt\r\nORD")]
    assert draft_of(FormData([*typed]))["legs"][0]["connections"] == ["DFW", "CLT", "ORD"]
    assert answer_to(FormData([*typed]), "/legs/0/connections") == (["DFW", "CLT", "ORD"], [])
    assert answer_to(FormData([]), "/legs/0/connections") == (None, [])


def test_the_fee_and_the_miles_have_words_a_family_reads() -> None:
    line = CostLine.model_validate(cost("unaccompanied_minor_fee", 15_000))
    facts = phrases.cost_facts(line, payee="Sample Air", traveler="Leo")
    assert named(facts, "en") == "Fee for the airline staff who look after your child (for Leo)"
    assert "personal de la aerolínea" in named(facts, "es")
    given = {"category": Category.AIR_FARE.value, "ceiling_cents": 0}
    part = {"name_en": "Partner", "name_es": "Socio", "cents": 0, "units": 25_000}
    paid = given | {"paid_from": [part]}
    assert (amount(paid, "en"), amount(paid, "es")) == ("25,000 airline miles", "25,000 millas aéreas")
    both = given | {"paid_from": [part, part | {"units": 1}]}
    assert sources(both, "en") == "Partner 25,000 airline miles and Partner 1 airline mile"
    night = {"category": "lodging", "ceiling_cents": 0, "paid_from": [part | {"units": 2}]}
    assert amount(night, "en") == words.nights(2, "en") == "2 nights"
