"""How Stripe is spoken to: version, addresses, time limits and retries, the same for payments and cards."""

from __future__ import annotations

import logging
from typing import Any, cast

import stripe
from stripe import StripeClient

from reunify.adapters.stripe_rules import StripeSetup, check_setup

API_VERSION = "2026-10-28.endive"

# At DEBUG this logger prints whole request bodies, names and e-mails included.
logging.getLogger("stripe").setLevel(logging.WARNING)
stripe.enable_telemetry = False


class StripeDoor:
    """One client and its connections; threads may share it."""

    def __init__(self, setup: StripeSetup) -> None:
        """Raises UnsafeSetup for a key that does not belong at the address."""
        check_setup(setup)
        self._http = stripe.RequestsClient(timeout=(setup.connect_seconds, setup.read_seconds))
        bases = {"api": setup.base, "files": setup.base, "connect": setup.base, "meter_events": setup.base}
        self.client = StripeClient(
            setup.key,
            base_addresses=cast(Any, bases),
            max_network_retries=2,
            stripe_version=API_VERSION,
            http_client=self._http,
        )

    def close(self) -> None:
        self._http.close()  # type: ignore[no-untyped-call]  # the SDK says no types here
