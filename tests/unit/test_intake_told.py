"""Facts the form has no field for: only those of the dictionary, only as it writes them."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import pytest

from reunify.intake import policy, problems, told
from reunify.intake.actions import _put
from reunify.intake.form import TravelRequest
from reunify.rates.fields import Dictionary, dictionary, load_dictionary
from reunify.sandbox.families import sample_family

_FACT = """
  {name}:
    type: {type}
    {more}
    label: {{en: A fact, es: Un dato}}
    question: {{en: "What is it?", es: "¿Qué es?"}}
    pointer: {pointer}
    sensitivity: open
    supplied_by: [staff]
    family_can_fix: no
"""


def words() -> Dictionary:
    facts = (
        ("seen", "yes_no", "unit: none", "/told/seen"),
        ("far", "integer", "range: 0..90", "/told/far"),
        ("cost", "money", "unit: dollars", "/told/cost"),
        ("day", "date", "unit: day", "/told/day"),
        ("why", "choice", "values: {work: {en: Work, es: Trabajo}}", "/told/why"),
        ("age", "integer", "range: 0..40", "/case/child/age_now"),
    )
    body = "".join(_FACT.format(name=n, type=t, more=m, pointer=p) for n, t, m, p in facts)
    return load_dictionary(f"fields:{body}".encode())


@pytest.mark.parametrize(
    ("name", "value"),
    [("seen", "yes"), ("seen", "no"), ("far", "0"), ("far", "90"), ("cost", "1284.50"), ("why", "work")],
)
def test_what_the_dictionary_writes_is_taken(name: str, value: str) -> None:
    assert told.check({name: value}, words()) == []


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("seen", "maybe-4711", "Write yes or no."),
        ("far", "91", "Write a whole number 0..90."),
        ("far", "-1", "Write a whole number 0..90."),
        ("cost", "lots-4711", "Write dollars and cents like 1284.50."),
        ("day", "4711-13-01", "Write a date like 2026-09-30."),
        ("why", "secret-4711", "Choose one of: work."),
        ("other", "4711", "No rule asks for this fact. Use one of: cost, day, far, seen, why."),
        ("age", "9", "No rule asks for this fact. Use one of: cost, day, far, seen, why."),
    ],
)
def test_anything_else_is_refused_at_its_place_with_what_is_allowed(
    name: str, value: str, remedy: str
) -> None:
    (problem,) = told.check({name: value}, words())
    assert (problem.pointer, problem.remedy) == (f"/told/{name}", remedy)
    assert "4711" not in problem.remedy


def test_the_facts_that_may_be_told_are_named_once_and_a_flood_is_one_problem() -> None:
    wrong = told.check({f"k{n}": "4711" for n in range(told.MOST)}, words())
    assert len(wrong) == told.MOST
    assert sum("Use one of" in p.remedy for p in wrong) == 1
    (problem,) = told.check({f"k{n}": "4711" for n in range(told.MOST + 1)}, words())
    assert (problem.pointer, problem.remedy[:22]) == ("/told", "Tell at most 60 facts ")
    no_names = family(**{f"Not a name {n}": "v" for n in range(5000)})
    assert problems.read(no_names) == (None, [told.TOO_MANY])


def family(**facts: str) -> dict[str, Any]:
    draft = copy.deepcopy(sample_family("b", date(2026, 11, 25)).draft)
    return draft | {"told": facts}


def test_a_whole_request_is_refused_for_a_fact_nobody_asks_for() -> None:
    request = TravelRequest.model_validate(family(shoe_size="9"))
    wrong = policy.check_together(request, case_types=dictionary().case_types)
    assert [p.pointer for p in wrong] == ["/told/shoe_size"]


def test_an_answer_makes_its_place_and_nothing_takes_it_away_again() -> None:
    draft = family()
    del draft["told"]
    _put(draft, "/told/far", "12")
    _put(draft, "/told/seen", "yes")
    assert draft["told"] == {"far": "12", "seen": "yes"}
    _put(draft, "/told/far", None)
    _put(draft, "/told/never", None)
    assert draft["told"] == {"seen": "yes"}
