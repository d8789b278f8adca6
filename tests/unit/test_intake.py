"""A request is read field by field; every problem names its place and its remedy, never the value."""

from __future__ import annotations

import copy
from datetime import date
from typing import Any

import pytest

from reunify.intake import policy, problems
from reunify.sandbox.families import sample_families, sample_family

TODAY = date(2026, 11, 25)
FAMILIES = sample_families(TODAY)
CASE_TYPES = sorted({f.draft["case"]["case_type"] for f in FAMILIES})


@pytest.fixture
def draft() -> dict[str, Any]:
    return copy.deepcopy(sample_family("b", TODAY).draft)


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
        (("legs", 0, "departs_zone"), "America/Los_Angeles", "/legs/0/departs_zone"),  # no town of that state
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


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("decision_reason", None, "reason for the decision"),
        ("decision_reason", "  ", "fill this in"),
        ("released_by", None, "which agency or officer"),
        ("released_to", None, "Choose the adult"),
        ("custody_basis", None, "what the custody rests on"),
        ("called_back", "unknown", "Answer yes or no"),
    ],
)
@pytest.mark.parametrize("decision", ["safe_and_lawful", "not_safe_or_lawful"])
def test_a_decision_on_the_return_authority_needs_what_it_stands_on(
    draft: dict[str, Any], name: str, value: str | None, remedy: str, decision: str
) -> None:
    draft["return_authority"] |= {"decision": decision, name: value}
    assert remedy in found(draft)[f"/return_authority/{name}"]


def test_before_the_decision_everything_may_be_open(draft: dict[str, Any]) -> None:
    draft["return_authority"] = {}
    assert found(draft) == {}


@pytest.mark.parametrize("field", ["protective_order", "abuse_suspected"])
@pytest.mark.parametrize("told", ["yes", "unknown"])
def test_an_order_or_a_suspicion_never_passes_without_a_reason(
    draft: dict[str, Any], field: str, told: str
) -> None:
    draft["return_authority"] |= {field: told}
    assert found(draft) == {}
    draft["return_authority"] |= {"decision_reason": None}
    assert list(found(draft)) == ["/return_authority/decision_reason"]


def test_a_companion_needs_a_written_suitability_finding(draft: dict[str, Any]) -> None:
    draft["travelers"][0]["role"] = "companion"
    assert "suitability finding" in found(draft)["/return_authority/suitability_finding"]
    draft["return_authority"]["suitability_finding"] = "Home visit on 20 November; the aunt is suitable."
    assert found(draft) == {}


@pytest.mark.parametrize("decision", [None, "not_safe_or_lawful"])
def test_no_finding_is_asked_where_nobody_says_it_is_safe(
    draft: dict[str, Any], decision: str | None
) -> None:
    draft["travelers"][0]["role"] = "companion"
    draft["return_authority"]["decision"] = decision
    assert found(draft) == {}


def test_a_partner_gives_lodging_and_nothing_else(draft: dict[str, Any]) -> None:
    draft["cost_lines"][0] |= {"category": "meals", "settled": "partner_gives"}
    assert "hotel nights only" in found(draft)["/cost_lines/0/settled"]
    draft["cost_lines"][0]["category"] = "lodging"
    assert "/cost_lines/0/settled" not in found(draft)


def test_a_quote_of_nothing_is_refused(draft: dict[str, Any]) -> None:
    draft["cost_lines"][0]["quote_cents"] = 0
    assert found(draft) == {"/cost_lines/0/quote_cents": "The quote is zero; write what it costs."}


@pytest.mark.asvs("2.2.3")
def test_nobody_is_recovered_before_being_located(draft: dict[str, Any]) -> None:
    draft["case"] |= {"located_on": "2026-11-25", "recovered_on": "2026-11-24"}
    assert list(found(draft)) == ["/case/recovered_on"]
