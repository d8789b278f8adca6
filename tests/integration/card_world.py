"""A trip with a card of its own: what the desk and merchants do with it, and what Stripe tells of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx
import sqlalchemy as sa

from reunify.reconciliation import actions as inbox
from reunify.reconciliation import queries as reconciliation
from reunify.reconciliation.policy import Kind
from reunify.sandbox.stripe_simulator.postman import signature
from tests.integration.desk_world import award_of, books, told
from tests.town import Town

SECRET = "whsec_cards"
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


def hears(town: Town, *, copies: int = 1) -> None:
    """Stripe's events of the cards arrive signed, newest first, each this often; the flows do the rest."""
    now = town.clock()
    for event in town.simulator.simulator.store.all("event_of_card"):
        body = json.dumps(event)
        header = signature(body, secrets=[SECRET], at=int(now.timestamp()))
        for _ in range(copies):
            with town.house.db.work() as session:
                inbox.receive(session, raw=body.encode(), signature=header, secrets=[SECRET], now=now)
    town.work()


def difference(town: Town, charge: str) -> Kind | None:
    """What finance has to look at because of this charge."""
    with town.house.db.read() as session:
        found = [d.kind for d in reconciliation.open_differences(session) if d.object_id == charge]
    return found[0] if found else None
