"""The two-second answer: a merchant gets what the trip's own lines still hold, and no when in doubt."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from pydantic import SecretStr

from reunify.adapters.embedded_postgres import Urls
from reunify.sandbox.stripe_simulator.postman import signature
from tests.apps import app_of
from tests.integration.card_world import AIR, Trip
from tests.integration.desk_world import released, to_book
from tests.lasting import lasting_database
from tests.town import built

NEW, OLD, OTHER = "whsec_question", "whsec_question_before", "whsec_events"


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
        body = json.dumps(event)
        header = signature(body, secrets=[secret], at=int(self.trip.town.clock().timestamp()))
        return self.http.post(
            "/webhooks/stripe/authorisations", content=body, headers={"stripe-signature": header}
        )

    def kept(self, number: int) -> list[tuple[Any, ...]]:
        with self.trip.town.house.db.read() as session:
            said = "SELECT cents, approved, reason FROM card_answers WHERE authorisation_id = :id"
            return [tuple(row) for row in session.execute(sa.text(said), {"id": f"iauth_{number}"})]


@pytest.fixture(scope="module")
def stripe(
    server: Urls,
    administrator: sa.Engine,
    settled_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stripe]:
    with (
        lasting_database(server, administrator, settled_template) as db,
        built(db, tmp_path_factory.mktemp("answers"), cards=True) as town,
    ):
        secrets = (SecretStr(NEW), SecretStr(OLD))
        settings = town.house.settings.model_copy(update={"stripe_card_authorisation_secret": secrets})
        house = replace(town.house, settings=settings, webhook_secrets=(OTHER,))
        request = released(town)
        town.work()
        with TestClient(app_of(house), base_url="http://localhost") as http:
            yield Stripe(Trip(town, request, to_book(town, request)), http)


def test_what_the_trip_holds_is_approved_and_not_a_cent_more_though_nothing_was_heard_of_the_promise(
    stripe: Stripe,
) -> None:
    all_of_it = sum(b["ceiling_cents"] for b in stripe.trip.bookings)

    first = stripe.asks(1, 1_000)
    assert (first.status_code, first.json()) == (200, {"approved": True})
    assert first.headers["stripe-version"] == "2026-10-28.endive"
    assert not stripe.asks(2, all_of_it - 999).json()["approved"]
    assert stripe.asks(3, all_of_it - 1_000, secret=OLD).json()["approved"]

    assert stripe.kept(1) == [(1_000, True, "approved")]
    assert stripe.kept(2) == [(all_of_it - 999, False, "more_than_held")]


def test_the_same_question_gets_the_same_answer_and_is_kept_once(stripe: Stripe) -> None:
    assert [stripe.asks(10, 10**9).json()["approved"] for _ in range(2)] == [False, False]
    assert stripe.kept(10) == [(10**9, False, "more_than_held")]


DOUBTS: dict[str, dict[str, Any]] = {
    "card_unknown": {"card": "ic_of_nobody"},
    "other_category": {"category": "grocery_stores_supermarkets"},
    "other_currency": {"currency": "eur"},
    "nothing_asked": {"pending": {"amount": 0, "currency": "usd"}},
}


@pytest.mark.parametrize("reason", sorted(DOUBTS))
def test_in_doubt_the_answer_is_no_and_the_reason_is_kept(stripe: Stripe, reason: str) -> None:
    number = 100 + sorted(DOUBTS).index(reason)
    answer = stripe.asks(number, 1, **DOUBTS[reason])
    assert (answer.status_code, answer.json()) == (200, {"approved": False})
    assert [found[2] for found in stripe.kept(number)] == [reason]


UNREADABLE: list[dict[str, Any]] = [
    {"pending": {"amount": "1", "currency": "usd"}},
    {"pending": {"amount": True, "currency": "usd"}},
    {"pending": None},
    {"card": 7},
    {"type": "issuing_authorization.created"},
]


@pytest.mark.parametrize("number", range(len(UNREADABLE)))
def test_a_signed_question_that_nobody_can_read_is_declined(stripe: Stripe, number: int) -> None:
    answer = stripe.asks(200 + number, 1, **UNREADABLE[number])
    assert (answer.status_code, answer.json()) == (200, {"approved": False})
    with stripe.trip.town.house.db.read() as session:
        said = "SELECT count(*) FROM card_answers WHERE reason = 'unreadable' AND card_id IS NULL"
        assert session.scalar(sa.text(said)) == number + 1


@pytest.mark.parametrize("secret", sorted([OTHER, "whsec_of_nobody"]))
def test_a_question_signed_with_another_secret_is_not_answered(stripe: Stripe, secret: str) -> None:
    assert stripe.asks(300, 1, secret=secret).status_code >= 400
    assert stripe.kept(300) == []


def test_a_card_that_somebody_else_holds_for_too_long_declines_within_two_seconds(stripe: Stripe) -> None:
    with stripe.trip.town.house.db.work() as session:
        session.execute(sa.text("SELECT FROM travel_cards FOR UPDATE"))
        answer = stripe.asks(400, 1)
        session.rollback()
    assert (answer.status_code, answer.json()) == (200, {"approved": False})
    assert answer.elapsed.total_seconds() < 2
    assert stripe.kept(400) == [(1, False, "too_slow")]


def test_of_a_merchant_nothing_is_kept(stripe: Stripe) -> None:
    with stripe.trip.town.house.db.read() as session:
        kept = session.scalars(sa.text("SELECT row_to_json(a)::text FROM card_answers a")).all()
    assert kept
    assert not [row for row in kept if "Somewhere" in row or AIR in row]
