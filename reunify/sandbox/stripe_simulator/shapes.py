"""How each thing looks on the wire. Tests hold every shape against the types in Stripe's own SDK."""

from __future__ import annotations

import secrets
from datetime import datetime

from reunify.sandbox.stripe_simulator import wire
from reunify.sandbox.stripe_simulator.store import Thing, fresh, stamp

FINANCIAL_ACCOUNT = "fa_test_sandbox"
DESCRIPTOR = "STRIPE"
PARTS = ("available", "inbound_pending", "outbound_pending")


def usd(cents: int) -> Thing:
    return {"value": cents, "currency": "usd"}


def account(asked: wire.AccountCreate, *, ready: bool, at: datetime | None = None) -> Thing:
    networks = [
        n for n, on in asked.configuration.recipient.capabilities.bank_accounts if on and on.requested
    ]
    return {
        "id": fresh("acct"),
        "object": "v2.core.account",
        "applied_configurations": ["recipient"],
        "configuration": {
            "recipient": {
                "applied": True,
                "capabilities": {"bank_accounts": {n: capability(ready=ready) for n in networks}},
            }
        },
        "contact_email": asked.contact_email,
        "created": stamp(at),
        "dashboard": asked.dashboard or "none",
        "display_name": asked.display_name,
        "identity": {"country": asked.identity.country.upper(), "entity_type": asked.identity.entity_type},
        "livemode": False,
        "metadata": asked.metadata or {},
    }


def capability(*, ready: bool) -> Thing:
    return capability_as("active" if ready else "restricted")


def capability_as(status: str) -> Thing:
    """A way to pay a recipient: why it cannot be used, unless it can."""
    if status == "active":
        return {"status": "active", "status_details": []}
    if status == "unsupported":
        why = {"code": "unsupported_country", "resolution": "no_resolution"}
    elif status == "pending":
        why = {"code": "determining_status", "resolution": "no_resolution"}
    else:
        why = {"code": "requirements_past_due", "resolution": "provide_info"}
    return {"status": status, "status_details": [why]}


def payout_method(*, at: datetime) -> Thing:
    """Where a recipient is paid; its last four digits are invented, for nothing that was typed is kept."""
    return {
        "id": fresh("usba_test"),
        "object": "v2.money_management.payout_method",
        "archived": False,
        "bank_account": {
            "bank_account_type": "checking",
            "bank_name": "Sample Bank",
            "country": "US",
            "last4": f"{secrets.randbelow(10_000):04d}",
            "supported_currencies": ["usd"],
        },
        "created": stamp(at),
        "livemode": False,
        "restricted": False,
        "type": "bank_account",
        "usage_status": {"payments": "eligible", "transfers": "ineligible"},
    }


def received_credit(cents: int, *, at: datetime) -> Thing:
    """Money pushed to the financial account from the organisation's own bank."""
    now = stamp(at)
    return {
        "id": fresh("rc_test"),
        "object": "v2.money_management.received_credit",
        "amount": usd(cents),
        "amount_received": usd(cents),
        "bank_transfer": {
            "financial_address": "finaddr_test_sandbox",
            "network": "ach",
            "originating_bank_account": {"type": "aba", "aba": {"bank_name": "Sample Bank", "last4": "0001"}},
        },
        "created": now,
        "financial_account": FINANCIAL_ACCOUNT,
        "livemode": False,
        "status": "succeeded",
        "status_transitions": {"succeeded_at": now},
        "type": "bank_transfer",
    }


def shown(account: Thing, include: list[str]) -> Thing:
    """Accounts v2 leaves parts out unless they are asked for by `include`."""
    body = dict(account)
    if "configuration.recipient" not in include:
        body.pop("configuration")
    if "identity" not in include:
        body.pop("identity")
    return body


def account_link(
    asked: wire.AccountLinkCreate, *, base: str, expires: str, at: datetime | None = None
) -> Thing:
    link = fresh("link")
    return {
        "id": link,  # kept to find it again; not part of the answer
        "object": "v2.core.account_link",
        "account": asked.account,
        "created": stamp(at),
        "expires_at": expires,
        "livemode": False,
        "url": f"{base}/hosted/bank_details/{link}",
        "use_case": asked.use_case.model_dump(exclude_none=True),
    }


