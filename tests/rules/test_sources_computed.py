"""What is worked out from a request, at the limit and either side, and what is told in its place."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import pytest

from reunify.eligibility import computed, facts
from reunify.eligibility.computed import REGISTRY
from reunify.eligibility.facts import NotAToldFact, UnplacedFact, facts_of
from reunify.intake.form import Place, TravelRequest
from reunify.rates.fields import Dictionary, load_dictionary
from reunify.rates.published import published
from reunify.rules.decide import determine
from reunify.rules.library import shipped
from reunify.rules.model import Rulebook
from reunify.rules.reading import compile_rulebook
from reunify.sandbox.families import sample_families

WORDS = shipped().dictionary
Draft = dict[str, Any]


def family(letter: str) -> Draft:
    return copy.deepcopy({f.letter: f.draft for f in sample_families(date(2026, 11, 25))}[letter])


def known(draft: Draft, words: Dictionary = WORDS) -> facts.Facts:
    return facts_of(
        TravelRequest.model_validate(draft),
        published=published(),
        guideline_limit_percent=200,
        dictionary=words,
    )


def test_every_function_the_dictionary_names_exists_in_that_version_and_none_is_left_over() -> None:
    assert {f.computed_by for f in WORDS.fields.values() if f.computed_by} == set(REGISTRY)


@pytest.mark.parametrize("called", sorted(REGISTRY))
def test_each_function_says_what_it_computes_by(called: str) -> None:
    assert len(REGISTRY[called].source) > 15
    assert REGISTRY[called].called == called


def test_a_function_is_entered_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        computed.computed("nights_away", version=1, source="x")(lambda _given: None)


@pytest.mark.parametrize("letter", ["b", "d", "e", "f"])
def test_each_field_of_the_dictionary_has_a_value_of_its_type_or_nothing(letter: str) -> None:
    found = known(family(letter))
    assert list(found) == list(WORDS.fields)
    kinds = {"choice": str, "yes_no": bool, "integer": int, "money": int, "date": date}
    for name, value in found.items():
        field = WORDS[name]
        assert value is None or type(value) is kinds[field.type], name
        if field.type == "choice" and value is not None:
            assert value in field.values
        if field.type == "integer" and isinstance(value, int):
            assert field.low is None or field.high is None or field.low <= value <= field.high, name


def test_what_nobody_has_told_is_unknown_and_never_no() -> None:
    found = known(family("b"))
    for name, field in WORDS.fields.items():
        if field.pointer == f"/told/{name}" and field.computed_by is None:
            assert found[name] is None, name


# --- told ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        ("us_citizen", "yes", True),
        ("us_citizen", "no", False),
        ("crime_place", "texas", "texas"),
        ("home_free_tickets_before", "2", 2),
        ("one_way_miles", "60", 60),
    ],
)
def test_what_is_told_is_typed_by_its_field(name: str, written: str, value: Any) -> None:
    assert known(family("b") | {"told": {name: written}})[name] == value


@pytest.mark.parametrize(
    ("told", "remedy"),
    [
        ({"us_citizen": "maybe"}, "yes or no"),
        ({"crime_place": "Texas"}, "texas, district_of_columbia"),
        ({"home_free_tickets_before": "21"}, r"0\.\.20"),
        ({"home_free_tickets_before": "two"}, r"0\.\.20"),
        ({"one_way_miles": "-1"}, r"0\.\.20000"),
        ({"us_citizn": "yes"}, "us_citizen"),
        ({"case_type": "family_abduction"}, "Those asked for"),  # it has a place of its own
        ({"nights_away": "0"}, "Those asked for"),  # worked out, and not ours to say
    ],
)
def test_what_the_dictionary_cannot_read_is_refused_and_never_dropped(
    told: dict[str, str], remedy: str
) -> None:
    with pytest.raises(NotAToldFact, match=remedy) as refused:
        known(family("b") | {"told": told})
    assert refused.value.field == f"/told/{next(iter(told))}"
    assert "maybe" not in str(refused.value)


def test_a_fact_nobody_programmed_is_told_under_its_own_name_and_decides() -> None:
    """A program officer writes it into the dictionary; nothing else is needed."""
    words = load_dictionary(
        WORDS.body
        + b"""
  has_passport:
    type: yes_no
    label: {en: Passport at hand, es: Pasaporte a mano}
    question: {en: "Is there a passport?", es: "\xc2\xbfHay un pasaporte?"}
    pointer: /told/has_passport
    sensitivity: open
    supplied_by: [family, staff]
    family_can_fix: document
