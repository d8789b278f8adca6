"""The desk's pages: a case manager books several lines in one act, and nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from reunify.sandbox.people import PEOPLE_BY_NAME
from tests.integration.desk_world import award_of, boy, held, released, to_book
from tests.lasting import lasting_database
from tests.town import Town, built
from tests.web.pages_world import TestClient, signed_in, text


@pytest.fixture(scope="module")
def town(
    server: Urls,
    administrator: sa.Engine,
    settled_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Town]:
    """One town for all: each test has a trip of its own."""
    with (
        lasting_database(server, administrator, settled_template) as db,
        built(db, tmp_path_factory.mktemp("desk")) as town,
    ):
        yield town


def filled(page: str, number: int, price: str, **more: str) -> dict[str, str]:
    """The block with that number, as somebody would type it."""
    at = f"/lines/{number}"
    said = {"vendor": "Prairie Air", "locator": "QK7P2M", "price": price, "step": "ticketed"}
    paid = re.search(rf'name="{at}/paid_with">\s*<option value="(\w+)"', page)
    assert paid is not None
    return {f"{at}/{name}": value for name, value in {**said, "paid_with": paid[1], **more}.items()}


def numbered(page: str, town: Town, line: str) -> int:
    """Where the line stands on the page: blocks are in the order of their keys."""
    request = town.progress(str(re.search(r"/requests/([0-9a-f-]{36})", page)[1]))  # type: ignore[index]
    return [b["line"] for b in request["bookings"] if b["state"] == "wanted"].index(line)


def test_the_desk_is_led_from_its_list_to_the_award_and_books_in_one_act(town: Town) -> None:
    request = released(town)
    first, second = to_book(town, request)[:2]
    ana: TestClient = signed_in(town.house, "ana")
    path = f"/awards/{award_of(town, request)}/bookings"
    assert f'href="{path}"' in ana.get("/bookings").text
    town.hire(PEOPLE_BY_NAME["sam"])
    looks_on = signed_in(town.house, "sam")
    led = re.search(r'href="(/awards/[^"]+)"', looks_on.get("/bookings").text)
    assert led is not None
    assert looks_on.get(led[1]).status_code == 200
    page = ana.get(path).text
    assert "Approved up to" in page
    one, two = numbered(page, town, first["line"]), numbered(page, town, second["line"])

    over = f"{(second['ceiling_cents'] + 1) / 100:.2f}"
    typed = filled(page, one, "100.00") | filled(page, two, over)
    wrong = ana.post(path, data=typed)
    assert wrong.status_code == 422
    assert "$0.01 more" in text(wrong)
    assert f'href="#f-lines-{two}-price"' in wrong.text
    assert f'value="{over}"' in wrong.text  # nothing typed is lost
    assert held(town, first)[1] == 0

    typed |= {f"/lines/{two}/price": "90.00", f"/lines/{two}/cancel_by": "2026-11-26 12:00"}
    done = ana.post(path, data=typed)
    assert "Booked." in text(done)
    assert text(done).count("QK7P2M") == 2
    assert held(town, first) == (0, 10_000, 0)

    again = ana.post(path, data=typed)  # the browser's Back, and the same form once more
    assert again.status_code == 409
    assert {b["line"]: b["state"] for b in to_book(town, request)} == {
        first["line"]: "ticketed", second["line"]: "ticketed", "night-1": "wanted"
    }  # fmt: skip


def test_an_empty_form_and_an_unreadable_one_are_refused_at_their_fields(town: Town) -> None:
    request = released(town)
    ana = signed_in(town.house, "ana")
    path = f"/awards/{award_of(town, request)}/bookings"
    empty = ana.post(path, data={})
    assert (empty.status_code, "for at least one line" in text(empty)) == (422, True)
    at = "/lines/0"
    typed = {f"{at}/vendor": "V", f"{at}/price": "ten", f"{at}/step": "flown", f"{at}/cancel_by": "noon"}
    page = ana.post(path, data=typed)
    assert page.status_code == 422
    for field in ("price", "step", "cancel_by"):
        assert f'href="#f-lines-0-{field}"' in page.text

    unwanted = to_book(town, request)[0]["id"]
    no_reason = ana.post(f"/bookings/{unwanted}/cancel", data={"reason": "\x07 is what she said"})
    assert (no_reason.status_code, "is what she said" in no_reason.text) == (422, True)
    assert "Not needed after all" in no_reason.text
    ana.post(f"/bookings/{unwanted}/cancel", data={"reason": "They drive."})
    assert to_book(town, request)[0]["state"] == "cancelled"


def test_an_alarm_is_on_the_work_list_of_who_has_the_case_until_it_is_answered(town: Town) -> None:
    draft = boy()
    request = released(town, draft)
    first = to_book(town, request)[0]
    award = award_of(town, request)
    by = (town.clock() + timedelta(hours=5)).isoformat()
    line = {"line": first["line"], "vendor": "V", "locator": "L", "price_cents": 1, "paid_with": "invoice"}
    body = {"lines": [line | {"cancel_by": by}]}
    town.person("ana").act(town.diary, "book", f"/awards/{award}/bookings", body)
    ana = signed_in(town.house, "ana")
    assert "Bookings to keep or cancel" in text(ana.get("/"))
    assert "Bookings to keep or cancel" not in text(signed_in(town.house, "ben").get("/"))
    no_reason = ana.post(f"/bookings/{first['id']}/cancel", data={"reason": " "})
    assert (no_reason.status_code, f'href="#f-{first["id"]}-cancel"' in no_reason.text) == (422, True)
    assert "Its alarm has ended" in text(ana.post(f"/bookings/{first['id']}/keep"))
    assert "Bookings to keep or cancel" not in text(ana.get("/"))
