"""The limits an example states, as rows of a form: which limit, how much; what is wrong stands in its row."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from starlette.datastructures import FormData

from reunify.rates.closed_yaml import read
from reunify.rules.examples import CAP
from reunify.web.pages.rules_example_caps import CapsWrong, caps_in, caps_in_words, caps_shown
from tests.web.pages_world import text
from tests.web.rules_world import Hall, form_of, hall

__all__ = ["hall"]


def form(*rows: tuple[str, str], without: str = "") -> FormData:
    typed = {"no_cap": without}
    for n, (limit, most) in enumerate(rows):
        typed |= {f"cap{n}_limit": limit, f"cap{n}_most": most}
    return FormData(typed)


# Rows ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "stated"),
    [
        (form(), None),
        (form(without="nothing"), {}),
        (form(("trip_cap", "7500.00")), {"trip_cap": "7500.00"}),
        (form(("", ""), ("trip_cap lodging", " 300 "), ("", "")), {"trip_cap lodging": "300"}),
        (form(("lifetime_uses", "1"), ("trip_cap", "2")), {"lifetime_uses": "1", "trip_cap": "2"}),
        (form(("trip_cap", "1"), without="nothing"), {"trip_cap": "1"}),
    ],
)
def test_rows_become_the_limits_of_the_file(typed: FormData, stated: dict[str, str] | None) -> None:
    assert caps_in(typed, {"leg_cap": "9"}) == stated
    shown = caps_shown(stated)
    assert [(r.limit.value, r.most.value) for r in shown.rows] == [
        *(stated or {}).items(), ("", ""), ("", "")
    ]  # fmt: skip
    assert shown.without.value == ("nothing" if stated == {} else "")


def test_a_form_without_this_part_leaves_the_limits_as_they_are() -> None:
    assert caps_in(FormData({"name": "x"}), {"trip_cap": "1"}) == {"trip_cap": "1"}
    assert caps_in(FormData({"name": "x"}), None) is None


@pytest.mark.parametrize(
    ("row", "field", "said"),
    [
        (("", "5"), "cap1_limit", "Row 2: choose which limit"),
        (("most", "5"), "cap1_limit", "no table gives “most”"),
        (("leg_cap", ""), "cap1_most", "write how much"),
        (("leg_cap", "lots"), "cap1_most", "“lots” is no amount. Write dollars like 7500.00"),
        (("leg_cap", "-1"), "cap1_most", "is no amount"),
        (("leg_cap", "1.5"), "cap1_most", "is no amount"),
        (("trip_cap", "1"), "cap1_limit", "Row 2: this limit is listed above already"),
    ],
)
def test_what_is_wrong_with_a_row_is_told_in_that_row(row: tuple[str, str], field: str, said: str) -> None:
    typed = form(("trip_cap", "1"), row)
    with pytest.raises(CapsWrong) as wrong:
        caps_in(typed, None)
    assert list(wrong.value.rows) == [field]
    assert said in wrong.value.rows[field]
    shown = caps_shown(None, typed, wrong.value)
    assert [r.bad for r in shown.rows] == [False, True, False, False]
    assert (shown.rows[1].limit.value, shown.rows[1].most.value) == row, "what was typed is kept"
    assert row[0] in [code for code, _ in shown.rows[1].limit.options]


def test_every_wrong_row_is_told_at_once() -> None:
    with pytest.raises(CapsWrong) as wrong:
        caps_in(form(("", "5"), ("trip_cap", "1"), ("leg_cap", "x")), None)
    assert [p.id for p in wrong.value.problems] == ["r-cap0_limit", "r-cap2_most"]


def test_every_limit_that_is_offered_is_one_an_example_may_state() -> None:
    offered = [code for code, _ in caps_shown(None).rows[0].limit.options if code]
    assert len(offered) > 20
    assert [code for code in offered if not CAP.fullmatch(code)] == []


@pytest.mark.parametrize("held", [["a"], "a", {"trip_cap": ["a"]}, {"x y": "1"}, None])
def test_limits_of_an_odd_shape_are_shown_as_far_as_a_row_can(held: Any) -> None:
    shown = caps_shown(held)
    assert len(shown.rows) == 2 + (len(held) if isinstance(held, dict) else 0)


def test_limits_are_read_in_words() -> None:
    assert caps_in_words({"trip_cap lodging": "300.00"}) == ("At most for a trip, lodging: 300.00",)
    assert (caps_in_words({}), caps_in_words(None)) == (("No limit",), ())


# The page ------------------------------------------------------------------------------------------------
def kept(hall: Hall, draft: str) -> list[dict[str, Any]]:
    found = re.search(
        r'name="examples"[^>]*>(.*?)</textarea>', hall.as_("noor").get(f"{draft}/text").text, re.S
    )
    assert found
    return list(read(html.unescape(found[1]).encode(), "examples")["examples"])


def test_the_limits_and_questions_of_an_example_are_edited_in_the_form(hall: Hall) -> None:
    draft, noor = hall.begin("2027-06-01"), hall.as_("noor")
    before = kept(hall, draft)
    number = next(n for n, e in enumerate(before) if "caps" in e)
    at = f"{draft}/examples"
    page = noor.get(f"{at}?edit={number}")
    assert "At most for a trip: 7500.00" in text(page)
    one = form_of(page, f"{at}#one", do=f"keep:{number}")
    noor.post(at, data=one)
    assert kept(hall, draft) == before, "saved untouched, nothing of any example changes"

    wrong = form_of(noor.get(f"{at}?edit={number}"), f"{at}#one", do=f"keep:{number}")
    wrong |= {"cap0_most": "a lot", "cap1_most": "5"}
    refused = noor.post(at, data=wrong)
    assert refused.status_code == 422
    assert refused.text.count('aria-invalid="true"') == 2
    assert 'href="#r-cap0_most"' in refused.text
    assert 'value="a lot"' in refused.text
    assert "Change the example" in text(refused)
    assert kept(hall, draft) == before

    changed = form_of(noor.get(f"{at}?edit={number}"), f"{at}#one", do=f"keep:{number}")
    changed |= {"cap0_most": "7501.00", "asks": "nothing"}
    told = text(noor.post(at, data=changed))
    assert "expects the tables to give trip_cap 7501.00, but they give trip_cap 7500" in told
    now = kept(hall, draft)[number]
    assert (now["caps"], now["asks"]) == ({"trip_cap": "7501.00"}, [])


def test_every_example_of_the_house_is_saved_by_its_form_as_it_was(hall: Hall) -> None:
    noor = hall.as_("noor")
    draft = hall.begin("2027-06-02", source="partner_airline_miles")
    before = kept(hall, draft)
    for number in range(len(before)):
        at = f"{draft}/examples"
        noor.post(at, data=form_of(noor.get(f"{at}?edit={number}"), f"{at}#one", do=f"keep:{number}"))
    assert kept(hall, draft) == before
