"""A vendor's bill: what it bills, and who pays it."""

from __future__ import annotations

from typing import Any

from pytest_bdd import given, parsers, then, when

from tests.integration import desk_world as desk
from tests.integration import statement_world as bills

LOCATOR = "KX7P2M"
_BY = {"exactly": 0, "one cent over": 1}


@given("a ticketed seat that the airline bills")
def billed_seat(story: Any) -> None:
    story.request_id, (story.draft["seat"],) = bills.ticketed(story.town, LOCATOR)


@when(parsers.re(r"Ben takes in the airline's bill for (?P<price>exactly|one cent over) the booked price"))
def takes_in(story: Any, price: str) -> None:
    cents = story.draft["seat"]["price_cents"] + _BY[price]
    story.draft["bill"] = bills.taken_in(story.town, (LOCATOR, cents))


@then(parsers.re(r"the line is (?P<outcome>ready to be paid|a case for finance)"))
def line_is(story: Any, outcome: str) -> None:
    expected = ("matched", "to_record") if outcome == "ready to be paid" else ("other_amount", "case")
    assert bills.told(story.town, story.draft["bill"]) == [expected]


@when("Ben writes its matching lines down as paid")
def writes_down(story: Any) -> None:
    assert bills.record(story.town, story.draft["bill"]).json() == {"lines": 1}


@then("Ben cannot verify the bill himself")
def cannot_verify(story: Any) -> None:
    assert bills.verify(story.town, story.draft["bill"], by="ben").status_code == 403


@when("Carla verifies the bill")
def verifies(story: Any) -> None:
    assert bills.verify(story.town, story.draft["bill"]).json() == {"payments": 1}


@then("its price, and no more, is paid")
def is_paid(story: Any) -> None:
    seat = story.draft["seat"]
    assert desk.held(story.town, seat) == (0, 0, seat["price_cents"])
