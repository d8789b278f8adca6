"""Stripe Global Payouts through the official SDK: one OutboundPayment for each attempt (docs/adr/0003).

Stripe learns a payee's legal name, e-mail and country, with consent, and one random reference. Nothing else.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import stripe
from stripe.v2.money_management import OutboundPayment

from reunify.adapters.stripe_client import StripeDoor
from reunify.adapters.stripe_errors import asking, code_of
from reunify.adapters.stripe_outgoing import check_payment
from reunify.adapters.stripe_rules import (
    DESCRIPTOR,
    LIVE_BASE,
    StripeSetup,
    allowed_metadata,
    page_of_stripe,
)
from reunify.consent.policy import STRIPE, Permit, Told
from reunify.disbursement import rail_policy
from reunify.disbursement.outcomes import Known, Misused, NotSent, NotTried, Outcome, Payment, Status, Unclear
from reunify.disbursement.ports import (
    ConsentMissing,
    NotCancelable,
    PaymentOrder,
    Recipient,
)
from reunify.kernel.money import Money
from reunify.payees.queries import Payee
from reunify.reconciliation.ports import Balance, Movement

_NETWORKS = ("ach", "rtp")
_INCLUDE = ["configuration.recipient"]

# Typed answers that Stripe computed for this request: nothing moved. Whatever is not listed is unclear.
_DEFINITE = (
    stripe.InvalidRequestError,
    stripe.BlockedByStripeError,
    stripe.CannotProceedError,
    stripe.CapabilityNotEnabledError,
    stripe.ControlledByAlternateResourceError,
    stripe.FeatureNotEnabledError,
    stripe.FinancialAccountNotOpenError,
    stripe.FxQuoteNeedsRefreshError,
    stripe.InsufficientFundsError,
    stripe.InvalidPayoutMethodError,
    stripe.QuotaExceededError,
    stripe.RecipientNotNotifiableError,
)
_AT_THE_DOOR = (stripe.AuthenticationError, stripe.PermissionError, stripe.RateLimitError)


class StripeGateway:
    """PaymentGateway, BankDetailsPage and Statement over one financial account; threads may share it."""

    def __init__(
        self,
        *,
        key: str,
        financial_account: str,
        base: str = LIVE_BASE,
        connect_seconds: float = 3,
        read_seconds: float = 20,
    ) -> None:
        """Raises UnsafeSetup for a key that does not belong at the address."""
        setup = StripeSetup(key, financial_account, base, connect_seconds, read_seconds)
        self._setup = setup
        self._door = StripeDoor(setup)
        self._client = self._door.client

    def close(self) -> None:
        self._door.close()

    # PaymentGateway -------------------------------------------------------------------------------
    def ensure_recipient(self, payee: Payee, permit: Permit) -> Recipient:
        """See the port. The key is the payee version's id, so that asking twice makes one account."""
        _check(permit, payee.id, request=payee.request_id)
        if payee.email is None:
            raise ConsentMissing("Stripe needs an e-mail address, and none is known.")
        accounts = self._client.v2.core.accounts
        with asking(about="payee"):
            if payee.stripe_recipient is not None:
                account = accounts.retrieve(payee.stripe_recipient, cast(Any, {"include": _INCLUDE}))
            else:
                account = accounts.create(
                    cast(Any, self._recipient(payee)), {"idempotency_key": f"reunify:payee:{payee.id}"}
                )
            networks = account.to_dict()["configuration"]["recipient"]["capabilities"]["bank_accounts"]
            lacks = rail_policy.lacks({name: _status(said) for name, said in networks.items()})
            return Recipient(account.id, lacks is None, lacks)

    def prepare(self, order: PaymentOrder) -> dict[str, Any]:
        _check(order.permit, order.payee)
        amount = {"value": order.amount.cents, "currency": order.amount.currency.lower()}
        to = {"recipient": order.recipient, "currency": amount["currency"]}
        if order.payout_method is not None:
            to["payout_method"] = order.payout_method
        return {
            "from": {"financial_account": self._setup.financial_account, "currency": amount["currency"]},
            "to": to,
            "amount": amount,
            "statement_descriptor": DESCRIPTOR,
            "recipient_notification": {"setting": "none"},
            "metadata": self._marks(order.reference),
        }

    def send(self, params: dict[str, Any], *, key: str) -> Outcome:
        """One try, without the SDK's own retries: each unclear try must be seen by who keeps the attempt."""
        check_payment(params)
        try:
            sent = self._client.v2.money_management.outbound_payments.create(
                cast(Any, params), {"idempotency_key": key, "max_network_retries": 0}
            )
            return Known(_payment(sent))
        except stripe.IdempotencyError as error:
            code = code_of(error)
            return Unclear(code) if code == "idempotency_key_in_use" else Misused(code)
        except _AT_THE_DOOR as error:
            return NotTried(code_of(error), not isinstance(error, stripe.RateLimitError))
        except _DEFINITE as error:
            definite = error.http_status is not None and 400 <= error.http_status < 500
            return NotSent(code_of(error)) if definite else Unclear(code_of(error))
        except stripe.StripeError as error:
            return Unclear(code_of(error))
        except (AttributeError, KeyError, TypeError, ValueError):
            return Unclear("answer_unreadable")

    def look_up(self, payment_id: str) -> Payment:
        with asking(about="payee"):
            return _payment(self._client.v2.money_management.outbound_payments.retrieve(payment_id))

    def cancel(self, payment_id: str) -> Payment:
        """No key: a payment can be stopped once only, and saying it twice is answered `already_canceled`."""
        payments = self._client.v2.money_management.outbound_payments
        with asking(about="payment"):
            try:
                return _payment(payments.cancel(payment_id))
            except stripe.AlreadyCanceledError:
                return _payment(payments.retrieve(payment_id))
            except stripe.NotCancelableError:
                raise NotCancelable("Stripe can no longer stop this payment.") from None

    def bank_of(self, recipient: str) -> str | None:
        """The newest bank account that is not archived."""
        asked: Any = {"stripe_context": recipient}
        with asking(about="payee"):
            page = self._client.v2.money_management.payout_methods.list(cast(Any, {"limit": 10}), asked)
            return next((m.id for m in page.data if not m.to_dict().get("archived")), None)

    def log_reference(self, *, recipient: str, reference: UUID, permit: Permit, payee: UUID) -> None:
        _check(permit, payee)
        with asking(about="payee"):
            self._client.v2.core.accounts.update(
                recipient,
                cast(Any, {"metadata": self._marks(reference)}),
                {"idempotency_key": f"reunify:note:{recipient}:{reference}"},
            )

    # BankDetailsPage ------------------------------------------------------------------------------
    def bank_details_link(self, *, recipient: str, return_to: str, permit: Permit, payee: UUID) -> str:
        _check(permit, payee)
        flow = {"refresh_url": return_to, "return_url": return_to}
        use_case = {"type": "account_onboarding", "account_onboarding": flow}
        with asking(about="payee"):
            made = self._client.v2.core.account_links.create(
                cast(Any, {"account": recipient, "use_case": use_case})
            )
            return page_of_stripe(made.url, self._setup.base)

    # Statement ------------------------------------------------------------------------------------
    def balance(self) -> Balance:
        with asking(about="payee"):
            account = self._client.v2.money_management.financial_accounts.retrieve(
                self._setup.financial_account
            )
            held = account.to_dict()["balance"]
            return Balance(_of(held["available"]), _of(held["outbound_pending"]))

    def movements(self, *, since: datetime | None) -> list[Movement]:
        asked: dict[str, Any] = {"financial_account": self._setup.financial_account, "limit": 100}
        if since is not None:
            asked["created"] = {"gte": _stamp(since)}
        with asking(about="payee"):
            page = self._client.v2.money_management.transactions.list(cast(Any, asked))
            found = [_movement(t.to_dict()) for t in page.auto_paging_iter()]
        return sorted(found, key=lambda m: (m.created, m.id))

    def payments(self, *, since: datetime) -> list[Payment]:
        asked = {"created": {"gte": _stamp(since)}, "limit": 100}
        with asking(about="payee"):
            page = self._client.v2.money_management.outbound_payments.list(cast(Any, asked))
            return [_payment(p) for p in page.auto_paging_iter()]

    # ----------------------------------------------------------------------------------------------
    def _recipient(self, payee: Payee) -> dict[str, Any]:
        return {
            "contact_email": payee.email,
            "display_name": payee.legal_name,
            "identity": {
                "country": payee.country,
                "entity_type": "individual" if payee.kind == "person" else "company",
            },
            "configuration": {
                "recipient": {"capabilities": {"bank_accounts": {n: {"requested": True} for n in _NETWORKS}}}
            },
            "dashboard": "none",
            "include": _INCLUDE,
        }

    def _marks(self, reference: UUID) -> dict[str, str]:
        return allowed_metadata(
            {"reunify_disbursement": str(reference), "env": self._setup.environment, "schema": "1"}
        )


