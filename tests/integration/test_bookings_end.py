"""What becomes of a ticket's money, and of its card, when something comes between: nothing stays bound that
nobody owes, and nothing is free that somebody may still take."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from reunify.adapters.stripe_cards import StripeCards
from reunify.bookings import actions as desk
from reunify.disbursement import cards_opening
from reunify.disbursement.cards_ports import Authorisation
from reunify.kernel.ids import AwardId
from reunify.kernel.money import Money
from reunify.kernel.people import System
from reunify.reconciliation import cards
from reunify.reconciliation.policy import Kind
from reunify.reporting import invariants
from reunify.sandbox.stripe_simulator.bank import Asked
from reunify.sandbox.stripe_simulator.issuing_wire import CardUpdate
from tests.integration.card_world import Trip, difference, hears
from tests.integration.desk_world import (
    GOING_ON,
    MORE,
    award_of,
    books,
    books_agree,
    boy,
    held,
    logged,
    paid,
    refused,
    released,
    to_book,
    told,
)
from tests.lasting import lasting_database
from tests.town import Town, built
from tests.web.pages_world import signed_in, text


@pytest.fixture(scope="module")
def town(
    server: Urls,
    administrator: sa.Engine,
    settled_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Town]:
    """One town for all: each test has a trip of its own."""
    with (
        lasting_database(server, administrator, settled_template) as db,
        built(db, tmp_path_factory.mktemp("ends"), cards=True) as town,
    ):
        yield town


def test_a_ticket_that_became_cheaper_after_it_was_paid_frees_nothing_and_pays_nothing_more(
    town: Town,
) -> None:
    request = released(town)
    first = to_book(town, request)[0]
    price = first["ceiling_cents"] - 300
    books(town, request, told(first, price))
    town.work()
    logged(town, request)
    before = paid(town, request)
    town.person("ana").act(town.diary, "change", f"/bookings/{first['id']}/change", {"reason": "Moved."})
    assert held(town, first) == (0, 0, price)
    assert refused(town, request, told(first, price + 1))[0] == 422
    books(town, request, told(first, price - 100))
    town.work()
    assert (held(town, first), paid(town, request)) == ((0, 0, price), before)
    books_agree(town)


def test_finance_does_not_free_what_a_standing_ticket_binds_us_to(town: Town) -> None:
    request = released(town)
    first = to_book(town, request)[0]
    books(town, request, told(first, 9_000))
    town.work()
    (payment,) = [i for i in town.progress(request)["instructions"] if i["amount"] == 9_000]
    path = f"/payments/{payment['id']}/withdrawal"
    refusal = town.person("carla").tries(path)
    assert (refusal.status_code, "cancelled or changed" in refusal.text) == (409, True)
    assert held(town, first) == (0, 9_000, 0)
    town.person("ana").act(town.diary, "use", f"/bookings/{first['id']}/use")
    town.person("carla").act(town.diary, "give it up", path)  # flown, and never billed
    assert held(town, first) == (0, 0, 0)
    books_agree(town)


def test_what_waited_only_for_a_ticket_that_is_cancelled_is_free_again(town: Town) -> None:
    draft = boy()
    for line in draft["cost_lines"]:
        if line["category"] in ("air_fare", "lodging") and line["key"] != "fare-child":
            line["settled"] = "vendor_billed"
    request = released(town, draft)
    (seat,) = to_book(town, request)
    books(town, request, told(seat, seat["ceiling_cents"]))
    town.work()
    logged(town, request, but=seat["ceiling_cents"])
    town.work()
    other = next(b for b in town.progress(request)["bookings"] if b["line"] == "fare-mother")
    assert held(town, other)[0] == MORE  # until nothing of the award is to be paid any more
    path = f"/bookings/{seat['id']}/cancellation"
    town.person("ana").act(town.diary, "cancel", path, {"reason": "He rides with his uncle."})
    assert held(town, other)[0] == held(town, seat)[0] == 0
    books_agree(town)


def test_after_a_change_of_the_request_nothing_is_booked_until_it_is_checked_but_what_stands_may_end(
    town: Town,
) -> None:
    request = released(town)
    first, second = to_book(town, request)[:2]
    books(town, request, told(first, 8_000))
    ana = town.person("ana")
    purse = {"answers": {"/household/yearly_income_cents": 2_640_001}} | GOING_ON
    ana.act(town.diary, "change the request", f"/requests/{request}/answers", purse)
    status, problem = refused(town, request, told(second, 7_000))
    assert (status, "change is checked" in problem["detail"]) == (409, True)
    ana.act(town.diary, "cancel", f"/bookings/{first['id']}/cancellation", {"reason": "They drive."})
    assert held(town, first) == (0, 0, 0)
    town.work()
    books_agree(town)


PLANTED = {
    "is ticketed at 8999": "price_cents = price_cents - 1",
    "is cancelled at 9000": "state = 'cancelled'",
    "is changed at 9000": "state = 'changed'",
    "for its line 0 are reserved, 0 obligated, 0 obligated and expended": "line_key = 'nobody approved'",
}


def test_the_proof_finds_a_ticket_that_is_not_what_we_are_bound_to(town: Town) -> None:
    request = released(town)
    first = to_book(town, request)[0]
    books(town, request, told(first, 9_000))
    books_agree(town)
    for sentence, fault in sorted(PLANTED.items()):
        with town.house.db.work() as session:
            set_to = f"UPDATE bookings SET to_pay_cents = 0, {fault} WHERE id = :booking"
            session.execute(sa.text(set_to), {"booking": first["id"]})
            (found,) = invariants.check(session)
            session.rollback()
        assert found.rule == "ticket is not what is bound"
        assert sentence in found.sentence


def test_a_card_that_was_frozen_before_a_crash_is_asked_for_once_when_its_worker_is_taken_for_dead(
    town: Town,
) -> None:
    request = town.submitted(boy("After a crash"))
    award = award_of(town, request)
    town.person("ben").act(town.diary, "approve", f"/awards/{award}/approval")
    town.person("carla").act(town.diary, "release", f"/awards/{award}/release")
    house = town.house
    assert house.cards is not None
    with house.db.work() as session:
        desk.open_for(session, award_id=AwardId(UUID(award)), by=System("open_bookings"), now=town.clock())

    died = patch.object(StripeCards, "issue", side_effect=RuntimeError("the worker died"))
    with died, pytest.raises(RuntimeError):
        cards_opening.open_card(
            house.db, house.cards, award_id=AwardId(UUID(award)), by=System("cards"), clock=town.clock
        )
    before = len(town.simulator.simulator.store.all("card"))
    town.work()
    trip = Trip(town, request, [])
    assert (trip.card["state"], len(town.simulator.simulator.store.all("card"))) == ("opening", before)
    town.clock.at += timedelta(minutes=3)
    town.work()
    assert (trip.card["state"], len(town.simulator.simulator.store.all("card"))) == ("active", before + 1)


def test_a_ticket_whose_card_ended_without_a_charge_is_on_finances_list(town: Town) -> None:
    request = released(town, boy("Never charged"))
    seat = to_book(town, request)[0]
    Trip(town, request, []).tickets((seat, 5_000))
    page = signed_in(town.house, "carla")
    said = "Its card has ended, and no charge came"
    assert said not in text(page.get("/finance"))
    with town.house.db.work() as session:
        ended = "UPDATE travel_cards SET state = 'cancelled' WHERE award_id = :award"
        session.execute(sa.text(ended), {"award": award_of(town, request)})
    assert said in text(page.get("/finance"))


IN_TROUBLE = {
    "state = 'refused', stripe_id = NULL": "pay with the organisation's own means",
    "state = 'stuck', stripe_id = NULL": "Finance looks at Stripe",
    "state = 'ending', tries = 8": "being cancelled",
}


def test_a_card_in_trouble_is_on_finances_list_with_what_to_do(town: Town) -> None:
    award = {"award": award_of(town, released(town, boy("In trouble")))}
    page = signed_in(town.house, "carla")
    assert "Travel cards that need a person" not in page.get("/finance").text
    for fault, said in sorted(IN_TROUBLE.items()):
        with town.house.db.work() as session:
            session.execute(sa.text(f"UPDATE travel_cards SET {fault} WHERE award_id = :award"), award)
        shown = text(page.get("/finance"))
        assert "Travel cards that need a person" in shown
        assert said in shown


def test_a_card_that_somebody_stops_at_stripe_is_finances_until_it_is_as_it_was(town: Town) -> None:
    trip = Trip(town, released(town, boy("Stopped past us")), [])
    card, limit = trip.card["card"], trip.card["limit_cents"]

    def buys(cents: int) -> dict[str, Any]:
        return {"spending_controls": {"spending_limits": [{"amount": cents, "interval": "all_time"}]}}

    ours, changed = None, Kind.CARD_CHANGED_PAST_US
    asked = ({"status": "inactive"}, {"status": "active"}, buys(limit + 1), buys(limit))
    for change, kind in zip(asked, (changed, ours, changed, ours), strict=True):
        town.simulator.issuing.update_card(card, CardUpdate.model_validate(change), Asked("req_person", None))
        hears(town)
        assert difference(town, card) is kind


def test_a_seat_is_not_given_up_while_a_merchant_may_still_take_its_price(
    town: Town,
) -> None:
    request = released(town, boy("On a card"))
    trip, booking = Trip(town, request, []), to_book(town, request)[0]
    price = booking["ceiling_cents"] - 3
    trip.tickets((booking, price))
    promised = trip.pays(price, capture=False)["authorization"]
    hears(town)
    ana, why = town.person("ana"), {"reason": "They drive after all."}
    refusal = ana.tries(f"/bookings/{booking['id']}/cancellation", why)
    assert (refusal.status_code, "Ask them to give it up first" in refusal.text) == (409, True)
    ana.act(town.diary, "change", f"/bookings/{booking['id']}/change", why)
    assert held(town, booking) == (price, 0, 0)

    httpx.post(
        f"{town.stripe_url}/v1/test_helpers/issuing/authorizations/{promised}/reverse",
        headers={"Authorization": "Bearer sk_test_merchant"},
    ).raise_for_status()
    town.clock.at += timedelta(hours=2)
    town.work()  # its event never came: the sweep asks

    stale = Authorisation(promised, trip.card["card"], Money(price), True, "pending", town.clock())
    with town.house.db.work() as session:
        cards.take(session, found=stale, by=System("cards"), now=town.clock())
    ana.act(town.diary, "cancel", f"/bookings/{booking['id']}/cancellation", why)
    assert held(town, booking) == (0, 0, 0)
    books_agree(town)
