"""A request is read field by field; every problem names its place and its remedy, never the value."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import pytest

from reunify.intake import policy, problems
from reunify.sandbox.families import sample_families

TODAY = date(2026, 11, 25)
FAMILIES = sample_families(TODAY)
CASE_TYPES = sorted({f.draft["case"]["case_type"] for f in FAMILIES})


@pytest.fixture
def draft() -> dict[str, Any]:
    return copy.deepcopy(FAMILIES[0].draft)


def found(draft: dict[str, Any]) -> dict[str, str]:
    content, wrong = problems.read(draft)
    if content is not None:
        wrong = policy.check_together(content, case_types=CASE_TYPES)
    return {p.pointer: p.remedy for p in wrong}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.letter)
def test_every_sample_family_is_a_whole_request(family: Any) -> None:
    assert found(family.draft) == {}


def test_an_empty_draft_lists_what_is_missing_and_nothing_is_malformed() -> None:
    _, wrong = problems.read({})
    assert "/case" in {p.pointer for p in wrong}
    assert problems.malformed(wrong) == []


@pytest.mark.parametrize(
    ("where", "value", "remedy"),
    [
        (("household", "yearly_income_cents"), "26,400 or so", "whole number"),
        (("household", "state"), "Texas", "two-letter state"),
        (("case", "located_on"), "yesterday", "date like"),
        (("case", "recovered"), "maybe", "Choose one of: yes, no or unknown"),
        (("cost_lines", 0, "category"), "champagne", "Choose one of"),
        (("cost_lines", 0, "ceiling_cents"), -1, "0 or more"),
        (("cost_lines", 0, "ceiling_cents"), 10**9, "or less"),
        (("travelers", 0, "contact", "email"), "not an address", "name@example.org"),
        (("travelers", 0, "contact", "phone"), "call me", "phone number"),
        (("travelers", 0, "nickname"), "Mari", "not known"),
        (("legs", 0, "departs"), "at dawn", "local date and time"),
        (("legs",), [], "at least one"),
    ],
)
def test_a_wrong_answer_is_named_by_place_and_remedy(
    draft: dict[str, Any], where: tuple[Any, ...], value: Any, remedy: str
) -> None:
    target: Any = draft
    for part in where[:-1]:
        target = target[part]
    target[where[-1]] = value
    wrong = found(draft)
    pointer = problems.pointer(where)
    assert remedy in wrong[pointer]
    assert str(value) not in " ".join(wrong.values()) or value == []


@pytest.mark.parametrize(
    ("where", "value", "pointer"),
    [
        (("cost_lines", 0, "payee"), "nobody", "/cost_lines/0/payee"),
        (("cost_lines", 0, "traveler"), "nobody", "/cost_lines/0/traveler"),
        (("cost_lines", 0, "ceiling_cents"), 1, "/cost_lines/0/ceiling_cents"),
        (("legs", 0, "travelers"), ["nobody"], "/legs/0/travelers/0"),
        (("legs", 0, "departs_zone"), "Mars/Olympus", "/legs/0/departs_zone"),
        (("legs", 0, "departs_zone"), "../../etc/passwd", "/legs/0/departs_zone"),
        (("legs", 0, "arrives"), "2020-01-01T00:00", "/legs/0/arrives"),
        (("return_authority", "released_to"), "nobody", "/return_authority/released_to"),
        (("case", "case_type"), "a_new_kind", "/case/case_type"),
        (("travelers", 1, "key"), "mother", "/travelers"),
    ],
)
def test_parts_that_do_not_fit_together_are_named(
    draft: dict[str, Any], where: tuple[Any, ...], value: Any, pointer: str
) -> None:
    target: Any = draft
    for part in where[:-1]:
        target = target[part]
    target[where[-1]] = value
    assert pointer in found(draft)


def test_hidden_characters_and_floats_are_found_wherever_they_hide() -> None:
    wrong = problems.unsafe_text({"a": [{"b": "x\x00"}, {"c": "fine"}], "d": "\u202e", "e": 1.5})
    assert {p.pointer for p in wrong} == {"/a/0/b", "/d", "/e"}
