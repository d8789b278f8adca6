"""What we need from whoever moves the money, in our words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from reunify.consent.policy import Permit
from reunify.disbursement.outcomes import Outcome, Payment
from reunify.kernel.money import Money
from reunify.kernel.refusals import Refused, Retryable
from reunify.payees.queries import Payee


class ConsentMissing(Refused):
    """The permit is for something else, or the payee has no e-mail."""


class RecipientRefused(Refused):
    """The processor will not accept this payee as they are."""


class NotCancelable(Refused):
    """The processor can no longer stop this payment."""


class GatewayUnavailable(Retryable):
    """No answer, or none that can be trusted. Safe to ask again."""


class NotEnabled(GatewayUnavailable):
    """The processor does not let us: asking again does nothing. `code`: of `rail_policy.OF_THE_RAIL`."""

    def __init__(self, said: str, code: str) -> None:
        super().__init__(said)
        self.code = code


@dataclass(frozen=True, slots=True)
class Recipient:
    """A payee at the processor. Not `ready` until they have given their bank details there."""

    id: str
    ready: bool
    lacks: str | None = None  # why not, as one code (`rail_policy.lacks`)


@dataclass(frozen=True, slots=True)
class PaymentOrder:
    """One payment to ask for. `reference` is the only thing of ours that goes along."""

    reference: UUID
    recipient: str
    amount: Money
    permit: Permit
    payee: UUID  # the version of the payee; the permit must be theirs
    payout_method: str | None = None  # the bank account it must go to; None: the one the payee has there


class PaymentGateway(Protocol):
    """Sends money to a bank account the payee named to the processor, never to us.

    Whatever tells the processor of a payee takes a permit, so that without a consent it cannot be called.
    """

    def ensure_recipient(self, payee: Payee, permit: Permit) -> Recipient:
        """Make or find the account there. Raises ConsentMissing, RecipientRefused, GatewayUnavailable."""
        ...

    def prepare(self, order: PaymentOrder) -> dict[str, Any]:
        """The exact parameters to freeze before the call: they are part of the key's contract. No I/O."""
        ...

    def send(self, params: dict[str, Any], *, key: str) -> Outcome:
        """Ask once, with what `prepare` froze: a permit was needed for that. Never raises for what the
        processor or the network did: that is the outcome."""
        ...

    def look_up(self, payment_id: str) -> Payment:
        """How the payment stands now. Raises NotFound, GatewayUnavailable."""
        ...

    def cancel(self, payment_id: str) -> Payment:
        """Stop it, and say how it stands; one stopped before counts as stopped.

        Raises NotCancelable, NotFound, GatewayUnavailable.
        """
        ...

    def bank_of(self, recipient: str) -> str | None:
        """Its name of the bank account a recipient has now. Raises NotFound, GatewayUnavailable."""
        ...

    def log_reference(self, *, recipient: str, reference: UUID, permit: Permit, payee: UUID) -> None:
        """Note one opaque reference on the account.

        Raises ConsentMissing, RecipientRefused, GatewayUnavailable.
        """
        ...


class BankDetailsPage(Protocol):
    """Where a payee types bank details: at the processor, never with us."""

    def bank_details_link(self, *, recipient: str, return_to: str, permit: Permit, payee: UUID) -> str:
        """A short-lived address for the payee. Raises ConsentMissing, GatewayUnavailable."""
        ...
