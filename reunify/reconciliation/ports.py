"""What we need to read from whoever moves the money, to prove our own books."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from reunify.disbursement.outcomes import Payment
from reunify.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Balance:
    """`available` can be spent; `outbound_pending` has been asked for and has not yet left."""

    available: Money
    outbound_pending: Money

    @property
    def held(self) -> Money:
        """All that has not left the account."""
        return self.available + self.outbound_pending


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of the account statement; money leaving is negative. `status`: pending, posted or void."""

    id: str
    amount: Money
    category: str
    status: str
    created: datetime
    payment: str | None


class Statement(Protocol):
    """The account as its keeper tells it. Every verb raises GatewayUnavailable."""

    def balance(self) -> Balance:
        """The balance now."""
        ...

    def movements(self, *, since: datetime | None) -> list[Movement]:
        """Every movement created at or after `since` (None: from the beginning), oldest first."""
        ...

    def payments(self, *, since: datetime) -> list[Payment]:
        """Every payment created at or after `since`, ours or not."""
        ...