def payment(
    asked: wire.OutboundPaymentCreate, *, payout_method: str, arrives: str, at: datetime | None = None
) -> Thing:
    amount = usd(asked.amount.value)
    to: Thing = {"credited": amount, "recipient": asked.to.recipient, "payout_method": payout_method}
    if asked.to.payout_method_options is not None:
        to["payout_method_options"] = asked.to.payout_method_options.model_dump(exclude_none=True)
    notification = asked.recipient_notification.setting if asked.recipient_notification else "configured"
    body: Thing = {
        "id": fresh("obp_test"),
        "object": "v2.money_management.outbound_payment",
        "amount": amount,
        "cancelable": True,
        "created": stamp(at),
        "expected_arrival_date": arrives,
        "from": {"debited": amount, "financial_account": asked.from_.financial_account},
        "livemode": False,
        "metadata": asked.metadata or {},
        "recipient_notification": {"setting": notification},
        "statement_descriptor": asked.statement_descriptor or DESCRIPTOR,
        "status": "processing",
        "status_transitions": {},
        "to": to,
        "tracking_details": {"status": "pending", "type": "bank_account"},
    }
    if asked.description is not None:
        body["description"] = asked.description
    return body


def transaction(
    cents: int,
    *,
    category: str,
    payment: str | None = None,
    pending: bool = False,
    credit: str | None = None,
    at: datetime | None = None,
) -> Thing:
    """`cents` is signed: money leaving is negative. A pending one waits in `outbound_pending`."""
    flow: Thing = {"type": "fee_batch", "fee_batch": fresh("feeb_test")}
    if payment is not None:
        flow = {"type": "outbound_payment", "outbound_payment": payment}
    elif credit is not None:
        flow = {"type": "received_credit", "received_credit": credit}
    now = stamp(at)
    return {
        "id": fresh("trxn_test"),
        "object": "v2.money_management.transaction",
        "amount": usd(cents),
        "balance_impact": {
            "available": usd(cents),
            "inbound_pending": usd(0),
            "outbound_pending": usd(-cents if pending else 0),
        },
        "category": category,
        "created": now,
        "financial_account": FINANCIAL_ACCOUNT,
        "flow": flow,
        "livemode": False,
        "regulatory_receipt": {"status": "not_applicable"},
        "status": "pending" if pending else "posted",
        "status_transitions": {} if pending else {"posted_at": now},
    }


def financial_account(transactions: list[Thing], *, created: str) -> Thing:
    """As the transactions make it."""
    return account_holding(
        {part: sum(t["balance_impact"][part]["value"] for t in transactions) for part in PARTS},
        created=created,
    )


def account_holding(cents: dict[str, int], *, created: str) -> Thing:
    return {
        "id": FINANCIAL_ACCOUNT,
        "object": "v2.money_management.financial_account",
        "balance": {part: {"usd": usd(cents[part])} for part in PARTS},
        "country": "US",
        "created": created,
        "display_name": "Sandbox travel money",
        "livemode": False,
        "metadata": {},
        "status": "open",
        "storage": {"holds_currencies": ["usd"]},
        "type": "storage",
    }


def event(
    kind: str,
    *,
    about: Thing | None,
    path: str,
    request: tuple[str, str] | None,
    at: datetime | None = None,
) -> Thing:
    """A thin event: what changed, and who asked (request id, idempotency key) when a call caused it."""
    body: Thing = {
        "id": fresh("evt_test"),
        "object": "v2.core.event",
        "type": kind,
        "created": stamp(at),
        "livemode": False,
    }
    if about is not None:
        body["related_object"] = {"id": about["id"], "type": about["object"], "url": f"{path}/{about['id']}"}
    if request is not None:
        body["reason"] = {"type": "request", "request": {"id": request[0], "idempotency_key": request[1]}}
    return body
