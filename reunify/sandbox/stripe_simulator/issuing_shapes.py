"""Issuing objects as API v1 writes them: seconds, not text, for time; a capture is a negative amount."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from reunify.sandbox.stripe_simulator import issuing_wire as wire
from reunify.sandbox.stripe_simulator.store import Thing, fresh

API_VERSION = "2026-10-28.endive"


def cardholder(asked: wire.CardholderCreate, *, at: int) -> Thing:
    return {
        "id": fresh("ich"),
        "object": "issuing.cardholder",
        "billing": {"address": {"line2": None, **asked.billing.address.model_dump()}},
        "created": at,
        "livemode": False,
        "metadata": asked.metadata,
        "name": asked.name,
        "requirements": {"disabled_reason": None, "past_due": []},
        "status": "active",
        "type": asked.type,
    }


def card(asked: wire.CardCreate, holder: Thing, *, at: int) -> Thing:
    """Without number and security code, as every answer that does not expand them."""
    return {
        "id": fresh("ic"),
        "object": "issuing.card",
        "brand": "Visa",
        "cardholder": holder,
        "created": at,
        "currency": asked.currency,
        "exp_month": 12,
        "exp_year": datetime.fromtimestamp(at, UTC).year + 3,
        "last4": f"{secrets.randbelow(10_000):04d}",
        "livemode": False,
        "metadata": asked.metadata,
        "lifecycle_controls": None
        if asked.lifecycle_controls is None
        else {"cancel_after": asked.lifecycle_controls.cancel_after.model_dump()},
        "spending_controls": controls(asked.spending_controls),
        "status": asked.status,
        "type": asked.type,
    }


def controls(asked: wire.SpendingControls) -> Thing:
    return {
        "allowed_categories": asked.allowed_categories or None,
        "spending_limits": [{**limit.model_dump(), "categories": None} for limit in asked.spending_limits],
    }


@dataclass(frozen=True, slots=True)
class Price:
    """In the card's currency, and what the merchant asked in its own; both signed alike."""

    cents: int
    merchant_amount: int
    merchant_currency: str

    @classmethod
    def of(cls, cents: int, amount: int | None = None, currency: str | None = None) -> Price:
        return cls(cents, cents if amount is None else amount, currency or "usd")

    @property
    def negative(self) -> Price:
        return Price(-self.cents, -self.merchant_amount, self.merchant_currency)

    def part(self, cents: int) -> Price:
        """The same rate, of another amount; whole units, rounded down."""
        if cents == self.cents:
            return self
        return Price(cents, cents * self.merchant_amount // self.cents, self.merchant_currency)

    def shown(self) -> Thing:
        return {
            "amount": self.cents,
            "currency": "usd",
            "merchant_amount": self.merchant_amount,
            "merchant_currency": self.merchant_currency,
        }


def authorization(price: Price, said: Thing, on: Thing, *, at: int) -> Thing:
    """Asked for and not yet answered: `pending_request` holds what it would add."""
    return {
        "id": fresh("iauth"),
        "object": "issuing.authorization",
        **price.shown(),
        "amount": 0,
        "merchant_amount": 0,
        "approved": False,
        "authorization_method": "online",
        "balance_transactions": [],
        "card": on,
        "cardholder": on["cardholder"]["id"],
        "created": at,
        "livemode": False,
        "merchant_data": said,
        "metadata": {},
        "pending_request": {**price.shown(), "is_amount_controllable": False},
        "request_history": [],
        "status": "pending",
        "transactions": [],
        "verification_data": {
            "address_line1_check": "not_provided",
            "address_postal_code_check": "not_provided",
            "cvc_check": "match",
            "expiry_check": "match",
        },
    }


def request(price: Price, *, reason: str, approved: bool, at: int) -> Thing:
    """One line of an authorization's `request_history`."""
    return {**price.shown(), "approved": approved, "created": at, "reason": reason, "requested_at": at}


def transaction(price: Price, on: Thing, *, said: Thing, authorization: str | None, at: int) -> Thing:
    """Negative for a capture, positive for a refund. `said`: the merchant."""
    return {
        "id": fresh("ipi"),
        "object": "issuing.transaction",
        **price.shown(),
        "authorization": authorization,
        "balance_transaction": None,
        "card": on["id"],
        "cardholder": on["cardholder"]["id"],
        "created": at,
        "livemode": False,
        "merchant_data": said,
        "metadata": {},
        "type": "capture" if price.cents < 0 else "refund",
    }


def merchant(asked: wire.MerchantData) -> Thing:
    return {
        "category": asked.category,
        "category_code": "0000",
        "city": asked.city,
        "country": asked.country or "US",
        "name": asked.name or "Sample merchant",
        "network_id": "1234567890",
    }


def event(kind: str, about: Thing, *, request: str | None, key: str | None, at: int) -> Thing:
    """A snapshot event: the object as it was, and the call that caused it (both null for none)."""
    return {
        "id": fresh("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": at,
        "data": {"object": about},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": request, "idempotency_key": key},
        "type": kind,
    }


def topup(cents: int, *, at: int, asked: wire.TopupCreate | None = None) -> Thing:
    """`asked`: the call that wants it; None: somebody at Stripe or at the bank did it."""
    return {
        "id": fresh("tu"),
        "object": "topup",
        "amount": cents,
        "balance_transaction": None,
        "created": at,
        "currency": "usd",
        "description": asked.description if asked else None,
        "expected_availability_date": at,
        "failure_code": None,
        "failure_message": None,
        "initiated_by": "user",
        "livemode": False,
        "metadata": asked.metadata if asked else {},
        "statement_descriptor": asked.statement_descriptor if asked else None,
        "status": "pending",
        "transfer_group": None,
    }


def balance_transaction(cents: int, *, kind: str, source: str | None, at: int) -> Thing:
    """One movement of the issuing balance: what it adds (or takes, negative)."""
    return {
        "id": fresh("txn"),
        "object": "balance_transaction",
        "amount": cents,
        "available_on": at,
        "balance_type": "issuing",
        "created": at,
        "currency": "usd",
        "description": None,
        "exchange_rate": None,
        "fee": 0,
        "fee_details": [],
        "net": cents,
        "reporting_category": "fee" if kind == "stripe_fee" else kind,
        "source": source,
        "status": "available",
        "type": kind,
    }


def balance(issuing_cents: int) -> Thing:
    nothing = {"amount": 0, "currency": "usd"}
    return {
        "object": "balance",
        "available": [nothing],
        "issuing": {"available": [{"amount": issuing_cents, "currency": "usd"}]},
        "livemode": False,
        "pending": [nothing],
    }
