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
from reunify.disbursement.cards_policy import ChargeKind, NotOfThisTrip
from reunify.disbursement.cards_ports import Authorisation, Charge
from reunify.kernel.ids import InstructionId, StaffId
from reunify.kernel.money import Money
from reunify.kernel.people import Role, Staff, System
from reunify.reconciliation import cards
from reunify.reconciliation.policy import Kind
from reunify.reporting import invariants
from reunify.sandbox.stripe_simulator.bank import Asked
from reunify.sandbox.stripe_simulator.issuing_wire import ForceCapture, Refund
from reunify.web import card_shown
from tests.integration.card_world import Trip, difference, hears
from tests.integration.desk_world import award_of, books_agree, held, released, to_book
from tests.lasting import lasting_database
from tests.town import Town, built


@pytest.fixture(scope="module")
def town(
    server: Urls,
    administrator: sa.Engine,
    settled_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Town]:
    """One town for all: each test has a booking, or a trip, of its own."""
    with (
        lasting_database(server, administrator, settled_template) as db,
        built(db, tmp_path_factory.mktemp("cards"), cards=True) as town,
    ):
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
    charge = trip.pays(price + 1)["transaction"]
    hears(trip.town)
    assert difference(trip.town, charge) is Kind.CARD_CHARGE_UNEXPLAINED
    assert trip.stands(booking) == ("on_card", price)
    assert held(trip.town, booking) == (0, price, 0)

    path, why = f"/payments/{trip.payment(booking)['id']}/other-way", {"reason": "Paid by its bill."}
    trip.town.person("carla").act(trip.town.diary, "log it instead", path, why)

    assert trip.payment(booking)["state"] == "to_log"
    books_agree(trip.town)


def test_with_cards_switched_off_the_page_says_how_to_pay_instead(town: Town) -> None:
    off, award = replace(town.house, cards=None), award_of(town, released(town))
    with town.house.db.work() as session:
        session.execute(sa.text("DELETE FROM travel_cards WHERE award_id = :award"), {"award": award})
        shown = card_shown.of_award(session, off, UUID(award))
        session.rollback()
    assert shown.state == "off"
    assert "log it" in shown.sentence


PLANTED = {
    "charge is not its booking": "UPDATE card_charges SET kind = 'refund'",
    "more of a charge than was charged": "UPDATE card_charges SET amount_cents = amount_cents - 1",
    "settled by no charge": "UPDATE instructions SET state = 'on_card' WHERE state = 'settled'",
}


def test_the_proof_finds_a_charge_that_is_not_its_bookings_payment(town: Town, trip: Trip) -> None:
    for rule, fault in sorted(PLANTED.items()):
        with town.house.db.work() as session:
            session.execute(sa.text(fault))
            found = {finding.rule for finding in invariants.check(session)}
            session.rollback()
        assert rule in found


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
    with other.town.house.db.work() as session:
        wrong = "UPDATE card_charges SET amount_cents = amount_cents + 1 WHERE id = :id"
        session.execute(sa.text(wrong), {"id": back["id"]})
        assert "refund is not what came back" in {f.rule for f in invariants.check(session)}
        session.rollback()


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
    carla = Staff(StaffId(uuid4()), "Carla", frozenset({Role.FINANCE_RELEASER}))
    paid = InstructionId(UUID(other.payment(booking)["id"]))
    with trip.town.house.db.work() as session, pytest.raises(NotOfThisTrip):
        cards.assign(session, charge_id=charge, instruction_id=paid, by=carla, now=trip.town.clock())


def test_the_card_is_cancelled_when_every_booking_of_the_trip_has_ended(other: Trip) -> None:
    for found in to_book(other.town, other.request):
        path, why = f"/bookings/{found['id']}/cancellation", {"reason": "They drive after all."}
        other.town.person("ana").act(other.town.diary, "cancel", path, why)
    other.town.work()
    assert (other.card["state"], other.card["address"]) == ("cancelled", None)
    assert not other.pays(1_000)["approved"]
    books_agree(other.town)


def test_of_what_a_card_bought_and_where_nothing_is_kept_but_amounts(trip: Trip) -> None:
    hears(trip.town)
    with trip.town.house.db.read() as session:
        kept = session.scalars(sa.text("SELECT raw FROM webhook_inbox")).all()
    assert kept
    assert {name for raw in kept for name in json.loads(bytes(raw))} == {"about", "id", "object", "type"}
