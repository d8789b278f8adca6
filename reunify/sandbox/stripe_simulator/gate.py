"""What every call passes: key, strict parameters, idempotency as API v2 has it, and faults on demand."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from reunify.sandbox.stripe_simulator.bank import Asked, Problem
from reunify.sandbox.stripe_simulator.store import Reply, Store, Thing, fresh

API_VERSION = "2026-10-28.endive"
FAULTS = ("lose_response", "error_500", "error_429", "truncate", "slow", "late_commit")
M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Call:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Answer:
    """`lost`: the work is done and the connection drops before the answer; `cut`: half of it arrives."""

    status: int
    body: Thing
    headers: dict[str, str] = field(default_factory=dict)
    lost: bool = False
    cut: bool = False


@dataclass(slots=True)
class Fault:
    kind: str
    times: int
    path: str
    seconds: float


class Faults:
    """Trouble asked for over the control plane; each strikes the next matching POSTs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def order(self, kind: str, *, times: int = 1, path: str = "", seconds: float = 1.0) -> None:
        if kind not in FAULTS:
            raise Problem(400, "invalid_request_error", "parameter_invalid", f"one of {', '.join(FAULTS)}")
        with self._lock:
            self._waiting.append(Fault(kind, times, path, seconds))

    def strike(self, call: Call) -> Fault | None:
        with self._lock:
            for fault in self._waiting:
                if call.method == "POST" and call.path.startswith(fault.path):
                    fault.times -= 1
                    if fault.times <= 0:
                        self._waiting.remove(fault)
                    return fault
        return None


class Gate:
    def __init__(self, store: Store) -> None:
        self._store = store
        self.faults = Faults()

    def answer(self, call: Call, model: type[M], work: Callable[[M, Asked], Thing]) -> Answer:
        """Carry one call through. Every answer names its request and the API version."""
        asked = Asked(fresh("req"), call.headers.get("idempotency-key"))
        try:
            self._check_key(call)
            answer = self._struck(call, model, work, asked)
        except Problem as problem:
            answer = Answer(problem.status, {"error": problem.error})
        answer.headers.setdefault("Request-Id", asked.request)
        answer.headers["Stripe-Version"] = call.headers.get("stripe-version", API_VERSION)
        return answer

    def _check_key(self, call: Call) -> None:
        said = call.headers.get("authorization", "")
        key = said.removeprefix("Bearer ")
        if key.startswith(("sk_live_", "rk_live_")):
            raise Problem(
                401, "invalid_request_error", "live_key", "This is a simulator: never send it a live key"
            )
        if not said.startswith("Bearer ") or not key.startswith(("sk_test_", "rk_test_")):
            raise Problem(401, "invalid_request_error", "api_key_missing", "Send a test key as Bearer")

    def _struck(self, call: Call, model: type[M], work: Callable[[M, Asked], Thing], asked: Asked) -> Answer:
        fault = self.faults.strike(call)
        kind = fault.kind if fault else ""
        if kind == "error_429":
            raise Problem(429, "rate_limit", "rate_limit", "Too many requests")
        if kind == "error_500":
            raise Problem(500, "api_error", "internal", "Something went wrong on our side")
        if fault and kind == "late_commit":
            answer = self._once(call, model, work, asked, pause=fault.seconds)
        else:
            answer = self._once(call, model, work, asked, pause=0)
        if fault and kind == "slow":
            time.sleep(fault.seconds)
        answer.lost = kind == "lose_response"
        answer.cut = kind == "truncate"
        return answer

    def _once(
        self, call: Call, model: type[M], work: Callable[[M, Asked], Thing], asked: Asked, *, pause: float
    ) -> Answer:
        """API v2: work that succeeded is never repeated; work that failed is tried again."""
        if call.method != "POST" or asked.key is None:
            time.sleep(pause)
            return Answer(200, work(_read(model, call.body), asked))
        params = f"{call.path}\n{json.dumps(_parsed(call.body), sort_keys=True)}"
        with self._store.work():
            before = self._store.reply(asked.key)
            if before is not None:
                _check_same(before, params)
                if before.status == 200 and before.body is not None:
                    replayed = {"Idempotent-Replayed": "true", "Original-Request": before.request}
                    return Answer(200, before.body, replayed)
            self._store.keep_reply(asked.key, Reply(params, None, None, asked.request))
        try:
            time.sleep(pause)
            with self._store.work():  # the effect and the memory of it, together
                body = work(_read(model, call.body), asked)
                self._store.keep_reply(asked.key, Reply(params, 200, body, asked.request))
        except Problem as problem:
            self._store.keep_reply(asked.key, Reply(params, problem.status, None, asked.request))
            raise
        return Answer(200, body)


def _check_same(before: Reply, params: str) -> None:
    if before.params != params:
        raise Problem(
            400, "idempotency_error", "idempotency_error", "This key was first used with other parameters"
        )
    if before.status is None:
        raise Problem(
            409, "idempotency_error", "idempotency_key_in_use", "A request with this key is still running"
        )


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body or b"{}")
    except ValueError as wrong:
        raise Problem(400, "invalid_request_error", "invalid_json", "The body is not JSON") from wrong


def _read(model: type[M], body: bytes) -> M:
    _parsed(body)
    try:
        return model.model_validate_json(body or b"{}")
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        unknown = first["type"] == "extra_forbidden"
        code = "parameter_unknown" if unknown else "parameter_invalid"
        raise Problem(400, "invalid_request_error", code, f"{where}: {first['msg']}") from None
