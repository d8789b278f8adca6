"""What may be sent to Stripe, and where: checked in code before anything leaves. Imports no SDK."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

LIVE_BASE = "https://api.stripe.com"
# A bank statement may be read by anyone in the household: it says nothing of children, courts or travel.
DESCRIPTOR = "FAMILY SVC"
_OPAQUE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
METADATA = {
    "reunify_disbursement": _OPAQUE,
    "reunify_card": _OPAQUE,
    "env": re.compile(r"live|test"),
    "schema": re.compile(r"1"),
}
_LIVE = ("sk_live_", "rk_live_")


class UnsafeSetup(ValueError):
    """The key, the address or the logging would send money or names where they must not go."""


class NotForStripe(RuntimeError):
    """Our own fault: something was about to be sent that Stripe must never learn.

    No ValueError: adapters read those as an answer that could not be understood.
    """


@dataclass(frozen=True, slots=True)
class StripeSetup:
    """Which account, with which key, at which address."""

    key: str
    financial_account: str
    base: str = LIVE_BASE
    connect_seconds: float = 3
    read_seconds: float = 20

    def __repr__(self) -> str:
        return f"StripeSetup(base={self.base!r}, environment={self.environment!r})"

    @property
    def environment(self) -> str:
        """Marks what we make there, so that test and live are never confused."""
        return "live" if self.key.startswith(_LIVE) else "test"


def check_setup(setup: StripeSetup) -> None:
    """Live keys go to Stripe only, test keys to Stripe or this machine. Raises UnsafeSetup."""
    live = setup.key.startswith(_LIVE)
    if not live and not setup.key.startswith(("sk_test_", "rk_test_")):
        raise UnsafeSetup("the Stripe key must begin with sk_live_, rk_live_, sk_test_ or rk_test_")
    address = urlsplit(setup.base)
    here = address.scheme == "http" and address.hostname in ("127.0.0.1", "localhost", "::1")
    if setup.base != LIVE_BASE and (live or not here):
        raise UnsafeSetup("Stripe's address must be https://api.stripe.com, or loopback with a test key")
    if os.environ.get("STRIPE_LOG", "").lower() in ("debug", "info"):
        raise UnsafeSetup("unset STRIPE_LOG: it prints names and e-mails")


def page_of_stripe(address: str, base: str) -> str:
    """The address, if a family may be sent there: Stripe's own, or the simulator's. Raises ValueError."""
    there, ours = urlsplit(address), urlsplit(base)
    stripes = there.scheme == "https" and (there.hostname or "").endswith(".stripe.com")
    if stripes or (base != LIVE_BASE and (there.scheme, there.netloc) == (ours.scheme, ours.netloc)):
        return address
    raise ValueError("this is no page of Stripe's")


def allowed_metadata(metadata: dict[str, str]) -> dict[str, str]:
    """The metadata, if it is an opaque reference of ours, `env` and `schema` alone. Raises NotForStripe."""
    for name, value in metadata.items():
        form = METADATA.get(name)
        if form is None or not form.fullmatch(value):
            raise NotForStripe("metadata may hold only reunify_disbursement or reunify_card, env and schema")
    return metadata
