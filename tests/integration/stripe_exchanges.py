"""Everything our adapters say to Stripe and are told, as it went over HTTP; and what only the simulator's
other callers ask of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import stripe

from reunify.adapters.stripe_card_balance import StripeCardBalance
from reunify.adapters.stripe_cards import CardHolder, StripeCards
from reunify.adapters.stripe_client import API_VERSION
from reunify.adapters.stripe_gateway import StripeGateway
from reunify.disbursement.cards_policy import Limits
from reunify.disbursement.cards_ports import Issued
from reunify.disbursement.outcomes import Known
from reunify.disbursement.ports import PaymentOrder
from reunify.kernel.ids import PayeeId, RequestId
from reunify.kernel.money import Money
from reunify.payees.queries import Payee
from reunify.sandbox.stripe_simulator.options import Options
from reunify.sandbox.stripe_simulator.serving import Running, running
from reunify.sandbox.stripe_simulator.shapes import FINANCIAL_ACCOUNT
from tests.permits import for_stripe

KEY = "sk_test_sandbox"
HOLDER = "Family Services; 1 Main Street; Alexandria; VA; 22314"
SINCE = datetime.now(UTC) - timedelta(days=1)
AIR = "airlines_air_carriers"


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request as it left and its answer as it came."""

    method: str
    path: str
    query: str
    body: str
    headers: dict[str, str]
    answer: dict[str, Any]


@dataclass
class Adapters:
    """All three, at one simulator."""

    side: Running
    gateway: StripeGateway
    cards: StripeCards
    balance: StripeCardBalance


@contextmanager
def adapters(folder: Path) -> Iterator[Adapters]:
    with running(Options(data=folder, settle_after=None)) as side:
        gateway = StripeGateway(key=KEY, financial_account=FINANCIAL_ACCOUNT, base=side.url)
        cards = StripeCards(key=KEY, holder=CardHolder.read(HOLDER), base=side.url)
        balance = StripeCardBalance(key=KEY, base=side.url)
        yield Adapters(side, gateway, cards, balance)
        for one in (gateway, cards, balance):
            one.close()


@contextmanager
def recorded() -> Iterator[list[Exchange]]:
    """Listens below our own door, where the SDK hands bytes to the network."""
    kept: list[Exchange] = []
    send = stripe.RequestsClient.request

    def heard(self: Any, method: str, url: str, headers: Any, post_data: Any = None) -> Any:
        answered = send(self, method, url, headers, post_data)
        to, body = urlsplit(url), post_data or ""
        said = body.decode() if isinstance(body, bytes) else body
        if answered[1] == 200:
            answer = json.loads(answered[0])
            kept.append(Exchange(method.upper(), to.path, to.query, said, dict(headers), answer))
        return answered

    with patch.object(stripe.RequestsClient, "request", heard):
        yield kept


def a_payee(name: str = "Ana Reyes", email: str = "ana@example.org", **changes: Any) -> Payee:
    said: dict[str, Any] = {
        "id": PayeeId(uuid4()),
        "request_id": RequestId(uuid4()),
        "key": "mother",
        "version": 1,
        "kind": "person",
        "legal_name": name,
        "email": email,
        "country": "US",
        "stripe_consent": True,
        "stripe_recipient": None,
    }
    return Payee(**{**said, **changes})


def pays(at: Adapters, payee: Payee) -> None:
    """Recipient, link, payment, look-up, note, cancel: every call of the gateway."""
    permit, gateway = for_stripe(payee.request_id, payee=payee.id), at.gateway
    recipient = gateway.ensure_recipient(payee, permit).id
    gateway.ensure_recipient(Payee(**{**_said(payee), "stripe_recipient": recipient}), permit)
    gateway.bank_details_link(
        recipient=recipient, return_to="http://127.0.0.1:8000/", permit=permit, payee=payee.id
    )
    httpx.post(f"{at.side.url}/_control/accounts/{recipient}/bank_details", json={}).raise_for_status()
    bank = gateway.bank_of(recipient)
    for number, method in enumerate((None, bank), start=1):
        order = PaymentOrder(uuid4(), recipient, Money(12_300), permit, payee.id, method)
        sent = gateway.send(gateway.prepare(order), key=f"reunify:disb:{order.reference}:{number}")
        assert isinstance(sent, Known), sent
        gateway.look_up(sent.payment.id)
    gateway.cancel(sent.payment.id)
    gateway.log_reference(recipient=recipient, reference=uuid4(), permit=permit, payee=payee.id)
    gateway.balance()
    gateway.movements(since=SINCE)
    gateway.payments(since=SINCE)


