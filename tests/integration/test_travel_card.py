"""A trip's own card: limited to what was approved, charged to the booking it paid, and to nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from reunify.disbursement import cards_placing, cards_queries
from reunify.disbursement.cards_policy import ChargeKind, NotOfThisTrip
from reunify.disbursement.cards_policy import Trip as HowFar
from reunify.disbursement.cards_ports import Authorisation, Charge
from reunify.kernel.ids import InstructionId, StaffId
from reunify.kernel.money import Money
from reunify.kernel.people import Role, Staff, System
from reunify.reconciliation import cards
from reunify.reconciliation.policy import Kind
from reunify.reporting import waiting_cards
from reunify.sandbox.stripe_simulator.bank import Asked
from reunify.sandbox.stripe_simulator.issuing_wire import ForceCapture, Refund
from reunify.web import card_shown
from tests.integration.card_world import Trip, captured, card_town, difference, hears, promised
from tests.integration.desk_world import award_of, books_agree, held, released, to_book
from tests.town import Town
from tests.web.pages_world import signed_in

CARLA = Staff(StaffId(uuid4()), "Carla", frozenset({Role.FINANCE_RELEASER}))


@pytest.fixture(scope="module")
def town(
    server: Urls, administrator: sa.Engine, settled_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Town]:
    with card_town(server, administrator, settled_template, tmp_path_factory.mktemp("cards")) as town:
        yield town


@pytest.fixture(scope="module")
def trip(town: Town) -> Trip:
    town.simulator.faults.order("lose_response", path="/v1/issuing/cards")
    request = released(town)
    town.clock.at += timedelta(minutes=6)
    town.work()
    return Trip(town, request, to_book(town, request))


@pytest.fixture
def booking(trip: Trip) -> dict[str, Any]:
    """One that no other test has."""
    return trip.bookings.pop()


def test_one_card_for_the_trip_may_buy_what_was_approved_and_is_made_once_though_an_answer_was_lost(
    trip: Trip,
) -> None:
    approved = sum(b["ceiling_cents"] for b in to_book(trip.town, trip.request))
    card = trip.card
    assert (card["state"], card["limit_cents"]) == ("active", approved)
    assert card["address"] == f"{trip.town.stripe_url}/issuing/cards/{card['card']}"

    (made,) = trip.town.simulator.simulator.store.all("card")
    assert (made["type"], made["cardholder"]["type"]) == ("virtual", "company")
    assert set(made["metadata"]) == {"reunify_card", "env", "schema"}
    assert not trip.pays(1_000, "grocery_stores_supermarkets")["approved"]
    assert not trip.pays(approved + 1)["approved"]


def test_a_charge_of_the_booked_price_is_that_bookings_payment_and_nobody_logs_it(
    trip: Trip, booking: dict[str, Any]
) -> None:
    price, before = booking["ceiling_cents"] - 700, trip.card["charged_cents"]
    promised = trip.pays(price, capture=False)["authorization"]
    hears(trip.town)
    assert trip.card["authorised_cents"] == price
    assert held(trip.town, booking) == (booking["ceiling_cents"], 0, 0)  # nothing has left

    trip.tickets((booking, price))
    assert trip.stands(booking) == ("on_card", price)
    assert held(trip.town, booking) == (0, price, 0)
    httpx.post(
        f"{trip.town.stripe_url}/v1/test_helpers/issuing/authorizations/{promised}/capture",
        headers={"Authorization": "Bearer sk_test_merchant"},
    ).raise_for_status()
    hears(trip.town, copies=3)

    assert trip.stands(booking) == ("settled", price)
    assert held(trip.town, booking) == (0, 0, price)
    assert (trip.card["authorised_cents"], trip.card["charged_cents"]) == (0, before + price)
    page = signed_in(trip.town.house, "carla").get(f"/payments/{trip.payment(booking)['id']}").text
    assert ("has charged it" in page, "Strike" in page) == (True, False)
    books_agree(trip.town)


def test_a_charge_before_the_ticket_waits_with_an_owner_and_is_explained_by_it(
    trip: Trip, booking: dict[str, Any]
) -> None:
    price = booking["ceiling_cents"] - 1
    charge = trip.pays(price)["transaction"]
    hears(trip.town)
    assert difference(trip.town, charge) is Kind.CARD_CHARGE_UNEXPLAINED
    assert held(trip.town, booking) == (booking["ceiling_cents"], 0, 0)

    trip.tickets((booking, price))

    assert trip.stands(booking) == ("settled", price)
    assert difference(trip.town, charge) is None
    books_agree(trip.town)


def test_a_charge_a_cent_off_touches_no_award_and_stays_with_finance(
    trip: Trip, booking: dict[str, Any]
) -> None:
    price = booking["ceiling_cents"] - 2
    trip.tickets((booking, price))
    charge = captured(trip.town, promised(trip, price + 1), amount=price - 1)
    assert difference(trip.town, charge) is Kind.CARD_CHARGE_UNEXPLAINED
    assert trip.stands(booking) == ("on_card", price)
    assert held(trip.town, booking) == (0, price, 0)
    with trip.town.house.db.work() as session:
        paid = InstructionId(UUID(trip.payment(booking)["id"]))
        assert [c.id for c in cards_placing.could_pay(session, paid)] == [charge]
        cards.assign(session, charge_id=charge, instruction_id=paid, by=CARLA, now=trip.town.clock())
        assert cards_queries.owed(session, UUID(award_of(trip.town, trip.request))) == []
        session.rollback()

    path, why = f"/payments/{trip.payment(booking)['id']}/other-way", {"reason": "Paid by its bill."}
    trip.town.person("carla").act(trip.town.diary, "log it instead", path, why)

    assert trip.payment(booking)["state"] == "to_log"
    books_agree(trip.town)


def test_with_cards_switched_off_the_page_says_how_to_pay_instead(town: Town, trip: Trip) -> None:
    off = replace(town.house, cards=None)
    with town.house.db.work() as session:
        session.execute(sa.text("UPDATE travel_cards SET state = 'refused'"))  # none was made
        shown = card_shown.of_award(session, off, UUID(award_of(town, trip.request)))
        session.rollback()
    assert shown.state == "off"
    assert "log it" in shown.sentence


def test_a_card_is_due_to_end_after_the_last_leg_when_all_is_charged(trip: Trip) -> None:
    def due(days: int) -> set[HowFar]:
        with trip.town.house.db.read() as session:
            now = trip.town.clock() + timedelta(days=days)
            return set(waiting_cards.cards_to_end(session, now=now, limit=9).values())

    assert [due(days) for days in (0, 10, 40)] == [set(), {HowFar.OVER}, {HowFar.LONG_OVER}]


def test_a_card_nobody_knows_of_is_closed_by_a_finance_person_with_a_reason_and_no_other_is_made(
    trip: Trip,
) -> None:
    made = len(trip.town.simulator.simulator.store.all("card"))
    with trip.town.house.db.work() as session:
        said = "UPDATE travel_cards SET state = 'stuck', outcome = 'no_answer' WHERE stripe_id = :card"
        session.execute(sa.text(said), {"card": trip.card["card"]})
    path, why = f"/awards/{award_of(trip.town, trip.request)}/card/closing", {"reason": "Not at Stripe."}
    assert trip.town.person("ana").tries(path, why).status_code == 403
    carla = trip.town.person("carla")
    carla.act(trip.town.diary, "close it", path, why)
    trip.town.work()
    assert trip.card["state"] == "closed"
    assert carla.tries(path, why).status_code == 409
    assert len(trip.town.simulator.simulator.store.all("card")) == made


@pytest.fixture(scope="module")
def other(town: Town, trip: Trip) -> Trip:
    """Another family's trip, with the same fares."""
    request = released(town)
    return Trip(town, request, to_book(town, request))


