"""Trouble on demand: what goes wrong with the next calls, and where on their way."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from reunify.sandbox.stripe_simulator.problems import Problem, invalid

# Before the work: nothing is done, nothing is remembered.
_AT_THE_DOOR = ("drop", "error_401", "error_403", "error_409", "error_429", "error_502")
# Instead of the work. API v1 remembers such an answer under its key; API v2 tries again.
_INSTEAD = ("error_400", "error_402", "error_404", "error_500", "refuse")
# The work is done; the answer is another, cut, empty, late, or never comes.
_AFTER = ("empty", "error_500_after", "error_502_after", "late_commit", "lose_response", "slow", "truncate")
FAULTS = (*_AT_THE_DOOR, *_INSTEAD, *_AFTER)

_ANSWERS = {
    "error_400": (400, "invalid_request_error", "parameter_invalid", "Refused on purpose"),
    "error_401": (401, "invalid_request_error", "api_key_expired", "Expired API key"),
    "error_402": (402, "card_error", "card_declined", "The card was declined"),
    "error_403": (403, "invalid_request_error", "permission", "The key may not do this"),
    "error_404": (404, "invalid_request_error", "resource_missing", "No such thing"),
    "error_409": (409, "invalid_request_error", "lock_timeout", "Another call holds this object"),
    "error_429": (429, "rate_limit", "rate_limit", "Too many requests"),
    "error_500": (500, "api_error", "internal", "Something went wrong on our side"),
    "error_500_after": (500, "api_error", "internal", "Something went wrong on our side"),
}


@dataclass(frozen=True, slots=True)
class Call:
    """`raw`: as it was sent; `body`: as JSON. `headers` are asked for in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    query: str = ""
    raw: bytes = b""


@dataclass(slots=True)
class Fault:
    """`after`: how many matching calls pass first. `code`, `status`: of a `refuse`."""

    kind: str
    times: int
    path: str
    seconds: float
    method: str = "POST"
    after: int = 0
    code: str = "invalid_request_error"
    status: int = 400

    def concerns(self, call: Call) -> bool:
        return self.method in ("any", call.method) and call.path.startswith(self.path)

    @property
    def at_the_door(self) -> Problem | None:
        return self._answer() if self.kind in _AT_THE_DOOR and self.kind in _ANSWERS else None

    @property
    def instead(self) -> Problem | None:
        if self.kind == "refuse":
            return Problem(self.status, self.code, self.code, "Refused on purpose")
        return self._answer() if self.kind in _INSTEAD else None

    @property
    def spoils(self) -> Problem | None:
        """The work was done, and this is answered all the same."""
        return self._answer() if self.kind == "error_500_after" else None

    def _answer(self) -> Problem:
        return Problem(*_ANSWERS[self.kind])


class Faults:
    """Asked for over the control plane; each strikes the next matching calls, in the order asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def order(
        self,
        kind: str,
        *,
        times: int = 1,
        path: str = "",
        seconds: float = 1.0,
        method: str = "POST",
        after: int = 0,
        code: str = "invalid_request_error",
        status: int = 400,
    ) -> None:
        """`method`: POST, GET or any. Raises Problem for a kind or method there is not."""
        if kind not in FAULTS:
            raise invalid(f"one of {', '.join(FAULTS)}")
        if method not in ("POST", "GET", "any"):
            raise invalid("method: POST, GET or any")
        with self._lock:
            self._waiting.append(Fault(kind, times, path, seconds, method, after, code, status))

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def strike(self, call: Call) -> Fault | None:
        with self._lock:
            for fault in self._waiting:
                if not fault.concerns(call):
                    continue
                if fault.after > 0:
                    fault.after -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
                return fault
        return None
