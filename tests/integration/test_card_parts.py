"""Charges that are not just one ticket: several tickets, several steps, too much, another currency.

The organisation has said whose books hold what nobody can explain, and answers Stripe's question over HTTP.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import uvicorn
from pydantic import SecretStr

from reunify.adapters.embedded_postgres import Urls
from reunify.funds import queries as funds
from reunify.funds.policy import FundKind
from reunify.kernel.people import System
from reunify.ledger.policy import Unit
from reunify.rates.actions import set_organisation
from reunify.reconciliation import suspense
from reunify.reconciliation.policy import Kind
from reunify.sandbox.stripe_simulator.postman import signature
from tests.apps import app_of
from tests.integration.card_world import Trip, difference, hears
from tests.integration.desk_world import books_agree, held, released, to_book
from tests.lasting import lasting_database
from tests.town import Town, built

SECRET = "whsec_question"


@pytest.fixture(scope="module")
def town(
    server: Urls,
    administrator: sa.Engine,
    settled_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Town]:
    with (
        lasting_database(server, administrator, settled_template) as db,
        built(db, tmp_path_factory.mktemp("parts"), cards=True) as town,
    ):
        with db.work() as session:
            own = next(
                fund.code
                for fund in funds.all_funds(session)
                if fund.unit is Unit.CENTS and fund.kind is FundKind.HELD
            )
            set_organisation(
                session,
                key="suspense_fund",
                value=own,
                effective_from=date(2026, 1, 1),
                by=System("setup"),
                now=town.clock(),
            )
        yield town


@pytest.fixture(scope="module")
def asked_over_http(town: Town) -> Iterator[None]:
    """The simulator asks our running house, as Stripe would; its words are signed by the town's clock."""
    settings = town.house.settings.model_copy(
        update={"stripe_card_authorisation_secret": (SecretStr(SECRET),)}
    )
    app = app_of(replace(town.house, settings=settings))
    web = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", ws="none"))
    thread = threading.Thread(target=web.run, daemon=True)
    thread.start()
    ends = time.monotonic() + 20
    while not web.started:
        assert time.monotonic() < ends, "the server did not start"
        time.sleep(0.02)
    port = web.servers[0].sockets[0].getsockname()[1]

    def ask(body: bytes, _: str) -> tuple[int, Mapping[str, str], bytes]:
        signed = signature(body.decode(), secrets=[SECRET], at=int(town.clock().timestamp()))
        address = f"http://localhost:{port}/webhooks/stripe/authorisations"
        said = httpx.post(address, content=body, headers={"stripe-signature": signed})
        return said.status_code, said.headers, said.content

    town.simulator.issuing.desk.ask = ask
    yield
    town.simulator.issuing.desk.ask = None
    web.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="module")
def trip(town: Town, asked_over_http: None) -> Trip:
    request = released(town)
    return Trip(town, request, to_book(town, request))


def captured(town: Town, promise: str, **order: Any) -> str:
    """The merchant takes of what it was promised; the charge's id."""
    answer = httpx.post(f"{town.stripe_url}/_control/authorizations/{promise}/capture", json=order)
    answer.raise_for_status()
    hears(town)
    (newest, *_) = sorted(
        (
            t
            for t in town.simulator.simulator.store.all("transaction_of_card")
            if t["authorization"] == promise
        ),
        key=lambda t: abs(t["amount"]) != order["amount"],
    )
    return str(newest["id"])


def left(town: Town, charge: str) -> int:
    with town.house.db.read() as session:
        return suspense.left(session, charge)


def test_stripes_question_is_answered_over_http_well_within_two_seconds(trip: Trip) -> None:
    began = time.monotonic()
    yes, no = trip.pays(100, capture=False), trip.pays(10_000, "grocery_stores_supermarkets", capture=False)
    assert time.monotonic() - began < 4
    assert (yes["approved"], no["approved"]) == (True, False)
    promise = trip.town.simulator.simulator.store.get("authorization", yes["authorization"])
    assert promise is not None
    assert promise["request_history"][0]["reason"] == "webhook_approved"
    with trip.town.house.db.read() as session:
        said = session.execute(sa.text("SELECT approved, milliseconds FROM card_answers")).all()
    assert [row.approved for row in said] == [True]  # the other was declined at Stripe's own limit
    assert said[0].milliseconds < 2_000
    path = f"{trip.town.stripe_url}/v1/test_helpers/issuing/authorizations/{yes['authorization']}/reverse"
    httpx.post(path, headers={"Authorization": "Bearer sk_test_merchant"}).raise_for_status()
    hears(trip.town)


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


def test_a_price_taken_in_two_steps_is_paid_with_the_second_and_what_is_over_waits(trip: Trip) -> None:
    booking = trip.bookings.pop()
    price = booking["ceiling_cents"] - 700
    promise = trip.pays(price, capture=False)["authorization"]
    trip.tickets((booking, price))
    hears(trip.town)
    first = captured(trip.town, promise, amount=400, close=False)
    assert (trip.stands(booking), left(trip.town, first)) == (("on_card", price), 400)

    second = captured(trip.town, promise, amount=price - 400 + 250)

    assert trip.stands(booking) == ("settled", price)
    assert held(trip.town, booking) == (0, 0, price)
    assert (difference(trip.town, first), left(trip.town, first)) == (None, 0)
    assert difference(trip.town, second) is Kind.CARD_CHARGE_UNEXPLAINED
    assert left(trip.town, second) == 250
    books_agree(trip.town)


def test_a_charge_in_another_currency_keeps_it_and_its_drift_is_a_case(
    town: Town, asked_over_http: None
) -> None:
    request = released(town)
    trip = Trip(town, request, to_book(town, request))
    booking = trip.bookings.pop()
    price = booking["ceiling_cents"] - 900
    order = {"amount": price, "merchant_amount": 20_000, "merchant_currency": "cad", "capture": False}
    path = f"{trip.town.stripe_url}/_control/cards/{trip.card['card']}/pay"
    promise = httpx.post(path, json=order).raise_for_status().json()["authorization"]
    trip.tickets((booking, price))
    hears(trip.town)

    more = {"amount": price + 120, "merchant_amount": 20_000, "merchant_currency": "cad"}
    charge = captured(trip.town, promise, **more)

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
