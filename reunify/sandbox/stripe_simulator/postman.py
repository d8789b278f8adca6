"""Signed thin events to the webhook address: at least once, repeated until acknowledged."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import random
import threading
import time
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
    """`shuffle` and `copies` make deliveries as untidy as the real ones can be."""

    def __init__(self, store: Store, options: Options) -> None:
        self._store = store
        self._options = options
        self.secrets = [options.secret]
        self.shuffle = False
        self.copies = 1
        self.paused = False
        self._stop = threading.Event()

    def run(self) -> None:
        """The body of one thread."""
        while not self._stop.wait(0.03):
            if not self.paused:
                self.round()

    def stop(self) -> None:
        self._stop.set()

    def round(self) -> None:
        waiting = self._store.deliveries(time.time())
        if self.shuffle:
            random.shuffle(waiting)
        for delivery in waiting:
            if all([self._deliver(delivery.body) for _ in range(self.copies)]):
                self._store.delivered(delivery)
            elif delivery.tries + 1 >= _MOST_TRIES:
                self._store.delivered(delivery)  # given up, as Stripe does after three days
            else:
                wait = self._options.retry_after * 2**delivery.tries
                self._store.again(delivery, due=time.time() + wait)

    def _deliver(self, body: str) -> bool:
        to = urlsplit(self._options.webhook_url or "")
        wire = http.client.HTTPConnection(to.hostname or "", to.port or 80, timeout=_TIMEOUT_SECONDS)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(body, secrets=self.secrets, at=int(time.time())),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            wire.request("POST", to.path or "/", body.encode(), headers)
            return 200 <= wire.getresponse().status < 300
        except (OSError, http.client.HTTPException):
            return False
        finally:
            wire.close()