"""
    )
    book = _asks_for_a_passport(words)
    for told, answer in (
        ({}, "ask"),
        ({"has_passport": "yes"}, "worth_applying"),
        ({"has_passport": "no"}, "unlikely"),
    ):
        found = known(family("b") | {"told": told | {"crime_place": "texas"}}, words)
        assert determine(book, found, words).answer == answer


def _asks_for_a_passport(words: Dictionary) -> Rulebook:
    body = shipped().versions["dc_crime_compensation"][0].body.split(b"--- # table")[0]
    text = body.decode().replace(
        'crime_place: "in district_of_columbia, outside_united_states"', 'has_passport: "yes"'
    )
    start = text.index("tables:")
    text = text[:start] + text[text.index("requirements:") :]
    return compile_rulebook(text.encode(), words, "passport.yaml")


def test_a_field_that_nothing_can_fill_is_refused_by_name() -> None:
    lost = WORDS.body.replace(b"pointer: /told/us_citizen", b"pointer: /case/us_citizen")
    with pytest.raises(UnplacedFact, match="/told/us_citizen"):
        known(family("b"), load_dictionary(lost))
    newer = WORDS.body.replace(b"nights_away@1", b"nights_away@2")
    with pytest.raises(UnplacedFact, match="nights_away@2"):
        known(family("b"), load_dictionary(newer))


# --- how far ---------------------------------------------------------------------------------------------


def test_the_drive_there_and_back_is_halved() -> None:
    assert known(family("d"))["one_way_miles"] == 640


def test_a_drive_of_one_leg_is_exact_however_short() -> None:
    draft = family("d")
    draft["legs"] = draft["legs"][:1]
    draft["cost_lines"][0]["miles"] = 21
    assert known(draft)["one_way_miles"] == 21


@pytest.mark.parametrize(("miles", "one_way"), [(200, 100), (199, None), (201, 100)])
def test_a_shared_drive_counts_from_a_hundred_miles_each_way(
    miles: int, one_way: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computed, "farthest", lambda _start, _places: None)
    draft = family("d")
    draft["cost_lines"][0]["miles"] = miles
    assert known(draft)["one_way_miles"] == one_way


@pytest.mark.parametrize(("straight", "one_way"), [(99, None), (100, 100), (101, 101), (None, None)])
def test_the_straight_line_counts_from_a_hundred_miles_on(
    straight: int | None, one_way: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(computed, "farthest", lambda _start, _places: straight)
    assert known(family("b"))["one_way_miles"] == one_way


@pytest.mark.parametrize("miles", [15, 900])
def test_a_drive_that_is_a_part_of_the_way_is_not_taken_for_the_whole(miles: int) -> None:
    draft = family("d")
    draft["legs"][1]["mode"] = "air"
    draft["cost_lines"][0]["miles"] = miles
    straight = known(draft)["one_way_miles"]
    assert straight not in (miles, miles // 2)
    assert isinstance(straight, int)
    assert straight >= 100  # of the two cities, as the crow flies
    assert known(draft | {"told": {"one_way_miles": "660"}})["one_way_miles"] == 660


def test_a_person_who_knows_the_road_is_believed() -> None:
    assert known(family("b") | {"told": {"one_way_miles": "1400"}})["one_way_miles"] == 1400


def test_el_paso_is_at_least_as_far_from_atlanta_as_the_crow_flies() -> None:
    miles = known(family("b"))["one_way_miles"]
    assert isinstance(miles, int)
    assert 1270 <= miles <= 1300


@pytest.mark.parametrize(
    ("city", "state", "country"),
    [("Nowhere", "TX", "US"), ("El Paso", None, "US"), ("El Paso", "ZZ", "US"), ("Monterrey", None, "MX")],
)
def test_a_town_no_map_knows_is_asked_about(city: str, state: str | None, country: str) -> None:
    draft = family("b")
    place = Place(city=city, state=state, country=country).model_dump()
    draft["legs"][0]["origin"] = place
    assert known(draft)["one_way_miles"] is None


# --- the trip and who is on it ---------------------------------------------------------------------------


@pytest.mark.parametrize(("country", "abroad"), [("MX", True), ("CA", True), ("US", False), ("PR", False)])
def test_a_trip_home_from_another_country_is_known_from_its_legs(country: str, abroad: bool) -> None:
    draft = family("b")
    draft["legs"][1]["origin"] = {"city": "Somewhere", "state": None, "country": country}
    found = known(draft)
    assert (found["trip_goes_abroad"], found["child_comes_from_abroad"]) == (abroad, abroad)


def test_a_parent_who_flies_to_a_hearing_abroad_brings_no_child_from_there() -> None:
    draft = family("b")
    draft["legs"] = draft["legs"][:1]
    draft["legs"][0]["destination"] = {"city": "Lima", "country": "PE"}
    found = known(draft)
    assert (found["trip_goes_abroad"], found["child_comes_from_abroad"]) == (True, False)
    assert found["adult_travels_with_child"] is None


def test_a_child_alone_on_one_leg_travels_alone() -> None:
    draft = family("b")
    assert known(draft)["adult_travels_with_child"] is True
    draft["legs"][1]["travelers"] = ["child"]
    assert known(draft)["adult_travels_with_child"] is False


@pytest.mark.parametrize(("role", "travels", "to"), [("parent", True, "parent_or_guardian"),
                                                     ("guardian", True, "parent_or_guardian"),
                                                     ("companion", False, None)])  # fmt: skip
def test_to_whom_the_child_goes_is_known_only_of_a_parent_or_guardian(
    role: str, travels: bool, to: str | None
) -> None:
    draft = family("b")
    draft["travelers"][0]["role"] = role
    found = known(draft)
    assert (found["parent_or_guardian_travels"], found["going_to"]) == (travels, to)
    told = known(draft | {"told": {"going_to": "extended_family"}})
    assert told["going_to"] == "extended_family"


def test_nights_away_are_counted_by_the_days_of_leaving_and_arriving() -> None:
    draft = family("b")
    assert known(draft)["nights_away"] == 2
    for leg in draft["legs"]:
        leg |= {"departs": "2026-12-01T06:00", "arrives": "2026-12-01T23:59"}
    assert known(draft)["nights_away"] == 0


@pytest.mark.parametrize(
    ("found", "recovered", "days"),
    [
        ("2026-09-29", "2026-09-29", 1),
        ("2026-09-01", "2026-09-30", 0),
        ("2026-10-01", None, -1),
        (None, None, None),
    ],
)
def test_days_count_from_when_the_child_was_with_someone_safe(
    found: str | None, recovered: str | None, days: int | None
) -> None:
    draft = family("d")
    draft["case"] |= {"located_on": found, "recovered_on": recovered}
    assert known(draft)["days_since_recovery"] == days