def buys(at: Adapters) -> None:
    """Cardholder, card, a purchase, its charges, cancel: every call of the cards."""
    cards, reference = at.cards, uuid4()
    holder = cards.ensure_holder(cards.prepare_holder(), key="reunify:cardholder:1")
    params = cards.prepare(holder=holder, reference=reference, limits=Limits(Money(90_000), (AIR,)))
    made = cards.issue(params, key=f"reunify:card:{reference}:1")
    assert isinstance(made, Issued), made
    order = {"amount": 45_000, "category": AIR, "capture": True}
    httpx.post(f"{at.side.url}/_control/cards/{made.card.id}/pay", json=order).raise_for_status()
    for charge in cards.charges(since=SINCE):
        cards.charge(charge.id)
        if charge.authorisation is not None:
            cards.authorisation(charge.authorisation)
    assert cards.card(made.card.id).most == Money(90_000)
    less = cards.prepare_limit(Limits(Money(80_000), (AIR,)))
    cards.limit(made.card.id, less, key=f"reunify:card:{reference}:1:limit:1")
    cards.cancel(made.card.id, key=f"reunify:card:{reference}:1:cancel")
    at.balance.balance()
    at.balance.movements(since=SINCE)


def others_ask(at: Adapters) -> None:
    """What no adapter of ours calls and the simulator answers: its shapes must be Stripe's as well."""
    client = stripe.StripeClient(
        KEY,
        base_addresses={"api": at.side.url},
        stripe_version=API_VERSION,
        http_client=stripe.RequestsClient(),
    )
    issuing, treasury, helpers = client.v1.issuing, client.v2.money_management, client.v1.test_helpers.issuing
    topup = client.v1.topups.create({"amount": 5_000, "currency": "usd"})
    client.v1.topups.retrieve(topup.id)
    client.v1.topups.list({"limit": 3})
    holder = at.cards.ensure_holder(at.cards.prepare_holder(), key="reunify:cardholder:1")
    limits = Limits(Money(90_000), (AIR,))
    card = issuing.cards.create(at.cards.prepare(holder=holder, reference=uuid4(), limits=limits))  # type: ignore[arg-type]
    issuing.cards.retrieve(card.id)
    issuing.cards.list({"limit": 3})
    lower: Any = {"spending_limits": [{"amount": 50_000, "interval": "all_time"}]}
    issuing.cards.update(card.id, {"spending_controls": lower})
    bought: Any = {"card": card.id, "amount": 900, "merchant_data": {"category": AIR}}
    promised = [helpers.authorizations.create(bought) for _ in range(3)]
    helpers.authorizations.reverse(promised[0].id)
    helpers.authorizations.expire(promised[1].id)
    captured = helpers.authorizations.capture(promised[2].id, {"capture_amount": 950})
    issuing.authorizations.list({"limit": 3})
    bought_at: Any = {"card": card.id, "amount": 700, "merchant_data": {"category": AIR}}
    forced = helpers.transactions.create_force_capture(bought_at)
    helpers.transactions.refund(forced.id)
    helpers.transactions.create_unlinked_refund(bought_at)
    assert captured.transactions
    first = client.v1.balance_transactions.list({"limit": 100}).data[0]
    client.v1.balance_transactions.retrieve(first.id)
    credit = treasury.received_credits.list().data[0]
    treasury.received_credits.retrieve(credit.id)
    moved = treasury.transactions.list({"limit": 3}).data[0]
    treasury.transactions.retrieve(moved.id)
    treasury.financial_accounts.list()


def _said(payee: Payee) -> dict[str, Any]:
    return {name: getattr(payee, name) for name in Payee.__dataclass_fields__}
