"""Signed thin events to the webhook address: at least once, repeated until acknowledged."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import random
import threading
from dataclasses import dataclass
from urllib.parse import urlsplit

from reunify.sandbox.stripe_simulator.options import Options
from reunify.sandbox.stripe_simulator.store import Store

_MOST_TRIES = 8
_TIMEOUT_SECONDS = 5


def signature(body: str, *, secrets: list[str], at: int) -> str:
    """The `Stripe-Signature` header; two `v1=` while a secret is being rolled."""
    signed = [hmac.digest(s.encode(), f"{at}.{body}".encode(), hashlib.sha256).hex() for s in secrets]
    return ",".join([f"t={at}", *(f"v1={s}" for s in signed)])


class Postman:
    """`shuffle`, `copies` and `delay` make deliveries as untidy as the real ones; `lost`: none arrives."""

    def __init__(self, store: Store, options: Options) -> None:
        self._store = store
        self._options = options
        self.secrets = [options.secret]
        self.shuffle = False
        self.copies = 1
        self.paused = False
        self.delay = 0.0
        self.lost = False
        self._stop = threading.Event()

    def run(self) -> None:
        """The body of one thread."""
        while not self._stop.wait(0.03):
            if not self.paused:
                self.round()

    def stop(self) -> None:
        self._stop.set()

    def round(self) -> None:
        now = self._store.clock.time()
        waiting = self._store.deliveries(now - self.delay)
        if self.shuffle:
            random.shuffle(waiting)
        for delivery in waiting:
            if self.lost or all([self._deliver(delivery.body) for _ in range(self.copies)]):
                self._store.delivered(delivery)
            elif delivery.tries + 1 >= _MOST_TRIES:
                self._store.delivered(delivery)  # given up, as Stripe does after three days
            else:
                wait = self._options.retry_after * 2**delivery.tries
                self._store.again(delivery, due=now + wait)

    def _deliver(self, body: str) -> bool:
        at = int(self._store.clock.time())
        try:
            said = posted(self._options.webhook_url or "", body, secrets=self.secrets, at=at)
        except (OSError, http.client.HTTPException):
            return False
        return 200 <= said.status < 300


@dataclass(frozen=True, slots=True)
class Said:
    """What the other side answered. Header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def posted(url: str, body: str, *, secrets: list[str], at: int, seconds: float = _TIMEOUT_SECONDS) -> Said:
    """Signed and sent. Raises OSError (TimeoutError among them) or HTTPException."""
    to = urlsplit(url)
    wire = http.client.HTTPConnection(to.hostname or "", to.port or 80, timeout=seconds)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": signature(body, secrets=secrets, at=at),
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    }
    try:
        wire.request("POST", to.path or "/", body.encode(), headers)
        got = wire.getresponse()
        return Said(got.status, {name.lower(): value for name, value in got.getheaders()}, got.read())
    finally:
        wire.close()
