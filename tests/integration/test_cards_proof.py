"""In a whole house the cards' balance is proved from the first day on, whatever merchants do with a card, and
the proof finds what is planted in what they did."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from flows import reconcile
from reunify.db import Database
from reunify.ledger import queries as ledger
from reunify.ledger.policy import Cash
from reunify.reconciliation import proofs, queries
from reunify.sandbox.stripe_simulator.bank import Asked
from reunify.sandbox.stripe_simulator.issuing_wire import Refund
from reunify.sandbox.stripe_simulator.options import ISSUING_OPENING_CENTS, OPENING_CENTS
from tests.integration.card_world import Trip
from tests.integration.desk_world import books_agree, finds_what_is_planted, released, to_book
from tests.town import Town, built

FEE, TOPPED_UP = 10, 25_000


@pytest.fixture
def town(settled_db: Database, tmp_path: Path) -> Iterator[Town]:
    with built(settled_db, tmp_path, cards=True, card_fee_cents=FEE) as town:
        yield town


def proves(town: Town) -> dict[Cash, proofs.Proof]:
    """A worker that starts sweeps and proves at once, and nothing differs; the newest proofs."""
    town.clock.at += timedelta(minutes=6)
    town.work()
    for work in reconcile.works(town.house):
        work.run(work.find(town.house.db, 100), None)
    with town.house.db.read() as session:
        assert queries.open_differences(session) == []
        proved = proofs.last(session)
        assert {p.account for p in proved.values() if p.differences == 0} == {Cash.STRIPE, Cash.CARD}
        assert {a: ledger.cash(session, a) for a in proved} == {a: p.held for a, p in proved.items()}
    books_agree(town)
    return proved


def test_both_accounts_agree_whatever_a_card_is_used_for(town: Town) -> None:
    first = proves(town)
    assert {a: p.held.cents for a, p in first.items()} == {
        Cash.STRIPE: OPENING_CENTS,
        Cash.CARD: ISSUING_OPENING_CENTS,
    }
    request = released(town)
    trip = Trip(town, request, to_book(town, request))
    seat, other = trip.bookings[0], trip.bookings[1]
    held = trip.pays(other["ceiling_cents"], capture=False)
    assert held["approved"], "a promise to a merchant: the money has not left"
    on_cards = proves(town)[Cash.CARD].held.cents
    assert on_cards == ISSUING_OPENING_CENTS - FEE, "what the card itself cost is borne by a fund"
    price = seat["ceiling_cents"]
    paid = trip.pays(price)
    trip.tickets((seat, price))
    assert proves(town)[Cash.CARD].held.cents == on_cards - price, "captured"
    charge = paid["transaction"]
    town.simulator.issuing.refund(charge, Refund(), Asked("req_merchant", None))
    assert proves(town)[Cash.CARD].held.cents == on_cards, "and came back"
    order = {"account": "card", "cents": TOPPED_UP}
    httpx.post(f"{town.stripe_url}/_control/topups", json=order).raise_for_status()
    assert proves(town)[Cash.CARD].held.cents == on_cards + TOPPED_UP
    finds_what_is_planted(town, PLANTED)


PLANTED = {
    "charge is not its booking": "UPDATE card_charges SET kind = 'refund'",
    "more of a charge than was charged": "UPDATE card_charges SET amount_cents = amount_cents - 1",
    "settled by no charge": "UPDATE instructions SET state = 'on_card' WHERE state = 'settled'",
    "refund is not what came back": "UPDATE card_charges SET amount_cents = amount_cents + 1",
    "excess is not what came back": "INSERT INTO card_excess_refunds "
    "SELECT r.charge_id, p.charge_id, 1, now() FROM card_refunds r, card_charge_parts p",
    "card may buy more than approved": "INSERT INTO card_limits "
    "SELECT id, 1, 'another key', params, limit_cents, now() FROM travel_cards",
}
