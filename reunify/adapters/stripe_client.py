"""How Stripe is spoken to: version, addresses, time limits and retries, the same for payments and cards."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, cast

import requests
import stripe
from stripe import StripeClient

from reunify.adapters.stripe_outgoing import check_request
from reunify.adapters.stripe_rules import NotForStripe, StripeSetup, check_setup

API_VERSION = "2026-10-28.endive"

# At DEBUG this logger prints whole request bodies, names and e-mails included.
logging.getLogger("stripe").setLevel(logging.WARNING)
stripe.enable_telemetry = False


class _Watched(stripe.RequestsClient):
    """The last place before the network: sends what `stripe_outgoing` lists, and nothing else.

    The SDK's own client narrows these signatures in the same way.
    """

    def request(  # type: ignore[override]
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        kept = check_request(method, url, headers or {}, post_data)
        return super().request(method, url, kept, post_data)

    def request_stream(  # type: ignore[override]
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[Any, int, Mapping[str, str]]:
        raise NotForStripe("no call of ours reads a stream")


class StripeDoor:
    """One client and its connections; threads may share it. Every call is held against `stripe_outgoing`."""

    def __init__(self, setup: StripeSetup) -> None:
        """Raises UnsafeSetup for a key that does not belong at the address."""
        check_setup(setup)
        # Else the SDK makes one for each thread, and the connections of a thread that ended are never closed.
        self._session = requests.Session()
        # The way out is read from the environment once, not for each request, which took a third of its time;
        # and a password file of the machine never stands in for the key.
        self._session.proxies = requests.utils.get_environ_proxies(setup.base)
        self._session.trust_env = False
        self._http = _Watched(timeout=(setup.connect_seconds, setup.read_seconds), session=self._session)
        bases = {"api": setup.base, "files": setup.base, "connect": setup.base, "meter_events": setup.base}
        self.client = StripeClient(
            setup.key,
            base_addresses=cast(Any, bases),
            max_network_retries=2,
            stripe_version=API_VERSION,
            http_client=self._http,
        )

    def close(self) -> None:
        self._session.close()
