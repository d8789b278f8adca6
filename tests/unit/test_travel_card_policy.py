"""What a card may buy, which booking a charge pays, and what may be sent to Stripe of a card."""

from __future__ import annotations

import json
import sys
from typing import Any
from uuid import uuid4

import pytest
from stripe import BalanceTransaction
from stripe.issuing import Authorization, Card, Cardholder, Dispute, Token, Transaction
from stripe.params.issuing import CardCreateParams, CardCreateParamsSpendingControls, CardholderCreateParams

from reunify.adapters.stripe_cards import CardHolder, StripeCards
from reunify.adapters.stripe_outgoing import check_card
from reunify.adapters.stripe_rules import NotForStripe
from reunify.disbursement import cards_policy
from reunify.disbursement.cards_policy import (
    Bought,
    Limits,
    Line,
    NothingToBuy,
    Trip,
    limits,
    lowered,
    may_end,
)
from reunify.intake.form import Category
from reunify.kernel.money import Money
from reunify.reconciliation import policy
from reunify.sandbox.stripe_simulator import issuing_shapes as shapes
from reunify.sandbox.stripe_simulator import issuing_wire as wire
from reunify.sandbox.stripe_simulator.forms import as_json
from tests.unit.test_stripe_shapes import missing_and_invented

HOLDER = "Lantern Travel Desk; 100 Sample Square; Alexandria; VA; 22314"
# The SDK's modules name one another's classes only for a type checker.
NAMES = {"Authorization": Authorization, "BalanceTransaction": BalanceTransaction, "Card": Card}
NAMES |= {"Cardholder": Cardholder, "Dispute": Dispute, "Token": Token, "Transaction": Transaction}


AT = 1_800_000_000


def asked_for() -> tuple[dict[str, Any], dict[str, Any]]:
    """What we send for the cardholder and for one card."""
    issuer = StripeCards(key="sk_test_x", holder=CardHolder.read(HOLDER), base="http://127.0.0.1:1")
    may = Limits(Money(90_000), ("airlines_air_carriers",))
    card = issuer.prepare(holder="ich_1", reference=uuid4(), limits=may)
    issuer.close()
    return issuer.prepare_holder(), card


def test_a_card_may_buy_the_sum_of_the_approved_ceilings_from_the_merchants_of_those_lines() -> None:
    lines = [
        Line(Category.AIR_FARE, Money(31_200), "wanted"),
        Line(Category.LODGING, Money(17_900), "used"),
        Line(Category.BUS_FARE, Money(5_000), "cancelled"),
    ]
    found = limits(lines)
    assert found.all_time == Money(49_100)
    assert "bus_lines" not in found.merchants
    assert {"airlines_air_carriers", "hotels_motels_and_resorts"} < set(found.merchants)


def test_a_trip_of_which_nothing_is_bought_gets_no_card() -> None:
    with pytest.raises(NothingToBuy):
        limits([Line(Category.MEALS, Money(5_000), "wanted"), Line(Category.AIR_FARE, Money(0), "wanted")])


def bought(state: str, *, by_card: bool = True) -> Bought:
    line = Line(Category.AIR_FARE, Money(30_000), state)
    return Bought(line, paid=Money(200), held=Money(5_000), by_card=by_card)


def test_the_limit_follows_what_is_given_up_and_is_never_raised() -> None:
    kept, standing = bought("ticketed"), Money(60_000)
    assert lowered([kept, bought("wanted")], standing) is None  # nothing was given up
    for given_up, most in (
        (bought("cancelled"), 30_200),
        (bought("wanted", by_card=False), 30_200),
        (bought("changed"), 35_200),
    ):
        found = lowered([kept, given_up], standing)
        assert found is not None
        assert found.all_time == Money(most)
        assert lowered([kept, given_up], found.all_time) is None
        assert lowered([kept, given_up], Money(1)) is None
    assert lowered([bought("cancelled")], standing) is None  # nothing is left to buy: the card ends


