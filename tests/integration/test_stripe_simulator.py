"""The simulator is as Stripe is where it matters: keys, faults, time, balances, cards, its page."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event as Signal
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from stripe import Balance, BalanceTransaction, Event, RequestsClient, StripeClient, StripeObject, Topup
from stripe.issuing import Authorization, Card, Cardholder
from stripe.issuing import Transaction as IssuingTransaction
from stripe.v2.money_management import PayoutMethod, ReceivedCredit, Transaction

from reunify.sandbox.stripe_simulator.issuing import NOBODY
from reunify.sandbox.stripe_simulator.issuing_wire import AuthorizationCreate, CardCreate, CardholderCreate
from reunify.sandbox.stripe_simulator.options import ISSUING_OPENING_CENTS, OPENING_CENTS, Options
from reunify.sandbox.stripe_simulator.postman import signature
from reunify.sandbox.stripe_simulator.serving import Running, running
from reunify.sandbox.stripe_simulator.shapes import FINANCIAL_ACCOUNT
from tests.unit.test_stripe_shapes import missing_and_invented

KEY = "sk_test_sandbox"
PAYMENTS = "/v2/money_management/outbound_payments"
VERSION = {"Stripe-Version": "2026-10-28.endive"}

SHAPES: dict[type[StripeObject], tuple[str, ...]] = {
    Authorization: ("authorization",),
    BalanceTransaction: ("balance_transaction",),
    Card: ("card",),
    Cardholder: ("cardholder",),
    Event: ("event_of_card",),
    IssuingTransaction: ("transaction_of_card",),
    PayoutMethod: ("payout_method",),
    ReceivedCredit: ("received_credit",),
    Topup: ("topup",),
    Transaction: ("transaction",),
}


@dataclass(frozen=True)
class Got:
    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


def call(
    at: Running, method: str, path: str, body: Any = None, *, key: str | None = None, **more: str
) -> Got:
    """One call as the SDK would make it: forms for API v1, JSON for the rest."""
    to = urlsplit(at.url)
    headers = {"Authorization": f"Bearer {KEY}", **{k.replace("_", "-"): v for k, v in more.items()}}
    if key is not None:
        headers["Idempotency-Key"] = key
    raw = urlencode(body or {}) if path.startswith(("/v1/", "/_page/")) else json.dumps(body or {})
    form = "application/x-www-form-urlencoded" if path.startswith(("/v1/", "/_page/")) else "application/json"
    wire = http.client.HTTPConnection(to.hostname or "", to.port, timeout=5)
    try:
        wire.request(method, path, raw if method == "POST" else None, {**headers, "Content-Type": form})
        got = wire.getresponse()
        return Got(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read())
    finally:
        wire.close()


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[Running]:
    with running(Options(data=tmp_path, settle_after=None)) as made:
        yield made


def a_recipient(at: Running) -> str:
    said = {
        "contact_email": "a@example.org",
        "display_name": "A Payee",
        "identity": {"country": "US", "entity_type": "individual"},
        "configuration": {"recipient": {"capabilities": {"bank_accounts": {"ach": {"requested": True}}}}},
    }
    return str(call(at, "POST", "/v2/core/accounts", said).body["id"])


def an_order(recipient: str, cents: int = 40_000, **to: Any) -> dict[str, Any]:
    return {
        "from": {"financial_account": FINANCIAL_ACCOUNT, "currency": "usd"},
        "to": {"recipient": recipient, "currency": "usd", **to},
        "amount": {"value": cents, "currency": "usd"},
    }


def a_payment(at: Running, cents: int = 40_000) -> str:
    return str(call(at, "POST", PAYMENTS, an_order(a_recipient(at), cents)).body["id"])


def a_card(at: Running, limit: int = 100_000, **more: Any) -> str:
    address = {"line1": "1 Road", "city": "Town", "state": "VA", "postal_code": "22314", "country": "US"}
    holder = at.issuing.create_cardholder(
        CardholderCreate.model_validate({"billing": {"address": address}, "name": "Desk", "type": "company"}),
        NOBODY,
    )
    said = {
        "cardholder": holder["id"],
        "currency": "usd",
        "type": "virtual",
        "status": "active",
        "spending_controls": {"spending_limits": [{"amount": limit, "interval": "all_time"}]},
        **more,
    }
    return str(at.issuing.create_card(CardCreate.model_validate(said), NOBODY)["id"])


def authorised(at: Running, card: str, cents: int) -> dict[str, Any]:
    return at.issuing.authorise(AuthorizationCreate(amount=cents, card=card), NOBODY)


def helper(at: Running, path: str, **said: Any) -> Any:
    got = call(at, "POST", f"/v1/test_helpers/issuing/{path}", said)
    assert got.status == 200, got.raw
    return got.body


def cash(at: Running) -> int:
    return int(call(at, "GET", "/v1/balance").body["issuing"]["available"][0]["amount"])


# keys -----------------------------------------------------------------------------------------------
TOPUP = {"amount": 500_00, "currency": "usd"}


def test_version_one_keeps_its_first_answer_even_a_500_until_the_key_is_a_day_old(simulator: Running) -> None:
    simulator.faults.order("error_500")
    first = call(simulator, "POST", "/v1/topups", TOPUP, key="k")
    again = call(simulator, "POST", "/v1/topups", TOPUP, key="k")
    assert (first.status, again.status, again.body) == (500, 500, first.body)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["original-request"] == first.headers["request-id"]
    assert again.headers["stripe-should-retry"] == "false"
    simulator.clock.advance(days=1, seconds=1)
    assert call(simulator, "POST", "/v1/topups", TOPUP, key="k").status == 200


def test_version_one_may_answer_500_for_ever_for_work_it_did(simulator: Running) -> None:
    simulator.faults.order("error_500_after")
    assert [call(simulator, "POST", "/v1/topups", TOPUP, key="k").status for _ in "12"] == [500, 500]
    assert cash(simulator) == ISSUING_OPENING_CENTS + 500_00


def test_version_two_tries_failed_work_again_and_never_repeats_what_was_done(simulator: Running) -> None:
    order = an_order(a_recipient(simulator))
    simulator.faults.order("error_500")
    simulator.faults.order("error_500_after")
    answers = [call(simulator, "POST", PAYMENTS, order, key="k") for _ in "123"]
    assert [a.status for a in answers] == [500, 500, 200]
    assert len(simulator.bank.store.all("payment")) == 1
    simulator.clock.advance(days=29)
    assert call(simulator, "POST", PAYMENTS, order, key="k").body == answers[-1].body
    simulator.clock.advance(days=2)
    assert call(simulator, "POST", PAYMENTS, order, key="k").body["id"] != answers[-1].body["id"]


@pytest.mark.parametrize("kind", ["error_401", "error_403", "error_409", "error_429", "error_502"])
def test_what_is_refused_at_the_door_is_not_remembered(simulator: Running, kind: str) -> None:
    simulator.faults.order(kind)
    refused = call(simulator, "POST", "/v1/topups", TOPUP, key="k")
    assert refused.status == int(kind[-3:])
    assert (refused.headers.get("stripe-should-retry") == "true") is (kind == "error_409")
    wrong = call(simulator, "POST", "/v1/topups", {"amount": "many", "currency": "usd"}, key="k")
    assert wrong.status == 400
    assert call(simulator, "POST", "/v1/topups", TOPUP, key="k").status == 200


def test_a_key_belongs_to_one_account_and_one_version(simulator: Running) -> None:
    first = call(simulator, "POST", "/v1/topups", TOPUP, key="k").body["id"]
    assert call(simulator, "POST", "/v1/topups", TOPUP, key="k", Stripe_Account="acct_b").body["id"] != first
    assert call(simulator, "POST", PAYMENTS, an_order(a_recipient(simulator)), key="k").status == 200


# faults ---------------------------------------------------------------------------------------------
def test_faults_strike_reading_too_after_as_many_as_were_asked_to_pass(simulator: Running) -> None:
    simulator.faults.order("error_500", method="GET", after=1, path="/v1/balance")
    assert [call(simulator, "GET", "/v1/balance").status for _ in "123"] == [200, 500, 200]
    simulator.faults.order("refuse", code="feature_not_enabled", path=PAYMENTS)
    refused = call(simulator, "POST", PAYMENTS, an_order("acct_1"))
    assert (refused.status, refused.body["error"]["type"]) == (400, "feature_not_enabled")


def test_answers_may_be_empty_or_a_proxys_page_or_none_at_all(simulator: Running) -> None:
    for kind in ("empty", "error_502_after", "drop"):
        simulator.faults.order(kind)
    assert call(simulator, "POST", "/v1/topups", TOPUP, key="k").raw == b""
    proxied = call(simulator, "POST", "/v1/topups", TOPUP, key="k")
    assert (proxied.status, proxied.raw[:6]) == (502, b"<html>")
    with pytest.raises((http.client.HTTPException, OSError)):
        call(simulator, "POST", "/v1/topups", TOPUP, key="k")
    assert len(simulator.issuing.store.all("topup")) == 2  # the opening, and this one once


def test_more_calls_than_allowed_in_a_second_are_turned_away(tmp_path: Path) -> None:
    with running(Options(data=tmp_path, rate_limit=3)) as simulator:
        with ThreadPoolExecutor(4) as pool:
            got = list(pool.map(lambda _: call(simulator, "GET", "/v1/balance").status, range(8)))
        assert 429 in got
        assert call(simulator, "GET", "/_control/health").body["turned_away"] == got.count(429)


# time and money ---------------------------------------------------------------------------------------
def test_time_is_moved_by_hand_and_a_restart_does_not_turn_it_back(tmp_path: Path) -> None:
    with running(Options(data=tmp_path, settle_after=3600)) as simulator:
        payment = a_payment(simulator)
        call(simulator, "POST", "/_control/clock", {"seconds": 3700})
        assert simulator.bank.payment(payment)["status"] == "posted"
        call(simulator, "POST", f"/_control/payments/{payment}/return", {"after_days": 9})
        call(simulator, "POST", "/_control/clock", {"days": 8})
        ahead = simulator.clock.ahead
    with running(Options(data=tmp_path, settle_after=3600)) as simulator:
        assert simulator.clock.ahead == ahead
        assert simulator.bank.payment(payment)["status"] == "posted"
        call(simulator, "POST", "/_control/clock", {"days": 2})
        assert simulator.bank.payment(payment)["status"] == "returned"
        assert simulator.bank.available() == OPENING_CENTS


def test_fees_and_top_ups_are_transactions_of_their_own(tmp_path: Path) -> None:
    with running(Options(data=tmp_path, settle_after=None, payout_fee_cents=150)) as simulator:
        payment = a_payment(simulator)
        simulator.bank.fail(payment)
        call(simulator, "POST", "/_control/topups", {"cents": 70_000})
        listed = call(simulator, "GET", "/v2/money_management/transactions").body["data"]
        assert [(t["category"], t["amount"]["value"]) for t in listed] == [
            ("received_credit", 70_000),
            ("stripe_fee", -150),
            ("outbound_payment", -40_000),
            ("received_credit", OPENING_CENTS),
        ]
        credits = call(simulator, "GET", "/v2/money_management/received_credits").body["data"]
        assert [c["amount"]["value"] for c in credits] == [70_000, OPENING_CENTS]
        assert simulator.bank.available() == OPENING_CENTS + 70_000 - 150


def test_bank_details_given_again_are_another_payout_method(simulator: Running) -> None:
    recipient = a_recipient(simulator)
    first = call(simulator, "POST", PAYMENTS, an_order(recipient)).body["to"]["payout_method"]
    assert call(simulator, "POST", PAYMENTS, an_order(recipient)).body["to"]["payout_method"] == first
    simulator.bank.collect_bank_details(recipient)
    listed = call(simulator, "GET", "/v2/money_management/payout_methods", Stripe_Context=recipient).body
    assert [(m["id"] == first, m["archived"]) for m in listed["data"]] == [(False, False), (True, True)]
    refused = call(simulator, "POST", PAYMENTS, an_order(recipient, payout_method=first))
    assert refused.body["error"]["type"] == "invalid_payout_method"


@pytest.mark.parametrize(
    ("order", "status", "type_"),
    [
        ({"rail": "forbidden"}, 403, "invalid_request_error"),
        ({"rail": "not_enabled"}, 400, "feature_not_enabled"),
    ],
    ids=["forbidden", "not enabled"],
)
def test_the_rail_may_be_closed_at_stripe(
    simulator: Running, order: dict[str, str], status: int, type_: str
) -> None:
    call(simulator, "POST", "/_control/settings", order)
    refused = call(simulator, "POST", PAYMENTS, an_order(a_recipient(simulator)))
    assert (refused.status, refused.body["error"]["type"]) == (status, type_)


def test_a_payment_by_hand_at_stripe_carries_no_mark_and_no_call_of_ours(simulator: Running) -> None:
    call(simulator, "POST", "/_control/dashboard/payments", {"cents": 9_900})
    (payment,) = simulator.bank.store.all("payment")
    event = next(e for e in simulator.bank.store.all("event") if e["type"].endswith("payment.created"))
    assert (payment["metadata"], "reason" in event) == ({}, False)


# cards ----------------------------------------------------------------------------------------------
def test_the_cards_balance_holds_takes_and_gets_back(simulator: Running) -> None:
    card = a_card(simulator)
    promised = authorised(simulator, card, 40_000)["id"]
    assert cash(simulator) == ISSUING_OPENING_CENTS - 40_000
    helper(
        simulator, f"authorizations/{promised}/capture", capture_amount=15_000, close_authorization="false"
    )
    assert cash(simulator) == ISSUING_OPENING_CENTS - 40_000
    assert simulator.issuing.used(card) == 40_000
    helper(simulator, f"authorizations/{promised}/capture", capture_amount=30_000)
    taken = simulator.issuing.found("authorization", promised)["transactions"]
    assert [t["amount"] for t in taken] == [-15_000, -30_000]
    assert cash(simulator) == ISSUING_OPENING_CENTS - 45_000
    helper(simulator, f"transactions/{taken[0]['id']}/refund")
    helper(simulator, "transactions/create_unlinked_refund", amount=700, card=card)
    assert cash(simulator) == ISSUING_OPENING_CENTS - 30_000 + 700
    listed = call(simulator, "GET", "/v1/balance_transactions?limit=100").body["data"]
    assert sum(t["net"] for t in listed) == cash(simulator)
    assert {t["balance_type"] for t in listed} == {"issuing"}


def test_what_is_reversed_in_part_expired_or_declined_is_free_again(simulator: Running) -> None:
    card = a_card(simulator)
    promised = authorised(simulator, card, 40_000)["id"]
    assert helper(simulator, f"authorizations/{promised}/reverse", reverse_amount=10_000)["amount"] == 30_000
    assert helper(simulator, f"authorizations/{promised}/increment", increment_amount=5_000)["approved"]
    assert cash(simulator) == ISSUING_OPENING_CENTS - 35_000
    assert helper(simulator, f"authorizations/{promised}/expire")["status"] == "expired"
    assert authorised(simulator, card, 100_001)["request_history"][0]["reason"] == "spending_controls"
    assert cash(simulator) == ISSUING_OPENING_CENTS


def test_no_card_is_charged_more_than_the_balance_holds(tmp_path: Path) -> None:
    with running(Options(data=tmp_path, issuing_opening_cents=10_000)) as simulator:
        refused = authorised(simulator, a_card(simulator), 10_001)
        assert (refused["approved"], refused["request_history"][0]["reason"]) == (False, "insufficient_funds")


def test_a_merchant_abroad_takes_its_own_amount_at_the_rate_of_the_day(simulator: Running) -> None:
    card = a_card(simulator)
    order = {"amount": 40_000, "merchant_amount": 800_000, "merchant_currency": "mxn", "capture": False}
    promised = call(simulator, "POST", f"/_control/cards/{card}/pay", order).body["authorization"]
    later = {"amount": 41_000, "merchant_amount": 800_000, "merchant_currency": "mxn"}
    call(simulator, "POST", f"/_control/authorizations/{promised}/capture", later)
    (taken,) = simulator.issuing.store.all("transaction_of_card")
    assert (taken["amount"], taken["merchant_amount"]) == (-41_000, -800_000)
    assert (taken["currency"], taken["merchant_currency"]) == ("usd", "mxn")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((200, VERSION, b'{"approved": true}'), "webhook_approved"),
        ((200, VERSION, b'{"approved": false}'), "webhook_declined"),
        ((200, VERSION, b'{"approved": "yes"}'), "webhook_error"),
        ((200, {}, b'{"approved": true}'), "webhook_error"),
        ((500, VERSION, b'{"approved": true}'), "webhook_error"),
    ],
    ids=["approved", "declined", "unreadable", "without a version", "broken"],
)
def test_the_organisation_is_asked_before_a_card_is_charged(
    simulator: Running, answer: tuple[int, dict[str, str], bytes], reason: str
) -> None:
    asked: list[dict[str, Any]] = []

    def answers(body: bytes, signed: str) -> tuple[int, dict[str, str], bytes]:
        at = int(signed.partition(",")[0].removeprefix("t="))
        assert signed == signature(body.decode(), secrets=["whsec_sandbox_cards"], at=at)
        asked.append(json.loads(body))
        return answer

    simulator.issuing.desk.ask = answers
    made = authorised(simulator, a_card(simulator), 40_000)
    (question,) = asked
    assert question["type"] == "issuing_authorization.request"
    assert question["data"]["object"]["pending_request"]["amount"] == 40_000
    assert made["request_history"][0]["reason"] == reason
    assert made["approved"] is (reason == "webhook_approved")
    assert cash(simulator) == ISSUING_OPENING_CENTS - (40_000 if made["approved"] else 0)


@pytest.mark.parametrize(("at_timeout", "approved"), [("approve", True), ("decline", False)])
def test_an_answer_that_comes_too_late_counts_as_none(
    simulator: Running, at_timeout: str, approved: bool
) -> None:
    over = Signal()

    def answers(body: bytes, signed: str) -> tuple[int, dict[str, str], bytes]:
        over.wait(5)
        return 200, VERSION, json.dumps({"approved": not approved}).encode()

    simulator.issuing.desk.ask = answers
    call(simulator, "POST", "/_control/authorisations", {"seconds": 0.05, "at_timeout": at_timeout})
    made = authorised(simulator, a_card(simulator), 40_000)
    over.set()
    assert (made["approved"], made["request_history"][0]["reason"]) == (approved, "webhook_timeout")


def test_a_card_ends_after_its_payments_and_its_limit_can_be_lowered(simulator: Running) -> None:
    card = a_card(simulator, lifecycle_controls={"cancel_after": {"payment_count": 2}})
    limit = {"spending_controls[spending_limits][0][amount]": "500"}
    limit |= {"spending_controls[spending_limits][0][interval]": "all_time"}
    assert call(simulator, "POST", f"/v1/issuing/cards/{card}", limit).status == 200
    assert not authorised(simulator, card, 501)["approved"]
    assert authorised(simulator, card, 300)["approved"]
    helper(simulator, "transactions/create_force_capture", amount=100, card=card)
    assert simulator.issuing.found("card", card)["status"] == "canceled"


def test_the_unmodified_sdk_reads_balances_top_ups_and_what_was_taken(simulator: Running) -> None:
    http_client: Any = RequestsClient(timeout=5)
    bases: Any = dict.fromkeys(("api", "files", "connect", "meter_events"), simulator.url)
    client = StripeClient(KEY, base_addresses=bases, http_client=http_client)
    try:
        made = client.v1.topups.create({"amount": 500_00, "currency": "usd"})
        assert client.v1.topups.retrieve(made.id).status == "succeeded"
        held = client.v1.balance.retrieve().issuing
        assert held is not None
        assert held.available[0].amount == ISSUING_OPENING_CENTS + 500_00
        moved = client.v1.balance_transactions.list({"type": "topup", "limit": 1}).auto_paging_iter()
        assert [m.amount for m in moved] == [500_00, ISSUING_OPENING_CENTS]
    finally:
        http_client.close()


def test_every_answer_about_cards_and_balances_has_the_shape_the_sdk_expects(tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []

    def answers(body: bytes, signed: str) -> tuple[int, dict[str, str], bytes]:
        asked.append(json.loads(body)["data"]["object"])
        return 200, VERSION, b'{"approved": true}'

    with running(Options(data=tmp_path, payout_fee_cents=150, card_fee_cents=10)) as simulator:
        simulator.issuing.desk.ask = answers
        a_payment(simulator)
        promised = authorised(simulator, a_card(simulator), 1_000)["id"]
        helper(simulator, f"authorizations/{promised}/capture")
        found = {
            stripe_type: [one for kind in kinds for one in simulator.bank.store.all(kind)]
            for stripe_type, kinds in SHAPES.items()
        }
        found[Authorization] += asked
        assert missing_and_invented(Balance, simulator.issuing.balance()) == []
    for stripe_type, things in found.items():
        assert things, stripe_type
        assert [said for one in things for said in missing_and_invented(stripe_type, one)] == []


# what is kept, and the page -----------------------------------------------------------------------------
def test_every_call_is_kept_as_it_was_sent_without_the_key(simulator: Running) -> None:
    call(simulator, "POST", "/v1/topups", TOPUP, key="k1")
    call(simulator, "GET", "/v1/balance")
    kept = call(simulator, "GET", "/_control/requests?path=/v1/").body["requests"]
    assert [(k["method"], k["path"], k["status"]) for k in kept] == [
        ("POST", "/v1/topups", 200),
        ("GET", "/v1/balance", 200),
    ]
    assert kept[0]["body"] == "amount=50000&currency=usd"
    assert kept[0]["headers"]["idempotency-key"] == "k1"
    assert KEY not in json.dumps(kept)
    later = call(simulator, "GET", f"/_control/requests?since={kept[0]['serial']}").body["requests"]
    assert [k["path"] for k in later] == ["/v1/balance"]


def test_the_pages_buttons_settle_and_top_up_and_work_from_no_other_page(simulator: Running) -> None:
    payment = a_payment(simulator)
    shown = call(simulator, "GET", "/").raw.decode()
    token = shown.partition('name="token" value="')[2].partition('"')[0]
    settle = f"/_page/payments/{payment}/settle"
    assert settle in shown
    assert call(simulator, "POST", settle, {"token": "guessed"}).status == 403
    assert call(simulator, "POST", settle, {"token": token}, Origin="http://elsewhere.example").status == 403
    assert simulator.bank.payment(payment)["status"] == "processing"
    assert call(simulator, "POST", settle, {"token": token}).status == 303
    assert simulator.bank.payment(payment)["status"] == "posted"
    said = {"token": token, "dollars": "500.00"}
    assert call(simulator, "POST", "/_page/topups/card", said).status == 303
    assert cash(simulator) == ISSUING_OPENING_CENTS + 500_00
