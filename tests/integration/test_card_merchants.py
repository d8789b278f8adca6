"""What merchants ask of a trip's card, and take of it beyond just one ticket's price.

The two-second answer is what the trip's own lines still hold, and no when in doubt. The organisation has said
whose books hold what nobody can explain.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from pydantic import SecretStr

from reunify.adapters.embedded_postgres import Urls
from reunify.disbursement import cards_answers
from reunify.disbursement.cards_answer_policy import Asking
from reunify.disbursement.outage_policy import Instrument, Paid
from reunify.identity.queries import staff_id
from reunify.kernel.ids import RequestId
from reunify.kernel.people import Staff, System
from reunify.ledger import actions as ledger
from reunify.reconciliation import outage
from reunify.reconciliation.policy import Kind
from reunify.sandbox.people import PEOPLE_BY_NAME
from reunify.sandbox.stripe_simulator.bank import Asked
from reunify.sandbox.stripe_simulator.issuing_wire import Refund
from tests.apps import app_of
from tests.integration.card_world import (
    AIR,
    NEW,
    OLD,
    OTHER,
    Stripe,
    Trip,
    captured,
    card_town,
    difference,
    hears,
    left,
    promised,
)
from tests.integration.desk_world import award_of, books_agree, held, released, to_book
from tests.town import Town
from tests.web.pages_world import signed_in, text


@pytest.fixture(scope="module")
def town(
    server: Urls, administrator: sa.Engine, settled_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    with card_town(server, administrator, settled_template, tmp_path_factory.mktemp("cards")) as town:
        yield town


@pytest.fixture(scope="module")
def stripe(town: Town) -> Iterator[Stripe]:
    """Asks of a trip's card; nothing is booked of the trip while the first tests ask."""
    secrets = (SecretStr(NEW), SecretStr(OLD))
    settings = town.house.settings.model_copy(update={"stripe_card_authorisation_secret": secrets})
    house = replace(town.house, settings=settings, webhook_secrets=(OTHER,))
    request = released(town)
    with TestClient(app_of(house), base_url="http://localhost") as client:
        yield Stripe(Trip(town, request, to_book(town, request)), client)


@pytest.fixture(scope="module")
def trip(town: Town) -> Trip:
    request = released(town)
    return Trip(town, request, to_book(town, request))


def test_what_may_have_been_paid_in_an_outage_the_card_does_not_pay_again(stripe: Stripe) -> None:
    trip, now = stripe.trip, stripe.trip.town.clock
    all_of_it = sum(b["ceiling_cents"] for b in trip.bookings)

    def may_pay(number: int, cents: int) -> bool:
        asked = Asking(f"evt_{number}", f"iauth_{number}", trip.card["card"], cents, "usd", AIR)
        return cards_answers.answer(session, asked=asked, asked_at=now(), by=System("cards"), clock=now)

    with trip.town.house.db.work() as session:
        ana = Staff(staff_id(session, "ana"), "ana", PEOPLE_BY_NAME["ana"].roles)
        request, card = RequestId(UUID(trip.request)), Instrument.ORGANISATION_CARD
        slip = Paid(request, card, now().date(), 900, "airline", None, "slip 7", "The network was down.")
        outage.record(session, paid=slip, by=ana, now=now())
        assert not may_pay(1, all_of_it - 899)
        assert may_pay(2, all_of_it - 900)
        session.rollback()


def test_what_the_trip_holds_is_approved_and_not_a_cent_more_though_nothing_was_heard_of_the_promise(
    stripe: Stripe,
) -> None:
    all_of_it = sum(b["ceiling_cents"] for b in stripe.trip.bookings)

    first = stripe.asks(1, 1_000)
    assert (first.status_code, first.json()) == (200, {"approved": True})
    assert first.headers["stripe-version"] == "2026-10-28.endive"
    assert not stripe.asks(2, all_of_it - 999).json()["approved"]
    assert stripe.asks(3, all_of_it - 1_000, secret=OLD).json()["approved"]
    assert [stripe.asks(2, all_of_it - 999).json()["approved"] for _ in range(2)] == [False, False]

    assert stripe.kept(1) == [(1_000, True, "approved")]
    assert stripe.kept(2) == [(all_of_it - 999, False, "more_than_held")]  # the same question, once


DOUBTS: dict[str, dict[str, Any]] = {
    "card_unknown": {"card": "ic_of_nobody"},
    "other_category": {"category": "grocery_stores_supermarkets"},
    "other_currency": {"currency": "eur"},
    "nothing_asked": {"pending": {"amount": 0, "currency": "usd"}},
}


