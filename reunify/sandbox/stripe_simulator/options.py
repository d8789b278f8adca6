"""What the simulator is told at its start; refuses anything that could reach past this machine."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

OPENING_CENTS = 250_000_00


class NotOnLoopback(ValueError):
    """The simulator listens and delivers on this machine only."""


@dataclass(frozen=True, slots=True)
class Options:
    """`settle_after`: seconds from `processing` to `posted`; None waits for the control plane."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 0
    webhook_url: str | None = None
    secret: str = "whsec_sandbox"  # noqa: S105 the sandbox signs invented events
    settle_after: float | None = 0.3
    retry_after: float = 0.5  # before the first repeat of an undelivered event; doubles each time
    opening_cents: int = OPENING_CENTS
    banks_ready: bool = True  # False: a recipient must fill in the hosted page first

    def __post_init__(self) -> None:
        check_loopback(self.host)
        if self.webhook_url is not None:
            asked = urlsplit(self.webhook_url)
            if asked.scheme != "http":
                raise NotOnLoopback(
                    "the webhook address must begin with http://127.0.0.1 or http://localhost"
                )
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
