"""Stripe Issuing through Stripe's SDK. Nothing here imports web, flows or Prefect.

A card's number and security code are never asked for: no call expands them, and none is in what we return.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import stripe

from reunify.adapters.stripe_client import StripeDoor
from reunify.adapters.stripe_errors import asking, code_of
from reunify.adapters.stripe_outgoing import check_card
from reunify.adapters.stripe_rules import LIVE_BASE, StripeSetup, allowed_metadata
from reunify.disbursement.cards_policy import ChargeKind, Limits
from reunify.disbursement.cards_ports import (
    Authorisation,
    CardNow,
    CardOutcome,
    Charge,
    Foreign,
    Issued,
    IssuedCard,
)
from reunify.disbursement.outcomes import Misused, NotSent, NotTried, Unclear
from reunify.kernel.money import Money

# Typed answers that Stripe computed for this request: no card was made.
_DEFINITE = (stripe.InvalidRequestError, stripe.CardError)
_AT_THE_DOOR = (stripe.AuthenticationError, stripe.PermissionError, stripe.RateLimitError)
_DASHBOARD = "https://dashboard.stripe.com"


@dataclass(frozen=True, slots=True)
class CardHolder:
    """The organisation as its cards name it: at most 24 letters (Stripe), and where it is at home."""

    name: str
    line1: str
    city: str
    state: str
    postal_code: str

    @classmethod
    def read(cls, said: str) -> CardHolder:
        """`Name; street; city; state; postal code`. The settings have checked the form."""
        name, line1, city, state, postal_code = (part.strip() for part in said.split(";"))
        return cls(name, line1, city, state, postal_code)


class StripeCards:
    """CardIssuer over one Stripe account; threads may share it."""

    def __init__(
        self,
        *,
        key: str,
        holder: CardHolder,
        base: str = LIVE_BASE,
        connect_seconds: float = 3,
        read_seconds: float = 20,
    ) -> None:
        """Raises UnsafeSetup for a key that does not belong at the address."""
        self._setup = StripeSetup(key, "", base, connect_seconds, read_seconds)
        self._holder = holder
        self._door = StripeDoor(self._setup)
        self._client = self._door.client

    def close(self) -> None:
        self._door.close()

    def prepare_holder(self) -> dict[str, Any]:
        """See the port."""
        address = {
            "line1": self._holder.line1,
            "city": self._holder.city,
            "state": self._holder.state,
            "postal_code": self._holder.postal_code,
            "country": "US",
        }
        return {"type": "company", "name": self._holder.name, "billing": {"address": address}}

    def ensure_holder(self, params: dict[str, Any], *, key: str) -> str:
        with asking(about="card"):
            made = self._client.v1.issuing.cardholders.create(cast(Any, params), {"idempotency_key": key})
            return made.id

    def prepare(self, *, holder: str, reference: UUID, limits: Limits) -> dict[str, Any]:
        marks = {"reunify_card": str(reference), "env": self._setup.environment, "schema": "1"}
        return {
            "cardholder": holder,
            "currency": limits.all_time.currency.lower(),
            "type": "virtual",
            "status": "active",
            "spending_controls": _controls(limits),
            "metadata": allowed_metadata(marks),
        }

    def issue(self, params: dict[str, Any], *, key: str) -> CardOutcome:
        """One try, without the SDK's own retries: each unclear try must be seen by who keeps the card."""
        check_card(params)
        try:
            made = self._client.v1.issuing.cards.create(
                cast(Any, params), {"idempotency_key": key, "max_network_retries": 0}
            )
            return Issued(IssuedCard(made.id, made.last4))
        except stripe.IdempotencyError as error:
            return Misused(code_of(error))
        except _AT_THE_DOOR as error:
            return NotTried(code_of(error))
        except _DEFINITE as error:
            return NotSent(code_of(error))
        except stripe.StripeError as error:  # 409 among them: the first call with this key still runs
            return Unclear(code_of(error))
        except (AttributeError, KeyError, TypeError, ValueError):
            return Unclear("answer_unreadable")

    def cancel(self, card: str, *, key: str) -> None:
        with asking(about="card"):
            self._client.v1.issuing.cards.update(card, {"status": "canceled"}, {"idempotency_key": key})

    def prepare_limit(self, limits: Limits) -> dict[str, Any]:
        """The controls whole, as the card was made with: nothing is left to what an absent one means."""
        return {"spending_controls": _controls(limits)}

    def limit(self, card: str, params: dict[str, Any], *, key: str) -> None:
        with asking(about="card"):
            self._client.v1.issuing.cards.update(card, cast(Any, params), {"idempotency_key": key})

    def card(self, id_: str) -> CardNow:
        with asking(about="card"):
            said = self._client.v1.issuing.cards.retrieve(id_).to_dict()
            limits = said["spending_controls"]["spending_limits"] or []
            whole = [one["amount"] for one in limits if one["interval"] == "all_time"]
            return CardNow(
                said["id"], said["status"], _money(min(whole), said["currency"]) if whole else None
            )

    def authorisation(self, id_: str) -> Authorisation:
        with asking(about="card"):
            said = self._client.v1.issuing.authorizations.retrieve(id_).to_dict()
            return Authorisation(
                id=said["id"],
                card=said["card"]["id"],
                amount=_money(said["amount"], said["currency"]),
                approved=said["approved"],
                state=said["status"],
                at=_moment(said["created"]),
                reason=_last_reason(said),
                taken=_captured(said),
                charges=tuple(str(one["id"]) for one in said["transactions"]),
            )

    def charge(self, id_: str) -> Charge:
        with asking(about="card"):
            return _charge(self._client.v1.issuing.transactions.retrieve(id_).to_dict())

    def charges(self, *, since: datetime) -> list[Charge]:
        asked = {"created": {"gte": int(since.timestamp())}, "limit": 100}
        with asking(about="card"):
            page = self._client.v1.issuing.transactions.list(cast(Any, asked))
            found = [_charge(one.to_dict()) for one in page.auto_paging_iter()]
        return sorted(found, key=lambda charge: (charge.at, charge.id))

    def address_of(self, card: str) -> str:
        if self._setup.base != LIVE_BASE:
            return f"{self._setup.base}/issuing/cards/{card}"  # the simulator's page
        test = "" if self._setup.environment == "live" else "/test"
        return f"{_DASHBOARD}{test}/issuing/cards/{card}"


