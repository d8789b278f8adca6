"""The question before a card is charged: asked over the wire, answered in two seconds or not at all."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong

from reunify.sandbox.stripe_simulator import issuing_shapes as shapes
from reunify.sandbox.stripe_simulator.clock import Clock
from reunify.sandbox.stripe_simulator.postman import posted, signature
from reunify.sandbox.stripe_simulator.store import Thing

ANSWER_WITHIN_SECONDS = 2.0
# Raw body and signature in; status, headers (lower case) and body out.
Ask = Callable[[bytes, str], tuple[int, Mapping[str, str], bytes]]


class Desk:
    """Who is asked, how long it may take, and what holds when nobody answers.

    `ask`: a function instead of an address. `fallback`: the network answers without asking, and approves.
    """

    def __init__(self, clock: Clock, *, url: str | None, secret: str) -> None:
        self._clock, self.url, self.secret = clock, url, secret
        self.ask: Ask | None = None
        self.seconds = ANSWER_WITHIN_SECONDS
        self.at_timeout = "decline"
        self.fallback = False

    def decide(self, authorization: Thing) -> tuple[bool, str]:
        """Approved or not, and the reason in Stripe's word."""
        if self.fallback:
            return True, "network_fallback"
        if self.url is None and self.ask is None:
            return True, "card_active"
        at = int(self._clock.time())
        event = shapes.event("issuing_authorization.request", authorization, request=None, key=None, at=at)
        began = time.monotonic()
        try:
            status, headers, body = self._asked(json.dumps(event), at)
        except (TimeoutError, TookTooLong):
            return self._unanswered()
        except (OSError, http.client.HTTPException):
            return self.at_timeout == "approve", "webhook_error"
        if time.monotonic() - began > self.seconds:
            return self._unanswered()
        return self._read(status, headers, body)

    def _unanswered(self) -> tuple[bool, str]:
        return self.at_timeout == "approve", "webhook_timeout"

    def _asked(self, body: str, at: int) -> tuple[int, Mapping[str, str], bytes]:
        if self.ask is None:
            said = posted(self.url or "", body, secrets=[self.secret], at=at, seconds=self.seconds)
            return said.status, said.headers, said.body
        signed = signature(body, secrets=[self.secret], at=at)
        pool = ThreadPoolExecutor(max_workers=1)
        try:
            return pool.submit(self.ask, body.encode(), signed).result(timeout=self.seconds)
        finally:
            pool.shutdown(wait=False)

    def _read(self, status: int, headers: Mapping[str, str], body: bytes) -> tuple[bool, str]:
        """An answer without the version, or that is not the JSON asked for, is as good as none."""
        versioned = any(name.lower() == "stripe-version" for name in headers)
        try:
            said = json.loads(body)
            approved = said["approved"]
        except (ValueError, KeyError, TypeError):
            approved = None
        if status != 200 or not versioned or not isinstance(approved, bool):
            return self.at_timeout == "approve", "webhook_error"
        return approved, "webhook_approved" if approved else "webhook_declined"
