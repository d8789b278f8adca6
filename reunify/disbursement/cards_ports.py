"""What we need from whoever issues cards, in our words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from reunify.disbursement.cards_policy import ChargeKind, Limits
from reunify.disbursement.outcomes import Misused, NotSent, NotTried, Unclear
from reunify.kernel.money import Money


@dataclass(frozen=True, slots=True)
class IssuedCard:
    """A card as its issuer describes it. Never its number."""

    id: str
    last4: str


@dataclass(frozen=True, slots=True)
class CardNow:
    """`status`: active, inactive or canceled. `most`: what it may buy in all; None where that has no end."""

    id: str
    status: str
    most: Money | None


@dataclass(frozen=True, slots=True)
class Issued:
    """The card exists."""

    card: IssuedCard


@dataclass(frozen=True, slots=True)
class Authorisation:
    """`state`: pending, closed, reversed or expired. `amount`: what is still promised, or was refused.

    `taken`: all that was captured of it until now; None where that was not said. `charges`: of what was
    charged to it, and came back, by the issuer's ids and in the issuer's order.
    """

    id: str
    card: str
    amount: Money
    approved: bool
    state: str
    at: datetime
    reason: str | None = None  # why it was last approved or declined, as the issuer says
    taken: Money | None = None
    charges: tuple[str, ...] = ()


# Why an issuer approves without our answer: none came in time, or none was asked for
# (docs.stripe.com/api/issuing/authorizations/object, request_history.reason).
PAST_US = ("network_fallback", "webhook_error", "webhook_timeout")


@dataclass(frozen=True, slots=True)
class Foreign:
    """What the merchant charged, in minor units of its own currency, and cents for each: `31200/28000`."""

    amount: int
    currency: str
    rate: str
    source: str


@dataclass(frozen=True, slots=True)
class Charge:
    """Money that left by a card, or came back: both positive. `foreign`: None in the card's currency."""

    id: str
    card: str
    kind: ChargeKind
    amount: Money
    authorisation: str | None
    at: datetime
    foreign: Foreign | None = None


CardOutcome = Issued | NotSent | NotTried | Unclear | Misused


class CardIssuer(Protocol):
    """Makes and cancels virtual cards of the organisation's own. No number ever passes through here."""

    def prepare_holder(self) -> dict[str, Any]:
        """The parameters to freeze for the organisation as cardholder. No I/O."""
        ...

    def ensure_holder(self, params: dict[str, Any], *, key: str) -> str:
        """Make it; the same key makes one. Returns its id. Raises GatewayUnavailable, RecipientRefused."""
        ...

    def prepare(self, *, holder: str, reference: UUID, limits: Limits) -> dict[str, Any]:
        """The exact parameters to freeze for one card. `reference` is all of ours that goes along. No I/O."""
        ...

    def issue(self, params: dict[str, Any], *, key: str) -> CardOutcome:
        """Ask once. Never raises for what the issuer or the network did: that is the outcome."""
        ...

    def cancel(self, card: str, *, key: str) -> None:
        """Cancelled for good; saying it again is harmless. Raises GatewayUnavailable, NotFound."""
        ...

    def prepare_limit(self, limits: Limits) -> dict[str, Any]:
        """The exact parameters to freeze that let a card buy no more than this. No I/O."""
        ...

    def limit(self, card: str, params: dict[str, Any], *, key: str) -> None:
        """From now on; saying it again is harmless. Raises GatewayUnavailable, NotFound, RecipientRefused."""
        ...

    def card(self, id_: str) -> CardNow:
        """How it stands there now. Raises NotFound, GatewayUnavailable."""
        ...

    def authorisation(self, id_: str) -> Authorisation:
        """How it stands now. Raises NotFound, GatewayUnavailable."""
        ...

    def charge(self, id_: str) -> Charge:
        """Raises NotFound, GatewayUnavailable."""
        ...

    def charges(self, *, since: datetime) -> list[Charge]:
        """Every charge of every card since then, oldest first. Raises GatewayUnavailable."""
        ...

    def address_of(self, card: str) -> str:
        """Where a person signed in there reads the card's number. No I/O."""
        ...
