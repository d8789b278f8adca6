"""The desk, its card, and what merchants charge."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pytest_bdd import given, then, when

from reunify.adapters.stripe_card_balance import StripeCardBalance
from reunify.adapters.stripe_cards import CardHolder, StripeCards
from reunify.kernel.people import System
from reunify.reconciliation import cards
from reunify.reconciliation import queries as reconciliation
from reunify.reconciliation.policy import Kind
from tests.integration.desk_world import award_of, books, boy, held, released, to_book, told
from tests.town import CARDHOLDER, KEY

SEAT = "fare-mother"


@given("travel cards are switched on")
def cards_on(story: Any, request: pytest.FixtureRequest) -> None:
    issuer = StripeCards(key=KEY, holder=CardHolder.read(CARDHOLDER), base=story.town.stripe_url)
    balance = StripeCardBalance(key=KEY, base=story.town.stripe_url)
    request.addfinalizer(issuer.close)
    request.addfinalizer(balance.close)
    story.town.house = replace(story.town.house, cards=issuer, card_statement=balance)


@given("the organisation books a mother's and her boy's way home")
def organisation_books(story: Any) -> None:
    story.draft = boy()


@when("the award is released")
def is_released(story: Any) -> None:
    story.request_id = released(story.town, story.draft)


@then("the trip has a card that may buy what was approved and not a cent more")
def has_card(story: Any) -> None:
    approved = sum(b["ceiling_cents"] for b in to_book(story.town, story.request_id))
    card = _card(story)
    assert (card["state"], card["limit_cents"]) == ("active", approved)
    assert not pays(story, approved + 1)


@when("the desk buys the mother's seat with it and writes down the ticket")
def buys_seat(story: Any) -> None:
    seat = her_seat(story)
    assert pays(story, seat["ceiling_cents"] - 500)
    writes_down(story, seat, seat["ceiling_cents"] - 500)


@when("the desk is charged a cent more than the ticket it wrote down")
def charged_more(story: Any) -> None:
    seat = her_seat(story)
    assert pays(story, seat["ceiling_cents"])
    writes_down(story, seat, seat["ceiling_cents"] - 1)


@when("the desk is promised the mother's seat and the merchant takes three dollars more")
def takes_more(story: Any) -> None:
    _takes(story, over=300)


@when("the desk is promised the mother's seat and the merchant takes four dollars less")
def takes_less(story: Any) -> None:
    _takes(story, over=-400)


def _takes(story: Any, *, over: int) -> None:
    seat, at = her_seat(story), story.town.stripe_url
    price = seat["ceiling_cents"] - 500
    order = {"amount": price, "capture": False}
    promise = httpx.post(f"{at}/_control/cards/{_card(story)['card']}/pay", json=order).raise_for_status()
    writes_down(story, seat, price)
    issuer = story.town.house.cards
    promised = issuer.authorisation(promise.json()["authorization"])
    with story.town.house.db.work() as session:
        cards.take(session, found=promised, by=System("cards"), now=story.town.clock())
    taken = f"{at}/_control/authorizations/{promised.id}/capture"
    httpx.post(taken, json={"amount": price + over}).raise_for_status()
    story.town.clock.at += timedelta(hours=2)
    story.town.work()


@then("the card has paid for her seat at the price of the ticket")
def seat_paid(story: Any) -> None:
    price = her_seat(story)["ceiling_cents"] - 500
    assert _on_card(story) == [("settled", price)]
    assert held(story.town, her_seat(story)) == (0, 0, price)


@then("her seat costs what the merchant took, and four dollars are free for other families")
def seat_cost_less(story: Any) -> None:
    seat = her_seat(story)
    price = seat["ceiling_cents"] - 500 - 400
    assert [made for made in _on_card(story) if made[0] != "withdrawn"] == [("settled", price)]
    assert held(story.town, seat) == (0, 0, price)
    desk = story.town.person("ana").see(f"/awards/{award_of(story.town, story.request_id)}/bookings")
    assert [b["price_cents"] for b in desk["bookings"] if b["id"] == seat["id"]] == [price]


@then("finance has nothing to explain")
def nothing_to_explain(story: Any) -> None:
    with story.town.house.db.read() as session:
        assert reconciliation.open_differences(session) == []


@then("the ticket still waits for its charge")
def still_waits(story: Any) -> None:
    price = her_seat(story)["ceiling_cents"] - 1
    assert _on_card(story) == [("on_card", price)]
    assert held(story.town, her_seat(story)) == (0, price, 0)


@then("finance is asked to explain the charge")
def finance_asked(story: Any) -> None:
    with story.town.house.db.read() as session:
        (found,) = reconciliation.open_differences(session)
    assert found.kind is Kind.CARD_CHARGE_UNEXPLAINED


def her_seat(story: Any) -> dict[str, Any]:
    return next(b for b in to_book(story.town, story.request_id) if b["line"] == SEAT)


def _card(story: Any) -> dict[str, Any]:
    path = f"/awards/{award_of(story.town, story.request_id)}/card"
    return dict(story.town.person("ana").see(path))


def pays(story: Any, cents: int) -> bool:
    """Whether the card bought it."""
    address = f"{story.town.stripe_url}/_control/cards/{_card(story)['card']}/pay"
    return bool(httpx.post(address, json={"amount": cents}).raise_for_status().json()["approved"])


def writes_down(story: Any, seat: dict[str, Any], price: int) -> None:
    """And an hour later, Stripe's charges having been listed, all is known."""
    books(story.town, story.request_id, told(seat, price, paid_with="travel_card"))
    story.town.work()
    story.town.clock.at += timedelta(hours=2)
    story.town.work()


def _on_card(story: Any) -> list[tuple[str, int]]:
    made = story.town.progress(story.request_id)["instructions"]
    return [(i["state"], i["amount"]) for i in made if i["rail"] == "travel_card"]
