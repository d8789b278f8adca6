"""A Stripe that says nothing by itself: a test says what became of each payment, and when."""

from __future__ import annotations

from typing import Any

from reunify.adapters.stripe_gateway import StripeGateway
from reunify.consent.policy import Permit
from reunify.disbursement.outcomes import NotTried, Outcome
from reunify.disbursement.ports import Recipient
from reunify.payees.queries import Payee


class Silent(StripeGateway):
    """What would be asked of Stripe is prepared and frozen as ever; its answers come when a history says."""

    bank = 0

    def ensure_recipient(self, payee: Payee, permit: Permit) -> Recipient:
        return Recipient("acct_test_mother", ready=True)

    def bank_of(self, recipient: str) -> str | None:
        return bank_called(self.bank)

    def send(self, params: dict[str, Any], *, key: str) -> Outcome:
        return NotTried("rate_limit")


def bank_called(bank: int) -> str:
    return f"usba_test_{bank}"
