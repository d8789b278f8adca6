"""What every call passes: log, key, limit, strict parameters, idempotency, and faults on demand."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from reunify.sandbox.stripe_simulator.faults import FAULTS as FAULTS
from reunify.sandbox.stripe_simulator.faults import Call as Call
from reunify.sandbox.stripe_simulator.faults import Fault, Faults
from reunify.sandbox.stripe_simulator.log import RequestLog
from reunify.sandbox.stripe_simulator.memory import Answer as Answer
from reunify.sandbox.stripe_simulator.memory import Job, Memory
from reunify.sandbox.stripe_simulator.problems import Asked, Problem, invalid
from reunify.sandbox.stripe_simulator.store import Store, Thing, fresh

API_VERSION = "2026-10-28.endive"
_PROXY = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
M = TypeVar("M", bound=BaseModel)


class Limiter:
    """At most so many calls in any second of the machine's own clock; None: as many as come."""

    def __init__(self, most: int | None) -> None:
        self.most = most
        self.turned_away = 0
        self._lock = threading.Lock()
        self._seen: list[float] = []

    def check(self) -> None:
        """Raises Problem (429) when the second is full."""
        if self.most is None:
            return
        with self._lock:
            now = time.monotonic()
            self._seen = [at for at in self._seen if at > now - 1]
            if len(self._seen) < self.most:
                self._seen.append(now)
                return
            self.turned_away += 1
        raise Problem(429, "rate_limit", "rate_limit", "Too many requests in this second")


class Gate:
    def __init__(self, store: Store, log: RequestLog, *, rate_limit: int | None = None) -> None:
        self._memory = Memory(store)
        self._log = log
        self.faults = Faults()
        self.limiter = Limiter(rate_limit)

    def answer(
        self, call: Call, model: type[M], work: Callable[[M, Asked], Thing], *, alone: bool = False
    ) -> Answer:
        """Carry one call through. Every answer names its request and the API version.

        `alone`: the work itself asks others, so it opens its own short transactions.
        """
        asked = Asked(fresh("req"), call.headers.get("idempotency-key"))
        fault: Fault | None = None
        try:
            _check_key(call)
            self.limiter.check()
            fault = self.faults.strike(call)
            answer = self._struck(call, model, work, asked, fault, alone)
        except Problem as problem:
            answer = Answer(problem.status, {"error": problem.error})
        answer.headers.setdefault("Request-Id", asked.request)
        answer.headers["Stripe-Version"] = call.headers.get("stripe-version", API_VERSION)
        if answer.status == 409:
            answer.headers["Stripe-Should-Retry"] = "true"
        self._log.keep(call, answer, fault.kind if fault else None)
        if fault is not None and fault.kind == "slow":
            time.sleep(fault.seconds)
        return answer

    def _struck(
        self,
        call: Call,
        model: type[M],
        work: Callable[[M, Asked], Thing],
        asked: Asked,
        fault: Fault | None,
        alone: bool,
    ) -> Answer:
        kind = fault.kind if fault else ""
        if fault is not None and fault.at_the_door is not None:
            raise fault.at_the_door
        if kind == "drop":
            return Answer(0, {}, lost=True)
        if kind == "error_502":
            return Answer(502, {}, raw=_PROXY)
        instead = fault.instead if fault else None
        read = _read(model, call.body)

        def job() -> Thing:
            if instead is not None:
                raise instead
            return work(read, asked)

        pause = fault.seconds if fault and kind == "late_commit" else 0
        spoiled = fault.spoils if fault else None
        answer = self._memory.once(Job(call, asked, job, pause=pause, spoiled=spoiled, alone=alone))
        answer.lost = kind == "lose_response"
        answer.cut = kind == "truncate"
        if kind == "empty":
            answer.raw = b""
        if kind == "error_502_after":
            answer.status, answer.raw = 502, _PROXY
        return answer


def _check_key(call: Call) -> None:
    said = call.headers.get("authorization", "")
    key = said.removeprefix("Bearer ")
    if key.startswith(("sk_live_", "rk_live_")):
        raise Problem(
            401, "invalid_request_error", "live_key", "This is a simulator: never send it a live key"
        )
    if not said.startswith("Bearer ") or not key.startswith(("sk_test_", "rk_test_")):
        raise Problem(401, "invalid_request_error", "api_key_missing", "Send a test key as Bearer")


def _read(model: type[M], body: bytes) -> M:
    """Raises Problem for what is not JSON, or not as the call has it. Nothing of it is remembered."""
    try:
        json.loads(body or b"{}")
        return model.model_validate_json(body or b"{}")
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        unknown = first["type"] == "extra_forbidden"
        code = "parameter_unknown" if unknown else "parameter_invalid"
        raise invalid(f"{where}: {first['msg']}", code=code) from None
    except ValueError as wrong:
        raise invalid("The body is not JSON", code="invalid_json") from wrong