def test_of_two_bookings_of_one_price_a_finance_person_says_which_is_charged(other: Trip) -> None:
    one, two, *_ = other.bookings
    price = min(one["ceiling_cents"], two["ceiling_cents"]) - 4
    other.tickets((one, price), (two, price))
    charge = other.pays(price)["transaction"]
    hears(other.town)
    assert (other.stands(one), other.stands(two)) == (("on_card", price), ("on_card", price))
    carla, body = other.town.person("carla"), {"charge": charge}

    carla.act(other.town.diary, "say which", f"/payments/{other.payment(one)['id']}/charge", body)

    assert (other.stands(one), other.stands(two)) == (("settled", price), ("on_card", price))
    assert difference(other.town, charge) is None
    assert carla.tries(f"/payments/{other.payment(two)['id']}/charge", body).status_code == 409
    books_agree(other.town)


def test_a_refund_without_its_charge_is_finances_until_it_says_which_payment_came_back(other: Trip) -> None:
    one = other.bookings[0]
    _, price = other.stands(one)
    back = Charge("ipi_back", other.card["card"], ChargeKind.REFUND, Money(300), None, other.town.clock())
    with other.town.house.db.work() as session:
        cards.take(session, found=back, by=System("cards"), now=other.town.clock())
    assert difference(other.town, back.id) is Kind.CARD_REFUND
    assert held(other.town, one) == (0, 0, price)
    with other.town.house.db.read() as session:
        could = cards_placing.could_pay(session, UUID(other.payment(one)["id"]))
    assert [(c.id, c.kind) for c in could] == [(back.id, ChargeKind.REFUND)]
    carla, body = other.town.person("carla"), {"charge": back.id}
    path = f"/payments/{other.payment(one)['id']}/charge"

    carla.act(other.town.diary, "say of what", path, body)

    assert held(other.town, one) == (0, 0, price - 300)
    assert difference(other.town, back.id) is None
    assert carla.tries(path, body).status_code == 409
    books_agree(other.town)


