"""The booking desk: what a seat may cost, when it binds us, and what becomes of its money."""

from __future__ import annotations

from typing import Any

from pytest_bdd import given, parsers, then, when

from tests.integration import desk_world as desk

_BY = {"one cent under": -1, "exactly": 0, "one cent over": 1}


@given("a released award whose seats the organisation books, each up to $10 over its quote")
def released_to_book(story: Any) -> None:
    story.request_id = desk.released(story.town)


@when(parsers.parse("Ana tickets the first seat for {price} its ceiling"))
def tickets(story: Any, price: str) -> None:
    seat = _first(story)
    line = desk.told(seat, seat["ceiling_cents"] + _BY[price])
    path = f"/awards/{desk.award_of(story.town, story.request_id)}/bookings"
    story.answer = story.town.person("ana").tries(path, {"lines": [line]})


@then(parsers.parse("the seat is {outcome}"))
def seat_is(story: Any, outcome: str) -> None:
    refused = outcome == "refused"
    assert story.answer.status_code == (422 if refused else 201)
    assert _first(story)["state"] == ("wanted" if refused else "ticketed")


@then("nothing is to be paid for the first seat")
def nothing_to_pay(story: Any) -> None:
    seat = _first(story)
    assert desk.held(story.town, seat) == (seat["ceiling_cents"], 0, 0)


@then("exactly that price is obligated, and the cent is free again")
def obligated(story: Any) -> None:
    seat = _first(story)
    assert desk.held(story.town, seat) == (0, seat["ceiling_cents"] - 1, 0)


@then("the payment to be logged is exactly that price")
def to_be_logged(story: Any) -> None:
    story.town.work()
    waiting = [i["amount"] for i in story.progress["instructions"] if i["state"] == "to_log"]
    assert waiting.count(_first(story)["ceiling_cents"] - 1) == 1


@when("the carrier changes the flight")
def changes(story: Any) -> None:
    path = f"/bookings/{_first(story)['id']}/change"
    story.town.person("ana").act(
        story.town.diary, "change", path, {"reason": "The carrier moved the flight."}
    )


@then("the seat waits to be booked anew, with its money set aside")
def waits_anew(story: Any) -> None:
    seat = _first(story)
    assert seat["state"] == "changed"
    assert desk.held(story.town, seat) == (seat["ceiling_cents"], 0, 0)


@when("Ana cancels it instead")
def cancels(story: Any) -> None:
    path = f"/bookings/{_first(story)['id']}/cancellation"
    story.town.person("ana").act(story.town.diary, "cancel", path, {"reason": "Nobody flies."})


@then("nothing is set aside for it any more")
def nothing_set_aside(story: Any) -> None:
    seat = _first(story)
    assert seat["state"] == "cancelled"
    assert desk.held(story.town, seat) == (0, 0, 0)


def _first(story: Any) -> Any:
    return desk.to_book(story.town, story.request_id)[0]
