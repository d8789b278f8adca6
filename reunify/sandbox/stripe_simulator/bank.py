"""What the calls do: recipients, payments out of one balance, transactions, events."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from reunify.sandbox.stripe_simulator import shapes, wire
from reunify.sandbox.stripe_simulator.options import Options
from reunify.sandbox.stripe_simulator.store import Store, Thing, fresh, stamp

PAYMENTS_PATH = "/v2/money_management/outbound_payments"
_PAYMENT = "v2.money_management.outbound_payment"
FAILURE_REASONS = frozenset(
    (
        "fx_rate_drift_exceeded_after_review",
        "payout_method_amount_limit_exceeded",
        "payout_method_declined",
        "payout_method_does_not_exist",
        "payout_method_expired",
        "payout_method_unsupported",
        "payout_method_usage_frequency_limit_exceeded",
        "review_rejected",
        "unknown_failure",
    )
)
RETURN_REASONS = frozenset(
    (
        "payout_method_canceled_by_customer",
        "payout_method_closed",
        "payout_method_currency_unsupported",
        "payout_method_does_not_exist",
        "payout_method_holder_address_incorrect",
        "payout_method_holder_details_incorrect",
        "payout_method_holder_name_incorrect",
        "payout_method_invalid_account_number",
        "payout_method_restricted",
        "recalled",
        "unknown_failure",
    )
)


class Problem(Exception):
    """An answer in Stripe's words: HTTP status, `error.type`, `error.code`, message."""

    def __init__(self, status: int, type_: str, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error: Thing = {"type": type_, "code": code, "message": message}


@dataclass(frozen=True, slots=True)
class Asked:
    """Which call is being carried out; its key comes back in the events it causes."""

    request: str
    key: str | None

    @property
    def cause(self) -> tuple[str, str] | None:
        return (self.request, self.key) if self.key else None


class Bank:
    def __init__(self, store: Store, options: Options) -> None:
        self.store = store
        self.settle_after = options.settle_after
        self.banks_ready = options.banks_ready
        self.delivers = options.webhook_url is not None
        self.base = ""
        self._stop = threading.Event()
        with store.work():
            if store.get("settings", "opened") is None:
                opened = shapes.transaction(
                    options.opening_cents, category="received_credit", credit=fresh("rc_test")
                )
                store.put("transaction", opened)
                store.put("settings", {"id": "opened", "created": opened["created"]})

    # recipients -----------------------------------------------------------------------------------
    def create_account(self, asked: wire.AccountCreate, by: Asked) -> Thing:
        account = shapes.account(asked, ready=self.banks_ready)
        with self.store.work():
            self.store.put("account", account)
            self._announce("v2.core.account.created", account, "/v2/core/accounts", by)
        return shapes.shown(account, list(asked.include))

    def update_account(self, id_: str, asked: wire.AccountUpdate, by: Asked) -> Thing:
        with self.store.work():
            account = self.found("account", id_)
            kept = dict(account["metadata"])
            for name, value in (asked.metadata or {}).items():
                kept.pop(name, None)
                if value is not None:
                    kept[name] = value
            account["metadata"] = kept
            account["contact_email"] = asked.contact_email or account["contact_email"]
            account["display_name"] = asked.display_name or account["display_name"]
            self.store.put("account", account)
        return shapes.shown(account, list(asked.include))

    def account(self, id_: str) -> Thing:
        return self.found("account", id_)

    def create_link(self, asked: wire.AccountLinkCreate) -> Thing:
        self.found("account", asked.account)
        if getattr(asked.use_case, asked.use_case.type) is None:
            raise Problem(
                400, "invalid_request_error", "parameter_missing", f"use_case.{asked.use_case.type}"
            )
        expires = stamp(datetime.now(UTC) + timedelta(minutes=10))
        link = shapes.account_link(asked, base=self.base, expires=expires)
        self.store.put("link", link)
        return {k: v for k, v in link.items() if k != "id"}

    def collect_bank_details(self, account_id: str) -> None:
        """The recipient typed account and routing number on the hosted page; we keep neither."""
        with self.store.work():
            account = self.found("account", account_id)
            accounts = account["configuration"]["recipient"]["capabilities"]["bank_accounts"]
            for network in accounts:
                accounts[network] = shapes.capability(ready=True)
            self.store.put("account", account)
            self._announce(
                "v2.core.account[configuration.recipient].capability_status_updated",
                account,
                "/v2/core/accounts",
                None,
            )

    # payments -------------------------------------------------------------------------------------
    def create_payment(self, asked: wire.OutboundPaymentCreate, by: Asked) -> Thing:
        cents = asked.amount.value
        with self.store.work():
            if asked.from_.financial_account != shapes.FINANCIAL_ACCOUNT:
                raise Problem(404, "invalid_request_error", "resource_missing", "No such financial account")
            account = self.found("account", asked.to.recipient)
            accounts = account["configuration"]["recipient"]["capabilities"]["bank_accounts"]
            if not any(c["status"] == "active" for c in accounts.values()):
                raise Problem(
                    400,
                    "invalid_payout_method",
                    "invalid_payout_method",
                    "The recipient has no payout method",
                )
            if self.available() < cents:
                raise Problem(
                    400,
                    "insufficient_funds",
                    "insufficient_funds",
                    "The financial account does not hold enough available money",
                )
            arrives = stamp(datetime.now(UTC) + timedelta(days=1))
            payment = shapes.payment(asked, payout_method=fresh("usba_test"), arrives=arrives)
            due = None if self.settle_after is None else time.time() + self.settle_after
            self.store.put("payment", payment, due=due)
            self.store.put(
                "transaction",
                shapes.transaction(-cents, category="outbound_payment", payment=payment["id"], pending=True),
            )
            self._announce(f"{_PAYMENT}.created", payment, PAYMENTS_PATH, by)
        return payment

    def payment(self, id_: str) -> Thing:
        return self.found("payment", id_)

    def cancel(self, id_: str, by: Asked) -> Thing:
        payment = self.payment(id_)
        if payment["status"] == "canceled":
            raise Problem(400, "already_canceled", "already_canceled", "The payment is already canceled")
        if not payment["cancelable"]:
            raise Problem(400, "not_cancelable", "not_cancelable", "The payment can no longer be canceled")
        return self._end(id_, "canceled", None, by)

    def settle(self, id_: str) -> Thing:
        return self._end(id_, "posted", None, None)

    def fail(self, id_: str, reason: str = "payout_method_declined") -> Thing:
        if reason not in FAILURE_REASONS:
            raise Problem(400, "invalid_request_error", "parameter_invalid", "no such failure reason")
        return self._end(id_, "failed", reason, None)

    def give_back(self, id_: str, reason: str = "payout_method_closed") -> Thing:
        """Returned: the money comes back in a transaction of its own."""
        if reason not in RETURN_REASONS:
            raise Problem(400, "invalid_request_error", "parameter_invalid", "no such return reason")
        with self.store.work():
            payment = self._end(id_, "returned", reason, None)
            cents = payment["amount"]["value"]
            self.store.put(
                "transaction", shapes.transaction(cents, category="outbound_payment_reversal", payment=id_)
            )
        return payment

    def hold(self, id_: str, seconds: float | None) -> Thing:
        """Settle later, or (None) only when told to."""
        payment = self.payment(id_)
        self.store.put("payment", payment, due=None if seconds is None else time.time() + seconds)
        return payment

    def _end(self, id_: str, status: str, reason: str | None, by: Asked | None) -> Thing:
        expected = "posted" if status == "returned" else "processing"
        with self.store.work():
            payment = self.payment(id_)
            if payment["status"] != expected:
                raise Problem(400, "invalid_request_error", "invalid_state", f"It is {payment['status']}")
            now = stamp()
            payment["status"] = status
            payment["cancelable"] = False
            payment["status_transitions"][f"{status}_at"] = now
            if reason is not None:
                payment["status_details"] = {status: {"reason": reason}}
            if status == "posted":
                payment["tracking_details"] = {
                    "status": "supported",
                    "type": "bank_account",
                    "bank_account": {"trace_id": fresh("trace")},
                }
            else:
                payment.pop("expected_arrival_date", None)
            self.store.put("payment", payment)
            if status != "returned":
                self._conclude(id_, "posted" if status == "posted" else "void", now)
            self._announce(f"{_PAYMENT}.{status}", payment, PAYMENTS_PATH, by)
        return payment

    def _conclude(self, payment_id: str, status: str, now: str) -> None:
        for entry in self.store.all("transaction"):
            if entry["flow"].get("outbound_payment") == payment_id and entry["status"] == "pending":
                entry["status"] = status
                entry["status_transitions"] = {f"{status}_at": now}
                entry["balance_impact"]["outbound_pending"] = shapes.usd(0)
                if status == "void":
                    entry["balance_impact"]["available"] = shapes.usd(0)
                self.store.put("transaction", entry)

    # money ----------------------------------------------------------------------------------------
    def financial_account(self) -> Thing:
        created = self.found("settings", "opened")["created"]
        return shapes.financial_account(self.store.all("transaction"), created=created)

    def available(self) -> int:
        return int(self.financial_account()["balance"]["available"]["usd"]["value"])

    # events ---------------------------------------------------------------------------------------
    def announce(self, kind: str, about: Thing | None = None) -> Thing:
        """An event nobody's call caused; also for types this version does not know."""
        return self._announce(kind, about, PAYMENTS_PATH, None)

    def _announce(self, kind: str, about: Thing | None, path: str, by: Asked | None) -> Thing:
        event = shapes.event(kind, about=about, path=path, request=by.cause if by else None)
        self.store.put("event", event)
        if self.delivers:
            self.store.post(event, due=time.time())
        return event

    # time -----------------------------------------------------------------------------------------
    def run_clock(self) -> None:
        """Settle what is due, until stopped; the body of one thread."""
        while not self._stop.wait(0.05):
            for payment in self.store.due("payment", time.time()):
                if payment["status"] == "processing":
                    self.settle(payment["id"])
                else:
                    self.store.put("payment", payment)

    def stop(self) -> None:
        self._stop.set()

    def found(self, kind: str, id_: str) -> Thing:
        thing = self.store.get(kind, id_)
        if thing is None:
            raise Problem(404, "invalid_request_error", "resource_missing", f"No such {kind}: {id_}")
        return thing
