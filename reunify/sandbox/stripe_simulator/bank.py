"""What the calls do: payments to recipients out of one balance, and what becomes of them."""

from __future__ import annotations

import threading
from datetime import timedelta

from reunify.sandbox.stripe_simulator import shapes, wire
from reunify.sandbox.stripe_simulator.funds import Funds
from reunify.sandbox.stripe_simulator.options import Options
from reunify.sandbox.stripe_simulator.problems import Asked as Asked
from reunify.sandbox.stripe_simulator.problems import Problem as Problem
from reunify.sandbox.stripe_simulator.problems import invalid, missing
from reunify.sandbox.stripe_simulator.recipients import Recipients
from reunify.sandbox.stripe_simulator.store import Store, Thing, fresh, stamp

PAYMENTS_PATH = "/v2/money_management/outbound_payments"
_PAYMENT = "v2.money_management.outbound_payment"
RAILS = ("enabled", "not_enabled", "forbidden")
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


class Bank(Recipients, Funds):
    """`rail`: whether Stripe lets this account pay anybody out (`not_enabled`), or this key (`forbidden`)."""

    def __init__(self, store: Store, options: Options) -> None:
        delivers = options.webhook_url is not None
        Recipients.__init__(self, store, delivers=delivers, banks_ready=options.banks_ready)
        self.fee_cents = options.payout_fee_cents
        self.settle_after = options.settle_after
        self.rail = "enabled"
        self._stop = threading.Event()
        self.open(options.opening_cents)

    # payments -------------------------------------------------------------------------------------
    def create_payment(self, asked: wire.OutboundPaymentCreate, by: Asked) -> Thing:
        self._check_rail()
        cents = asked.amount.value
        with self.store.work():
            if asked.from_.financial_account != shapes.FINANCIAL_ACCOUNT:
                raise missing("financial account", asked.from_.financial_account)
            method = self._method_for(asked.to)
            if self.available() < cents + self.fee_cents:
                raise Problem(
                    400,
                    "insufficient_funds",
                    "insufficient_funds",
                    "The financial account does not hold enough available money",
                )
            now = self.clock.now()
            arrives = stamp(now + timedelta(days=1))
            payment = shapes.payment(asked, payout_method=method, arrives=arrives, at=now)
            due = None if self.settle_after is None else self.clock.time() + self.settle_after
            self.store.put("payment", payment, due=due)
            self._book(-cents, category="outbound_payment", payment=payment["id"], pending=True)
            self._charge_fee()
            self._announce(f"{_PAYMENT}.created", payment, PAYMENTS_PATH, by)
        return payment

    def pay_from_dashboard(self, cents: int, recipient: str | None) -> Thing:
        """Somebody pays by hand at Stripe: no call of ours, no mark of ours."""
        nobody = Asked("req_dashboard", None)
        to = recipient or str(self.create_account(_stranger(), nobody)["id"])
        said = {
            "from": {"financial_account": shapes.FINANCIAL_ACCOUNT, "currency": "usd"},
            "to": {"recipient": to, "currency": "usd"},
            "amount": {"value": cents, "currency": "usd"},
        }
        try:
            asked = wire.OutboundPaymentCreate.model_validate(said)
        except ValueError as wrong:
            raise invalid("cents: a whole number above 0") from wrong
        return self.create_payment(asked, nobody)

    def payment(self, id_: str) -> Thing:
        return self.found("payment", id_)

    def cancel(self, id_: str, by: Asked) -> Thing:
        payment = self.payment(id_)
        if payment["status"] == "canceled":
            raise Problem(400, "already_canceled", "already_canceled", "The payment is already canceled")
        if not payment["cancelable"]:
            raise Problem(400, "not_cancelable", "not_cancelable", "The payment can no longer be canceled")
        return self._end(id_, "canceled", None, by)

    # what becomes of them -------------------------------------------------------------------------
    def settle(self, id_: str) -> Thing:
        return self._end(id_, "posted", None, None)

    def fail(self, id_: str, reason: str = "payout_method_declined", *, after_days: float = 0) -> Thing:
        if reason not in FAILURE_REASONS:
            raise invalid("no such failure reason")
        return self._plan(id_, "failed", reason, after_days) or self._end(id_, "failed", reason, None)

    def give_back(self, id_: str, reason: str = "payout_method_closed", *, after_days: float = 0) -> Thing:
        """Returned: the money comes back in a transaction of its own, perhaps days later."""
        if reason not in RETURN_REASONS:
            raise invalid("no such return reason")
        return self._plan(id_, "returned", reason, after_days) or self._end(id_, "returned", reason, None)

    def hold(self, id_: str, seconds: float | None) -> Thing:
        """Settle later, or (None) only when told to."""
        payment = self.payment(id_)
        self.store.put("payment", payment, due=None if seconds is None else self.clock.time() + seconds)
        return payment

    def review(self, id_: str) -> Thing:
        """Stripe looks at it first; it stays `processing` until it is settled or failed."""
        with self.store.work():
            payment = self._processing(id_)
            payment["status_details"] = {"processing": {"reason": "under_review"}}
            self.store.put("payment", payment)
            self._announce(f"{_PAYMENT}.under_review", payment, PAYMENTS_PATH, None)
        return payment

    def make_uncancelable(self, id_: str) -> Thing:
        """The bank has it already: a cancellation comes too late, though it has not posted yet."""
        with self.store.work():
            payment = self._processing(id_)
            payment["cancelable"] = False
            self.store.put("payment", payment, due=self.store.due_of(id_))
            self._announce(f"{_PAYMENT}.updated", payment, PAYMENTS_PATH, None)
        return payment

    def _processing(self, id_: str) -> Thing:
        payment = self.payment(id_)
        if payment["status"] != "processing":
            raise invalid(f"It is {payment['status']}", code="invalid_state")
        return payment

    def _plan(self, id_: str, status: str, reason: str, after_days: float) -> Thing | None:
        if not after_days:
            return None
        plan = {"id": fresh("plan"), "payment": id_, "status": status, "reason": reason}
        self.store.put("plan", plan, due=self.clock.time() + after_days * 86_400)
        return self.payment(id_)

    def _end(self, id_: str, status: str, reason: str | None, by: Asked | None) -> Thing:
        expected = "posted" if status == "returned" else "processing"
        with self.store.work():
            payment = self.payment(id_)
            if payment["status"] != expected:
                raise invalid(f"It is {payment['status']}", code="invalid_state")
            now = stamp(self.clock.now())
            payment["status"] = status
            payment["cancelable"] = False
            payment["status_transitions"][f"{status}_at"] = now
            payment.pop("status_details", None)
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
            if status == "returned":
                self._book(payment["amount"]["value"], category="outbound_payment_reversal", payment=id_)
            else:
                self._conclude(id_, "posted" if status == "posted" else "void", now)
            self._announce(f"{_PAYMENT}.{status}", payment, PAYMENTS_PATH, by)
        return payment

    def _check_rail(self) -> None:
        if self.rail == "not_enabled":
            refused = "feature_not_enabled"
            raise Problem(400, refused, refused, "Payouts are not enabled for this account")
        if self.rail == "forbidden":
            raise Problem(403, "invalid_request_error", "permission", "The key may not do this")

    # events ---------------------------------------------------------------------------------------
    def announce(self, kind: str, about: Thing | None = None) -> Thing:
        """An event nobody's call caused; also for types this version does not know."""
        return self._announce(kind, about, PAYMENTS_PATH, None)

    # time -----------------------------------------------------------------------------------------
    def run_clock(self) -> None:
        """Settle what is due, until stopped; the body of one thread."""
        while not self._stop.wait(0.05):
            self.keep_time()

    def keep_time(self) -> None:
        """Whatever is due by now: settle, and what was planned for a later day."""
        for payment in self.store.due("payment", self.clock.time()):
            self._when_still(payment["id"], "processing", "posted", None)
        for plan in self.store.due("plan", self.clock.time()):
            before = "posted" if plan["status"] == "returned" else "processing"
            self._when_still(plan["payment"], before, plan["status"], plan["reason"])
            self.store.put("plan", plan)

    def _when_still(self, id_: str, before: str, status: str, reason: str | None) -> None:
        with self.store.work():  # a person may be quicker
            payment = self.payment(id_)
            if payment["status"] == before:
                self._end(id_, status, reason, None)
            else:
                self.store.put("payment", payment)

    def stop(self) -> None:
        self._stop.set()


def _stranger() -> wire.AccountCreate:
    return wire.AccountCreate.model_validate(
        {
            "contact_email": "somebody@example.org",
            "display_name": "Entered at Stripe",
            "identity": {"country": "US", "entity_type": "individual"},
            "configuration": {"recipient": {"capabilities": {"bank_accounts": {"ach": {"requested": True}}}}},
        }
    )