def test_in_doubt_the_answer_is_no_and_the_reason_is_kept(stripe: Stripe) -> None:
    for number, (reason, asked) in enumerate(sorted(DOUBTS.items()), start=100):
        answer = stripe.asks(number, 1, **asked)
        assert (answer.status_code, answer.json()) == (200, {"approved": False})
        assert [found[2] for found in stripe.kept(number)] == [reason]


def test_what_nobody_can_read_is_declined_and_what_stripe_did_not_sign_is_not_answered(
    stripe: Stripe,
) -> None:
    answer = stripe.asks(200, 1, pending=None)
    assert (answer.status_code, answer.json()) == (200, {"approved": False})
    for unknown in (OTHER, "whsec_of_nobody"):
        assert stripe.asks(300, 1, secret=unknown).status_code >= 400
    assert stripe.kept(200) == stripe.kept(300) == []  # the first without its ids


def test_a_card_that_somebody_else_holds_for_too_long_declines_within_two_seconds(
    stripe: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert int(cards_answers.WAIT_FOR_LOCK[:-2]) < int(cards_answers.WAIT_FOR_ALL[:-2]) < 2_000
    monkeypatch.setattr(cards_answers, "WAIT_FOR_LOCK", "50ms")
    with stripe.trip.town.house.db.work() as session:
        session.execute(sa.text("SELECT FROM travel_cards FOR UPDATE"))
        answer = stripe.asks(400, 1)
        session.rollback()
    assert (answer.status_code, answer.json()) == (200, {"approved": False})
    assert stripe.kept(400) == [(1, False, "too_slow")]


def test_the_award_shows_what_was_answered_and_of_a_merchant_nothing_is_kept(stripe: Stripe) -> None:
    house = stripe.trip.town.house
    page = text(signed_in(house, "ana").get(f"/awards/{award_of(stripe.trip.town, stripe.trip.request)}"))
    assert "It is within what this trip still holds." in page
    assert "No line of this trip is bought from merchants of this kind." in page
    assert "Our books could not be read in time" not in page  # which card was asked, nobody could read
    told = text(signed_in(house, "carla").get("/finance"))
    assert "Our books could not be read in time" in told
    assert "Stripe asked in a form that we do not know." in told
    with house.db.read() as session:
        kept = session.scalars(sa.text("SELECT row_to_json(a)::text FROM card_answers a")).all()
    assert kept
    assert not [row for row in kept if "Somewhere" in row or AIR in row]


def test_a_merchants_question_is_answered_well_within_two_seconds(stripe: Stripe, trip: Trip) -> None:
    began = time.monotonic()
    with replace(stripe, trip=trip).answered():
        yes, no = trip.pays(100, capture=False), trip.pays(10_000, "grocery_stores_supermarkets")
    assert (time.monotonic() - began < 4, yes["approved"], no["approved"]) == (True, True, False)
    promise = trip.town.simulator.simulator.store.get("authorization", yes["authorization"])
    assert promise is not None
    assert promise["request_history"][0]["reason"] == "webhook_approved"
    (answer,) = trip.card["answers"]  # the other was declined at Stripe's own limit
    assert (answer["approved"], answer["reason"], answer["cents"]) == (True, "approved", 100)
    path = f"{trip.town.stripe_url}/v1/test_helpers/issuing/authorizations/{yes['authorization']}/reverse"
    httpx.post(path, headers={"Authorization": "Bearer sk_test_merchant"}).raise_for_status()


def test_one_charge_for_two_seats_pays_both_and_waits_in_suspense_until_both_are_ticketed(trip: Trip) -> None:
    one, two = trip.bookings.pop(), trip.bookings.pop()
    price, other = one["ceiling_cents"] - 11, two["ceiling_cents"] - 23
    charge = trip.pays(price + other)["transaction"]
    hears(trip.town)
    trip.tickets((one, price))
    assert trip.stands(one) == ("on_card", price)
    assert difference(trip.town, charge) is Kind.CARD_CHARGE_UNEXPLAINED
    assert left(trip.town, charge) == price + other
    books_agree(trip.town)

    trip.tickets((two, other))

    assert (trip.stands(one), trip.stands(two)) == (("settled", price), ("settled", other))
    assert difference(trip.town, charge) is None
    assert left(trip.town, charge) == 0
    books_agree(trip.town)


def test_a_price_taken_in_two_steps_is_paid_with_the_second_and_what_is_over_waits_until_it_comes_back(
    trip: Trip,
) -> None:
    town, booking = trip.town, trip.bookings.pop()
    price = booking["ceiling_cents"] - 700
    promise = promised(trip, price)
    trip.tickets((booking, price))
    hears(town)
    first = captured(town, promise, amount=400, close=False)
    assert (trip.stands(booking), left(town, first)) == (("on_card", price), 400)

    second = captured(town, promise, amount=price - 400 + 250)

    assert trip.stands(booking) == ("settled", price)
    assert held(town, booking) == (0, 0, price)
    both = [(difference(town, id_), left(town, id_)) for id_ in (first, second)]  # in one second
    assert both == [(None, 0), (Kind.CARD_CHARGE_UNEXPLAINED, 250)]
    books_agree(town)

    back = town.simulator.issuing.refund(second, Refund(refund_amount=250), Asked("req_merchant", None))["id"]
    hears(town)

    assert held(town, booking) == (0, 0, price)
    assert {(difference(town, id_), left(town, id_)) for id_ in (first, second, back)} == {(None, 0)}
    books_agree(town)


CANADIAN = {"merchant_amount": 20_000, "merchant_currency": "cad"}


def test_a_charge_in_another_currency_keeps_it_and_its_drift_is_a_case(stripe: Stripe) -> None:
    trip = stripe.trip
    booking = trip.bookings.pop()
    price = booking["ceiling_cents"] - 900
    promise = promised(trip, price, **CANADIAN)
    trip.tickets((booking, price))
    hears(trip.town)

    charge = captured(trip.town, promise, amount=price + 120, **CANADIAN)

    assert trip.stands(booking) == ("settled", price)
    assert difference(trip.town, charge) is Kind.CARD_DRIFT
    assert left(trip.town, charge) == 120
    with trip.town.house.db.read() as session:
        asked = (
            "SELECT original_amount, original_currency, rate, rate_source FROM card_charges WHERE id = :id"
        )
        kept = tuple(session.execute(sa.text(asked), {"id": charge}).one())
    assert kept == (20_000, "CAD", f"{price + 120}/20000", "stripe")
    books_agree(trip.town)


def test_a_promise_that_lapses_below_the_price_costs_what_was_taken_and_frees_more(stripe: Stripe) -> None:
    trip, booking = stripe.trip, stripe.trip.bookings.pop()
    price = booking["ceiling_cents"] - 300
    promise = promised(trip, price, **CANADIAN)
    trip.tickets((booking, price))
    first = captured(trip.town, promise, amount=5_000, close=False, **CANADIAN)
    assert (trip.stands(booking), held(trip.town, booking)) == (("on_card", price), (0, price, 0))

    second = captured(trip.town, promise, amount=price - 5_000 - 140, close=False, **CANADIAN)
    trip.town.simulator.issuing.expire(promise, Asked("req_merchant", None))
    hears(trip.town)

    with trip.town.house.db.read() as session:
        said = "SELECT state, amount FROM instructions WHERE booking_id = :id ORDER BY created_at, state DESC"
        made = session.execute(sa.text(said), {"id": booking["id"]}).all()
    assert [tuple(row) for row in made] == [("withdrawn", price), ("settled", price - 140)]
    assert held(trip.town, booking) == (0, 0, price - 140)
    assert {(difference(trip.town, id_), left(trip.town, id_)) for id_ in (first, second)} == {(None, 0)}
    books_agree(trip.town)


def test_a_charge_that_the_books_refuse_waits_in_suspense_and_is_paid_when_they_take_it(
    stripe: Stripe,
) -> None:
    trip, town, booking = stripe.trip, stripe.trip.town, stripe.trip.bookings.pop()
    price = booking["ceiling_cents"]
    trip.tickets((booking, price))
    with town.house.db.work() as session:
        asked = sa.text("SELECT hold_id FROM instruction_lines WHERE instruction_id = :id")
        (hold,) = session.scalars(asked, {"id": trip.payment(booking)["id"]})
        ledger.unobligate(
            session, external_ref="past every rule", amounts={hold: 1}, by=System("cards"), now=town.clock()
        )

    charge = trip.pays(price)["transaction"]
    hears(town)

    assert trip.stands(booking) == ("on_card", price)
    assert difference(town, charge) is Kind.CARD_CHARGE_UNEXPLAINED
    assert left(town, charge) == price
    with town.house.db.work() as session:
        ledger.obligate(
            session, external_ref="and back", amounts={hold: 1}, by=System("cards"), now=town.clock()
        )
    town.clock.at += timedelta(minutes=2)
    town.work()
    assert trip.stands(booking) == ("settled", price)
    assert (difference(town, charge), left(town, charge)) == (None, 0)
    books_agree(town)
