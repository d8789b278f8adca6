"""The section "More facts": made from the dictionary, closed until something is told, and nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.datastructures import FormData

from reunify.intake import told
from reunify.rules.library import shipped
from reunify.web.pages import form_told
from reunify.web.pages.form_reading import answer_to, draft_of
from reunify.web.pages.form_showing import Showing

TOLD = sorted(told.facts())


def shown(draft: Any, asked: dict[str, str] | None = None) -> Any:
    groups = Showing(draft, [], (), asked).groups()
    return next((g for g in groups if g.group.pointer == "/told"), None)


def test_the_rules_in_force_ask_only_for_facts_of_the_dictionary_and_never_for_a_loan() -> None:
    asked = form_told.asked_by(shipped())
    assert asked
    assert set(asked) <= set(TOLD)
    loans = {b.name for versions in shipped().versions.values() for b in versions if b.loan or b.card_only}
    assert loans
    assert loans.isdisjoint(asked.values())


def test_the_section_is_closed_until_something_in_it_is_told() -> None:
    asked = form_told.asked_by(shipped())
    parts = shown({}, asked).items[0].parts
    assert {p.title for p in parts} == set(asked.values())
    assert not any(p.open for p in parts)
    name = sorted(asked)[0]
    value = "yes" if told.facts()[name].type == "yes_no" else "1"
    opened = [p.title for p in shown({"told": {name: value}}, asked).items[0].parts if p.open]
    assert opened == [asked[name]]


def test_without_a_rule_that_asks_there_is_no_section_and_what_was_told_is_kept_in_sight() -> None:
    assert shown({}) is None
    (part,) = shown({"told": {TOLD[0]: "yes"}}).items[0].parts
    assert part.open
    assert [f.name for f in part.fields] == [f"/told/{TOLD[0]}"]


@pytest.mark.parametrize("name", TOLD)
def test_each_fact_is_asked_by_its_type_and_its_answer_is_the_dictionarys_text(name: str) -> None:
    fact = told.facts()[name]
    ((pointer, field),) = form_told.fields_at(f"/told/{name}")
    kinds = {"yes_no": "radios", "choice": "choice", "integer": "digits", "money": "dollars", "date": "date"}
    assert (pointer, field.kind) == (f"/told/{name}", kinds[fact.type])
    written = {
        "yes_no": "no",
        "choice": next(iter(fact.values), ""),
        "integer": str(fact.low or 0),
        "money": "1284.50",
        "date": "2026-11-25",
    }[fact.type]
    assert answer_to(FormData({pointer: written}), pointer) == (written, [])
    assert draft_of(FormData({pointer: written}))["told"] == {name: written}
    assert told.check({name: written}) == []
    assert answer_to(FormData({pointer: field.start}), pointer) == (None, [])
    assert "told" not in draft_of(FormData({pointer: field.start}))


def test_a_fact_nobody_defined_can_only_be_left_out() -> None:
    ((_, field),) = form_told.fields_at("/told/shoe_size")
    assert [value for value, _ in field.options] == ["", form_told.LEAVE_OUT]
    assert "told" not in draft_of(FormData({"/told/shoe_size": "9"}))
