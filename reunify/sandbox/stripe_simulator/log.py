"""What was asked of the simulator, for tests that look for what should never have been sent."""

from __future__ import annotations

from reunify.sandbox.stripe_simulator.faults import Call
from reunify.sandbox.stripe_simulator.memory import Answer
from reunify.sandbox.stripe_simulator.store import Store, Thing, stamp

_NEVER_KEPT = frozenset(("authorization", "cookie"))


class RequestLog:
    """Every call to Stripe's own paths: method, path, query, headers without the key, body as sent."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, call: Call, answer: Answer, fault: str | None) -> None:
        headers = {name.lower(): value for name, value in call.headers.items()}
        said: Thing = {
            "at": stamp(self._store.clock.now()),
            "method": call.method,
            "path": call.path,
            "query": call.query,
            "headers": {name: value for name, value in headers.items() if name not in _NEVER_KEPT},
            "body": (call.raw or call.body).decode("utf-8", "replace"),
            "status": answer.status,
            "request": answer.headers["Request-Id"],
            "replayed": "Idempotent-Replayed" in answer.headers,
            "fault": fault,
        }
        self._store.keep_request(call.path, said)

    def requests(self, *, since: int = 0, path: str = "") -> list[Thing]:
        """Oldest first, from after this serial number, whose path begins so."""
        return self._store.requests(since=since, path=path)

    def clear(self) -> None:
        self._store.forget_requests()
