"""Issuing objects as API v1 writes them: seconds, not text, for time; a capture is a negative amount."""

from __future__ import annotations

import secrets
import time

from reunify.sandbox.stripe_simulator import issuing_wire as wire
from reunify.sandbox.stripe_simulator.store import Thing, fresh

API_VERSION = "2026-10-28.endive"


def seconds() -> int:
    return int(time.time())


def cardholder(asked: wire.CardholderCreate) -> Thing:
    return {
        "id": fresh("ich"),
        "object": "issuing.cardholder",
        "billing": {"address": {"line2": None, **asked.billing.address.model_dump()}},
        "created": seconds(),
        "livemode": False,
        "metadata": asked.metadata,
        "name": asked.name,
        "requirements": {"disabled_reason": None, "past_due": []},
        "status": "active",
        "type": asked.type,
    }


def card(asked: wire.CardCreate, holder: Thing) -> Thing:
    """Without number and security code, as every answer that does not expand them."""
    return {
        "id": fresh("ic"),
        "object": "issuing.card",
        "brand": "Visa",
        "cardholder": holder,
        "created": seconds(),
        "currency": asked.currency,
        "exp_month": 12,
        "exp_year": time.gmtime().tm_year + 3,
        "last4": f"{secrets.randbelow(10_000):04d}",
        "livemode": False,
        "metadata": asked.metadata,
        "spending_controls": {
            "allowed_categories": asked.spending_controls.allowed_categories or None,
            "spending_limits": [
                {**limit.model_dump(), "categories": None}
                for limit in asked.spending_controls.spending_limits
            ],
        },
        "status": asked.status,
        "type": asked.type,
    }


def authorization(asked: wire.AuthorizationCreate, on: Thing, *, refused: str | None) -> Thing:
    """`refused`: the reason in Stripe's word; None: approved."""
    now = seconds()
    return {
        "id": fresh("iauth"),
        "object": "issuing.authorization",
        "amount": asked.amount,
        "approved": refused is None,
        "authorization_method": "online",
        "balance_transactions": [],
        "card": on,
        "cardholder": on["cardholder"]["id"],
        "created": now,
        "currency": asked.currency,
        "livemode": False,
        "merchant_amount": asked.amount,
        "merchant_currency": asked.currency,
        "merchant_data": merchant(asked.merchant_data),
        "metadata": {},
        "request_history": [
            {
                "amount": asked.amount,
                "approved": refused is None,
                "created": now,
                "currency": asked.currency,
                "merchant_amount": asked.amount,
                "merchant_currency": asked.currency,
                "reason": refused or "webhook_timeout",
            }
        ],
        "status": "pending" if refused is None else "closed",
        "transactions": [],
        "verification_data": {
            "address_line1_check": "not_provided",
            "address_postal_code_check": "not_provided",
            "cvc_check": "match",
            "expiry_check": "match",
        },
    }


def transaction(cents: int, on: Thing, *, said: Thing, authorization: str | None) -> Thing:
    """`cents`: negative for a capture, positive for a refund. `said`: the merchant."""
    return {
        "id": fresh("ipi"),
        "object": "issuing.transaction",
        "amount": cents,
        "authorization": authorization,
        "card": on["id"],
        "cardholder": on["cardholder"]["id"],
        "created": seconds(),
        "currency": on["currency"],
        "livemode": False,
        "merchant_amount": cents,
        "merchant_currency": on["currency"],
        "merchant_data": said,
        "metadata": {},
        "type": "capture" if cents < 0 else "refund",
    }


def merchant(asked: wire.MerchantData) -> Thing:
    return {
        "category": asked.category,
        "category_code": "0000",
        "name": asked.name or "Sample merchant",
        "network_id": "1234567890",
    }


def event(kind: str, about: Thing, *, request: str | None, key: str | None) -> Thing:
    """A snapshot event: the object as it was, and the call that caused it (both null for none)."""
    return {
        "id": fresh("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": seconds(),
        "data": {"object": about},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": request, "idempotency_key": key},
        "type": kind,
    }
