"""The balance that the cards draw on, as Stripe tells it. Nothing here imports web, flows or Prefect."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

from reunify.adapters.stripe_client import StripeDoor
from reunify.adapters.stripe_errors import asking
from reunify.adapters.stripe_rules import LIVE_BASE, StripeSetup
from reunify.disbursement.outcomes import Payment
from reunify.kernel.money import Money
from reunify.reconciliation.ports import Balance, Movement

_OF_CARDS = "issuing"
_CURRENCY = "usd"


class StripeCardBalance:
    """Statement over the Issuing balance of one Stripe account; threads may share it."""

    def __init__(
        self, *, key: str, base: str = LIVE_BASE, connect_seconds: float = 3, read_seconds: float = 20
    ) -> None:
        """Raises UnsafeSetup for a key that does not belong at the address."""
        self._door = StripeDoor(StripeSetup(key, "", base, connect_seconds, read_seconds))
        self._client = self._door.client

    def close(self) -> None:
        self._door.close()

    def balance(self) -> Balance:
        """What can be spent. What is promised to merchants is read from the movements."""
        with asking(about="balance"):
            said = self._client.v1.balance.retrieve().to_dict()
            amounts = (said.get(_OF_CARDS) or {"available": []})["available"]
            cents = sum(one["amount"] for one in amounts if one["currency"] == _CURRENCY)
            return Balance(Money(cents), Money(0))

    def movements(self, *, since: datetime | None) -> list[Movement]:
        asked: dict[str, Any] = {"limit": 100}
        if since is not None:
            asked["created"] = {"gte": int(since.timestamp())}
        with asking(about="balance"):
            page = self._client.v1.balance_transactions.list(cast(Any, asked))
            said = [t.to_dict() for t in page.auto_paging_iter()]
            found = [_movement(t) for t in said if t.get("balance_type") == _OF_CARDS]
        return sorted(found, key=lambda m: (m.created, m.id))

    def payments(self, *, since: datetime) -> list[Payment]:
        """Nothing is paid out of this balance but by a card."""
        return []


def _movement(said: dict[str, Any]) -> Movement:
    return Movement(
        id=said["id"],
        amount=Money(said["net"], str(said["currency"]).upper()),
        category=said["type"],
        status="posted",
        created=datetime.fromtimestamp(said["created"], UTC),
        payment=None,
    )