def _check(permit: Permit, payee: UUID, *, request: UUID | None = None) -> None:
    """Raises ConsentMissing for a permit that speaks of someone else or something else."""
    if not permit.covers(STRIPE, Told.PAYMENT_DETAILS, record=payee, request=request):
        raise ConsentMissing("This permit does not say that Stripe may be told of this payee.")


def _payment(sent: OutboundPayment) -> Payment:
    said = sent.to_dict()
    reason = (said.get("status_details") or {}).get(said["status"]) or {}
    reference = (said.get("metadata") or {}).get("reunify_disbursement")
    when = said.get("status_transitions") or {}
    return Payment(
        id=said["id"],
        status=Status(said["status"]),
        amount=_money(said["amount"]),
        reference=UUID(reference) if reference else None,
        reason=reason.get("reason"),
        posted_at=_moment(when.get("posted_at")),
        returned_at=_moment(when.get("returned_at")),
        payout_method=(said.get("to") or {}).get("payout_method"),
    )


def _status(said: dict[str, Any]) -> tuple[str, list[str]]:
    return said["status"], [str(why["code"]) for why in said.get("status_details") or ()]


def _moment(said: Any) -> datetime | None:
    """None for what names no moment: how the payment stands is worth more than when it came to that."""
    try:
        at = datetime.fromisoformat(said)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo is not None else None


def _money(amount: dict[str, Any]) -> Money:
    return Money(amount["value"], str(amount["currency"]).upper())


def _of(by_currency: dict[str, Any]) -> Money:
    return _money(by_currency["usd"]) if "usd" in by_currency else Money(0)


def _movement(said: dict[str, Any]) -> Movement:
    return Movement(
        id=said["id"],
        amount=_money(said["amount"]),
        category=said["category"],
        status=said["status"],
        created=datetime.fromisoformat(said["created"]),
        payment=(said.get("flow") or {}).get("outbound_payment"),
    )


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