def _controls(limits: Limits) -> dict[str, Any]:
    return {
        "allowed_categories": list(limits.merchants),
        "spending_limits": [{"amount": limits.all_time.cents, "interval": "all_time"}],
    }


def _captured(said: dict[str, Any]) -> Money:
    """Of its transactions; refunds are among them, with the other sign."""
    taken = [abs(one["amount"]) for one in said["transactions"] if one["type"] == ChargeKind.CAPTURE]
    return _money(sum(taken), said["currency"])


def _charge(said: dict[str, Any]) -> Charge:
    """Stripe writes a capture as a negative amount: it lessens the balance."""
    card, authorisation = said["card"], said.get("authorization")
    return Charge(
        id=said["id"],
        card=card if isinstance(card, str) else card["id"],
        kind=ChargeKind(said["type"]),
        amount=_money(abs(said["amount"]), said["currency"]),
        authorisation=authorisation
        if authorisation is None or isinstance(authorisation, str)
        else authorisation["id"],
        at=_moment(said["created"]),
        foreign=_foreign(said),
    )


def _foreign(said: dict[str, Any]) -> Foreign | None:
    """Exactly as Stripe converted it: its two amounts, not a rate somebody rounded."""
    cents, theirs, currency = abs(said["amount"]), abs(said["merchant_amount"]), said["merchant_currency"]
    if currency == said["currency"] or not theirs:
        return None
    return Foreign(theirs, currency.upper(), f"{cents}/{theirs}", "stripe")


def _last_reason(said: dict[str, Any]) -> str | None:
    """Of the newest decision; none is written of one that was taken without a question."""
    history = sorted(said.get("request_history") or [], key=lambda one: int(one["created"]))
    return str(history[-1]["reason"]) if history else None


def _money(cents: int, currency: str) -> Money:
    return Money(cents, currency.upper())


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