def test_what_was_never_told_is_swept_up_and_a_refund_before_its_charge_goes_back_with_it(
    other: Trip,
) -> None:
    two = other.bookings[1]
    _, price = other.stands(two)
    charge = other.pays(price)["transaction"]
    back = other.town.simulator.issuing.refund(charge, Refund(), Asked("req_merchant", None))
    issuer = other.town.house.cards
    assert issuer is not None
    with other.town.house.db.work() as session:
        cards.take(session, found=issuer.charge(back["id"]), by=System("cards"), now=other.town.clock())
    assert difference(other.town, back["id"]) is Kind.CARD_REFUND

    other.town.clock.at += timedelta(hours=2)
    other.town.work()

    assert difference(other.town, back["id"]) is None
    assert held(other.town, two) == (0, 0, 0)
    books_agree(other.town)


def test_an_approval_that_stripe_gave_without_us_is_a_case(other: Trip) -> None:
    past = Authorisation(
        "iauth_past",
        other.card["card"],
        Money(100),
        approved=True,
        state="reversed",
        at=other.town.clock(),
        reason="network_fallback",
    )
    with other.town.house.db.work() as session:
        cards.take(session, found=past, by=System("cards"), now=other.town.clock())
    assert difference(other.town, past.id) is Kind.CARD_APPROVED_WITHOUT_US


def test_a_charge_never_pays_another_trips_booking_of_the_same_price(trip: Trip, other: Trip) -> None:
    booking = other.bookings[2]
    price = booking["ceiling_cents"] - 5
    other.tickets((booking, price))
    taken = ForceCapture(amount=price, card=trip.card["card"])  # without asking first, as some merchants do
    charge = trip.town.simulator.issuing.force_capture(taken, Asked("req_merchant", None))["id"]
    hears(trip.town)
    assert other.stands(booking) == ("on_card", price)
    assert difference(trip.town, charge) is Kind.CARD_CHARGE_UNEXPLAINED
    paid = InstructionId(UUID(other.payment(booking)["id"]))
    with trip.town.house.db.work() as session, pytest.raises(NotOfThisTrip):
        cards.assign(session, charge_id=charge, instruction_id=paid, by=CARLA, now=trip.town.clock())


def test_once_a_line_is_given_up_stripe_lets_the_card_buy_less_and_ends_it_with_the_last(other: Trip) -> None:
    *first, booking = to_book(other.town, other.request)
    most, card = other.card["limit_cents"] - booking["ceiling_cents"], other.card["card"]
    other.gives_up(booking)
    at_stripe = other.town.simulator.simulator.store.get("card", card)
    assert at_stripe is not None
    assert at_stripe["spending_controls"]["spending_limits"][0]["amount"] == most
    assert (other.card["state"], other.card["limit_cents"]) == ("active", most)
    other.gives_up(*first)

    assert (other.card["state"], other.card["address"]) == ("cancelled", None)
    with other.town.house.db.read() as session:
        said = session.execute(sa.text("SELECT idempotency_key, heard_at IS NOT NULL FROM card_limits")).all()
    key = f"reunify:card:{award_of(other.town, other.request)}:1:limit:1"
    assert [tuple(row) for row in said] == [(key, True)]  # told once
    assert not other.pays(1_000)["approved"]
    books_agree(other.town)


def test_of_what_a_card_bought_and_where_nothing_is_kept_but_amounts(trip: Trip) -> None:
    hears(trip.town)
    with trip.town.house.db.read() as session:
        kept = session.scalars(sa.text("SELECT raw FROM webhook_inbox")).all()
    assert kept
    assert {name for raw in kept for name in json.loads(bytes(raw))} == {"about", "id", "object", "type"}
