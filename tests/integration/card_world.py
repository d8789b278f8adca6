"""A trip with a card of its own: what the desk and merchants do with it, and what Stripe tells of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import httpx2
import sqlalchemy as sa
from fastapi.testclient import TestClient

from reunify.adapters.embedded_postgres import Urls
from reunify.db import Database
from reunify.funds import queries as funds
from reunify.funds.policy import FundKind
from reunify.kernel.people import System
from reunify.ledger.policy import Unit
from reunify.rates.actions import set_organisation
from reunify.reconciliation import actions as inbox
from reunify.reconciliation import queries as reconciliation
from reunify.reconciliation import suspense
from reunify.reconciliation.policy import Kind
from reunify.sandbox.stripe_simulator.postman import signature
from tests.integration.desk_world import award_of, books, told
from tests.lasting import lasting_database
from tests.town import NOW, Town, built

SECRET = "whsec_cards"
NEW, OLD, OTHER = "whsec_question", "whsec_question_before", "whsec_events"
AIR = "airlines_air_carriers"


@dataclass
class Trip:
    """A released award. The answer to the first call that asked for its card was lost on the way."""

    town: Town
    request: str
    bookings: list[dict[str, Any]]

    @property
    def card(self) -> dict[str, Any]:
        return self.town.person("ana").see(f"/awards/{award_of(self.town, self.request)}/card")

    def pays(self, cents: int, category: str = AIR, *, capture: bool = True) -> dict[str, Any]:
        """The desk types the number at a merchant."""
        order = {"amount": cents, "category": category, "capture": capture}
        answer = httpx.post(f"{self.town.stripe_url}/_control/cards/{self.card['card']}/pay", json=order)
        answer.raise_for_status()
        return dict(answer.json())

    def tickets(self, *priced: tuple[dict[str, Any], int]) -> None:
        """The requester writes down what was bought with the card."""
        lines = [told(booking, price, paid_with="travel_card") for booking, price in priced]
        books(self.town, self.request, *lines)
        self.town.work()

    def gives_up(self, *bookings: dict[str, Any]) -> None:
        """Each is cancelled, and some minutes pass."""
        for found in bookings:
            path, why = f"/bookings/{found['id']}/cancellation", {"reason": "They drive after all."}
            self.town.person("ana").act(self.town.diary, "cancel", path, why)
        self.town.clock.at += timedelta(minutes=2)
        self.town.work()

    def payment(self, booking: dict[str, Any]) -> dict[str, Any]:
        """The one payment of this booking that was not given up."""
        with self.town.house.db.read() as session:
            said = "SELECT id::text, rail, state, amount FROM instructions WHERE booking_id = :booking"
            (row,) = session.execute(sa.text(said), {"booking": booking["id"]}).all()
        return dict(row._mapping)

    def stands(self, booking: dict[str, Any]) -> tuple[str, int]:
        made = self.payment(booking)
        assert made["rail"] == "travel_card"
        return made["state"], made["amount"]


@dataclass
class Stripe:
    """Asks as Stripe does, of one trip's card."""

    trip: Trip
    http: TestClient

    def asks(self, number: int, cents: int, *, secret: str = NEW, **other: Any) -> httpx2.Response:
        wanted = {"amount": cents, "currency": other.get("currency", "usd")}
        about = {
            "id": f"iauth_{number}",
            "object": "issuing.authorization",
            "amount": 0,
            "card": {"id": other.get("card", self.trip.card["card"])},
            "merchant_data": {"category": other.get("category", AIR), "name": "Somewhere Air"},
            "pending_request": other.get("pending", wanted),
        }
        event = {
            "id": f"evt_{number}",
            "object": "event",
            "type": other.get("type", "issuing_authorization.request"),
            "livemode": False,
            "data": {"object": about},
        }
        return self.posts(json.dumps(event), secret)

    def posts(self, body: str, secret: str = NEW) -> httpx2.Response:
        """Signed by the town's clock."""
        header = signature(body, secrets=[secret], at=int(self.trip.town.clock().timestamp()))
        path = "http://localhost/webhooks/stripe/authorisations"
        return self.http.post(path, content=body, headers={"stripe-signature": header})

    def kept(self, number: int) -> list[tuple[Any, ...]]:
        with self.trip.town.house.db.read() as session:
            said = "SELECT cents, approved, reason FROM card_answers WHERE authorisation_id = :id"
            return [tuple(row) for row in session.execute(sa.text(said), {"id": f"iauth_{number}"})]

    @contextmanager
    def answered(self) -> Iterator[None]:
        """The simulator asks our house before a card is charged."""
        desk = self.trip.town.simulator.issuing.desk

        def ask(body: bytes, _: str) -> tuple[int, Mapping[str, str], bytes]:
            said = self.posts(body.decode())
            return said.status_code, said.headers, said.content

        desk.ask = ask
        yield
        desk.ask = None


@contextmanager
def card_town(server: Urls, administrator: sa.Engine, template: str, data: Path) -> Iterator[Town]:
    """One town with travel cards for all tests of a module: each has a booking, or a trip, of its own."""
    with lasting_database(server, administrator, template) as db, built(db, data, cards=True) as town:
        own_money(db)
        yield town


def own_money(db: Database) -> None:
    """The organisation has said whose books hold what nobody can explain."""
    with db.work() as session:
        held = (f for f in funds.all_funds(session) if f.unit is Unit.CENTS and f.kind is FundKind.HELD)
        set_organisation(
            session,
            key="suspense_fund",
            value=next(held).code,
            effective_from=date(2026, 1, 1),
            by=System("setup"),
            now=NOW,
        )


def promised(trip: Trip, cents: int, **merchant: Any) -> str:
    """A merchant asks for it, and takes nothing yet; the promise's id."""
    order = {"amount": cents, "capture": False, **merchant}
    path = f"{trip.town.stripe_url}/_control/cards/{trip.card['card']}/pay"
    return str(httpx.post(path, json=order).raise_for_status().json()["authorization"])


def captured(town: Town, promise: str, **order: Any) -> str:
    """The merchant takes of what it was promised; the charge's id."""
    path = f"{town.stripe_url}/_control/authorizations/{promise}/capture"
    said = httpx.post(path, json=order).raise_for_status().json()
    hears(town)
    return str(said["transactions"][-1]["id"])


def left(town: Town, charge: str) -> int:
    """What of it nobody has explained."""
    with town.house.db.read() as session:
        return suspense.left(session, charge)


def hears(town: Town, *, copies: int = 1) -> None:
    """Stripe's events of the cards arrive signed, newest first, each this often; the flows do the rest."""
    now = town.clock()
    with town.house.db.work() as session:
        for event in town.simulator.simulator.store.all("event_of_card"):
            body = json.dumps(event)
            header = signature(body, secrets=[SECRET], at=int(now.timestamp()))
            for _ in range(copies):
                inbox.receive(session, raw=body.encode(), signature=header, secrets=[SECRET], now=now)
    town.work()


def difference(town: Town, charge: str) -> Kind | None:
    """What finance has to look at because of this charge."""
    with town.house.db.read() as session:
        found = [d.kind for d in reconciliation.open_differences(session) if d.object_id == charge]
    return found[0] if found else None
