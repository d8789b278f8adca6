"""What the simulator is told at its start; refuses anything that could reach past this machine."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

OPENING_CENTS = 200_000_00
ISSUING_OPENING_CENTS = 50_000_00


class NotOnLoopback(ValueError):
    """The simulator listens and delivers on this machine only."""


@dataclass(frozen=True, slots=True)
class Options:
    """`settle_after`: seconds from `processing` to `posted`; None waits for the control plane.

    `payout_fee_cents`, `card_fee_cents`: each payment's and each card's, in transactions of their own.
    `authorisation_url`: who is asked, within two seconds, before a card is charged; None: nobody is.
    `rate_limit`: calls a second; None: no limit (Stripe: 25 in test mode).
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = 0
    webhook_url: str | None = None
    secret: str = "whsec_sandbox"  # noqa: S105 the sandbox signs invented events
    settle_after: float | None = 0.3
    retry_after: float = 0.5  # before the first repeat of an undelivered event; doubles each time
    opening_cents: int = OPENING_CENTS
    banks_ready: bool = True  # False: a recipient must fill in the hosted page first
    issuing_opening_cents: int = ISSUING_OPENING_CENTS
    payout_fee_cents: int = 0
    card_fee_cents: int = 0
    authorisation_url: str | None = None
    authorisation_secret: str = "whsec_sandbox_cards"  # noqa: S105 as above
    rate_limit: int | None = None

    def __post_init__(self) -> None:
        check_loopback(self.host)
        for address in (self.webhook_url, self.authorisation_url):
            if address is not None:
                _check_address(address)


def _check_address(address: str) -> None:
    asked = urlsplit(address)
    if asked.scheme != "http":
        raise NotOnLoopback("the webhook address must begin with http://127.0.0.1 or http://localhost")
    check_loopback(asked.hostname or "")


def check_loopback(host: str) -> None:
    """Raise NotOnLoopback unless the host is this machine's own."""
    if host == "localhost":
        return
    try:
        inside = ipaddress.ip_address(host).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise NotOnLoopback(f"{host or 'an empty host'} is not this machine: use 127.0.0.1")