def test_a_card_ends_after_the_last_leg_when_nothing_is_to_be_booked_or_charged_any_more() -> None:
    def ends(trip: Trip, *states: str, owed: bool = False, promised: bool = False) -> bool:
        return may_end(trip, states, owed=owed, promised=promised)

    assert ends(Trip.OVER, "ticketed", "cancelled")
    assert not ends(Trip.GOING, "ticketed", "cancelled")
    assert ends(Trip.GOING, "used", "cancelled")
    assert not ends(Trip.OVER, "ticketed", "changed")
    assert not ends(Trip.OVER, "ticketed", owed=True)
    assert not ends(Trip.OVER, "ticketed", promised=True)
    assert ends(Trip.LONG_OVER, "wanted", owed=True, promised=True)


@pytest.mark.parametrize("state", sorted({*cards_policy.CARD.states, "none", "waiting"}))
def test_every_state_of_a_card_has_a_plain_sentence(state: str) -> None:
    assert cards_policy.sentence(state, on=True).endswith(".")


def test_what_we_ask_for_is_what_the_sdk_allows_and_the_simulator_accepts() -> None:
    holder, card = asked_for()
    assert set(holder) <= set(CardholderCreateParams.__annotations__)
    assert set(card) <= set(CardCreateParams.__annotations__)
    assert set(card["spending_controls"]) <= set(CardCreateParamsSpendingControls.__annotations__)
    check_card(card)
    wire.CardholderCreate.model_validate(holder)
    wire.CardCreate.model_validate(card)


@pytest.mark.parametrize(
    "more",
    [
        {"second_line": "For the boy"},
        {"type": "physical"},
        {"spending_controls": {}},
        {"metadata": {"a": "b"}},
    ],
    ids=["free text", "physical", "no limit", "more than our id"],
)
def test_what_a_card_must_not_be_never_leaves(more: dict[str, Any]) -> None:
    with pytest.raises(NotForStripe):
        check_card({**asked_for()[1], **more})


def test_every_answer_of_issuing_has_the_shape_the_sdk_expects(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (Authorization, Card, Transaction):
        for name, found in NAMES.items():
            monkeypatch.setattr(sys.modules[kind.__module__], name, found, raising=False)
    said, wanted = asked_for()
    holder = shapes.cardholder(wire.CardholderCreate.model_validate(said), at=AT)
    card = shapes.card(wire.CardCreate.model_validate(wanted), holder, at=AT)
    price, sold = shapes.Price.of(500), shapes.merchant(wire.MerchantData())
    held = shapes.authorization(price, sold, card, at=AT)
    no = {**held, "request_history": [shapes.request(price, reason="card_inactive", approved=False, at=AT)]}
    taken = shapes.transaction(price.negative, card, said=sold, authorization=held["id"], at=AT)
    assert missing_and_invented(Cardholder, holder) == []
    assert missing_and_invented(Card, card) == []
    assert missing_and_invented(Authorization, held) == []
    assert missing_and_invented(Authorization, no) == []
    assert missing_and_invented(Transaction, taken) == []
    assert not {"number", "cvc"} & set(card)


def test_a_form_is_read_as_what_it_nests() -> None:
    body = b"a=1&b[c][0][d]=x&b[c][1][d]=y&b[e]=&f[0]=z"
    assert as_json(body) == b'{"a": "1", "b": {"c": [{"d": "x"}, {"d": "y"}], "e": ""}, "f": ["z"]}'


def test_a_snapshot_of_issuing_is_read_and_any_other_is_refused() -> None:
    about = {"id": "ipi_1", "merchant_data": {"city": "Here"}}
    event = shapes.event("issuing_transaction.created", about, request=None, key=None, at=AT)
    raw = _raw(event)
    notice = policy.read(raw, live=False)
    assert notice.card_object_id == "ipi_1"
    assert b"Here" not in policy.to_keep(raw, notice)
    for wrong in ({**event, "type": "charge.succeeded"}, {**event, "livemode": True}):
        with pytest.raises(policy.NotAnEvent):
            policy.read(_raw(wrong), live=False)


def _raw(event: dict[str, Any]) -> bytes:
    return json.dumps(event).encode()
