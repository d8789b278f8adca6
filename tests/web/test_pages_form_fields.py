"""The form's one table: it shows every field of the request and reads back exactly what it shows."""

from __future__ import annotations

import types
import typing
from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel
from starlette.datastructures import FormData

from reunify.intake import problems
from reunify.intake.form import TravelRequest
from reunify.kernel.refusals import Problem
from reunify.sandbox.families import Family, sample_families
from reunify.web.pages.form_fields import BY_POINTER, GROUPS, fields_at
from reunify.web.pages.form_reading import answer_to, draft_of, with_item, without_item
from reunify.web.pages.form_showing import Showing, id_of

FAMILIES = sample_families(date(2026, 11, 25))


def as_posted(draft: Any) -> list[tuple[str, str]]:
    """What a browser sends for the page of this draft."""
    sent: list[tuple[str, str]] = []
    for group in Showing(draft, [], (("endangered_runaway", "Endangered runaway"),)).groups():
        for item in group.items:
            if item.key:
                sent.append((f"{item.pointer}/key", item.key))
            for field in (f for part in item.parts for f in part.fields):
                match field.kind:
                    case "several":
                        sent += [(field.name, v) for v in field.value]
                    case "tick":
                        sent += [(field.name, "yes")] if field.value else []
                    case _:
                        sent.append((field.name, field.value))
    return sent


def read_back(draft: Any) -> dict[str, Any]:
    return draft_of(FormData([*as_posted(draft)]))


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.letter)
def test_a_request_shown_and_posted_unchanged_is_the_same_request(family: Family) -> None:
    assert TravelRequest.model_validate(read_back(family.draft)) == TravelRequest.model_validate(family.draft)


def test_every_field_of_the_request_is_on_the_form() -> None:
    shown = {f"{g.pointer}/{'*/' if g.one else ''}{f.path}" for g in GROUPS for f in g.fields}
    shown |= {f"{g.pointer}/*/key" for g in GROUPS if g.one}
    # Told facts come from the dictionary: tests/web/test_pages_told.py.
    assert set(_leaves(TravelRequest, "")) - {"/told"} == shown


def _leaves(model: type[BaseModel], at: str) -> list[str]:
    found: list[str] = []
    for name, field in model.model_fields.items():
        inner, listed = _inner(field.annotation)
        where = f"{at}/{name}" + ("/*" if listed and inner else "")
        found += _leaves(inner, where) if inner else [where]
    return found


def _inner(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    listed = typing.get_origin(annotation) is list
    if listed or typing.get_origin(annotation) in (types.UnionType, typing.Union):
        for part in typing.get_args(annotation):
            inner, _ = _inner(part)
            if inner:
                return inner, listed
    return None, listed


def test_an_empty_form_gives_an_empty_draft_without_an_entry_nobody_made() -> None:
    draft = read_back({})
    assert draft["travelers"] == []
    assert draft["legs"] == []
    assert "household" not in draft
    assert draft["case"] == {"child": {}, "recovered": "unknown", "held_over_24_hours": "unknown"}


def test_an_amount_that_cannot_be_read_is_kept_as_typed_and_is_never_taken_for_cents() -> None:
    draft = draft_of(FormData([("/cost_lines/0/key", "a"), ("/cost_lines/0/quote_cents", "1_000")]))
    shown = Showing(draft, problems.read(draft)[1], ())
    quote = next(f for f in shown.fields("/cost_lines/0/quote_cents"))
    assert quote.value == "1_000"
    assert quote.wrong == ["Write dollars and cents, like 1284.50."]


def test_an_empty_ceiling_is_the_quote() -> None:
    draft = draft_of(FormData([("/cost_lines/0/key", "a"), ("/cost_lines/0/quote_cents", "$1,284.50")]))
    assert draft["cost_lines"][0]["ceiling_cents"] == 128_450


@pytest.mark.parametrize(("typed", "kept"), [("0", 0), ("0.00", 0)])
def test_a_zero_is_an_answer_and_reaches_its_own_remedy(typed: str, kept: int) -> None:
    draft = draft_of(FormData([("/cost_lines/0/key", "a"), ("/cost_lines/0/quote_cents", typed)]))
    assert draft["cost_lines"][0]["quote_cents"] == kept
    assert draft_of(FormData([("/household/yearly_income_cents", typed)]))["household"] == {
        "yearly_income_cents": kept
    }


def test_a_baby_is_zero_years_old() -> None:
    form = FormData([("/case/child/age_now", "0")])
    assert draft_of(form)["case"]["child"] == {"age_now": 0}
    assert answer_to(form, "/case/child") == ({"age_now": 0}, [])


def test_states_are_written_in_capitals() -> None:
    draft = draft_of(FormData([("/household/state", "tx")]))
    assert draft["household"] == {"state": "TX"}


def test_adding_gives_a_free_key_and_removing_takes_exactly_that_one() -> None:
    draft: dict[str, Any] = {"travelers": [{"key": "t2"}, {"key": "t1"}]}
    assert with_item(draft, "/travelers", BY_POINTER["/travelers"]) == 2
    assert draft["travelers"][2] == {"key": "t3"}
    without_item(draft, "/travelers/0")
    assert [t["key"] for t in draft["travelers"]] == ["t1", "t3"]


def test_a_problem_stands_at_its_field_and_the_summary_links_to_it() -> None:
    draft = {"legs": [{"key": "out", "travelers": ["nobody"]}]}
    shown = Showing(draft, [Problem("/legs/0/travelers/0", "Name one of the travelers.")], ())
    assert shown.problems[0].id == id_of("/legs/0/travelers")
    assert shown.problems[0].label == "Leg 1, Who is on it"
    assert shown.fields("/legs/0/travelers")[0].wrong == ["Name one of the travelers."]


def test_a_problem_of_a_whole_list_stands_at_its_heading() -> None:
    shown = Showing({}, [Problem("/payees", "Add at least one.")], ())
    assert shown.problems[0].id == id_of("/payees")
    assert next(g for g in shown.groups() if g.group.pointer == "/payees").wrong == ["Add at least one."]


@pytest.mark.parametrize("draft", [{"travelers": "x"}, {"case": []}, [], None, {"legs": [1, None]}])
def test_a_draft_of_a_strange_shape_still_opens(draft: Any) -> None:
    assert Showing(draft, problems.read(draft)[1], ()).groups()


def test_an_answer_is_read_as_its_field_says() -> None:
    form = FormData([("/household/yearly_income_cents", "26,400"), ("/case/report_number", " SG-1 ")])
    assert answer_to(form, "/household/yearly_income_cents") == (2_640_000, [])
    assert answer_to(form, "/case/report_number") == ("SG-1", [])
    assert answer_to(form, "/case/recovered") == (None, [])


def test_a_question_about_a_place_is_answered_field_by_field() -> None:
    form = FormData([("/case/located_place/city", "Wichita"), ("/case/located_place/state", "ks")])
    assert answer_to(form, "/case/located_place") == ({"city": "Wichita", "state": "KS"}, [])
    assert next(at for at, _ in fields_at("/case/located_place")) == "/case/located_place/city"


def test_an_answer_that_cannot_be_read_names_its_field() -> None:
    _, wrong = answer_to(FormData([("/household/size", "three")]), "/household/size")
    assert [p.pointer for p in wrong] == ["/household/size"]
