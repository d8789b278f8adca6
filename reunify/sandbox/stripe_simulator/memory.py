"""Idempotency as Stripe has it, which differs between API v1 and v2.

v1 remembers status and body of the first call once its work began, also a 500, for a day at least.
v2 remembers only work that succeeded, for thirty days; work that failed is tried again.
Neither remembers what was refused before the work: wrong parameters, a bad key, too many calls, a conflict.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field

from reunify.sandbox.stripe_simulator.faults import Call
from reunify.sandbox.stripe_simulator.problems import Asked, Problem
from reunify.sandbox.stripe_simulator.store import Reply, Store, Thing

_DAY = 86_400.0
_KEPT = {"v1": _DAY, "v2": 30 * _DAY}
_AGAIN = "Stripe-Should-Retry"


@dataclass(slots=True)
class Answer:
    """`lost`: the connection drops before the answer; `cut`: half of it arrives; `raw`: not JSON at all."""

    status: int
    body: Thing
    headers: dict[str, str] = field(default_factory=dict)
    lost: bool = False
    cut: bool = False
    raw: bytes | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """What a call is to do once it is let in.

    `pause`: seconds before it is done, with the key held. `spoiled`: answered although it was done.
    `alone`: it asks others over the network, so it may not hold everybody else up meanwhile.
    """

    call: Call
    asked: Asked
    work: Callable[[], Thing]
    pause: float = 0
    spoiled: Problem | None = None
    alone: bool = False


class Memory:
    def __init__(self, store: Store) -> None:
        self._store = store

    def once(self, job: Job) -> Answer:
        """Raises Problem, as the work or the key's history has it."""
        if job.call.method != "POST" or job.asked.key is None:
            time.sleep(job.pause)
            body = job.work()
            if job.spoiled is not None:
                raise job.spoiled
            return Answer(200, body)
        version = "v1" if job.call.path.startswith("/v1/") else "v2"
        headers = job.call.headers
        account = headers.get("stripe-context") or headers.get("stripe-account") or ""
        key = f"{version}/{account}/{job.asked.key}"
        params = f"{job.call.path}\n{json.dumps(json.loads(job.call.body or b'{}'), sort_keys=True)}"
        with self._store.work():
            replayed = self._before(key, version, params)
            if replayed is not None:
                return replayed
            self._keep(key, params, None, None, job)
        time.sleep(job.pause)
        return self._first(job, key, params, keeps_all=version == "v1")

    def _before(self, key: str, version: str, params: str) -> Answer | None:
        before = self._store.reply(key)
        if before is not None and before.born + _KEPT[version] < self._store.clock.time():
            self._store.forget_reply(key)
            return None
        if before is None:
            return None
        _check_same(before, params)
        if before.body is None or before.status is None:
            return None
        headers = {"Idempotent-Replayed": "true", "Original-Request": before.request}
        if before.status >= 500:
            headers[_AGAIN] = "false"
        return Answer(before.status, before.body, headers)

    def _first(self, job: Job, key: str, params: str, *, keeps_all: bool) -> Answer:
        spoiled = job.spoiled
        try:
            with nullcontext() if job.alone else self._store.work():  # effect and memory of it, together
                body = job.work()
                if spoiled is not None and keeps_all:
                    self._keep(key, params, spoiled.status, {"error": spoiled.error}, job)
                else:
                    self._keep(key, params, 200, body, job)
        except Problem as problem:
            kept = {"error": problem.error} if keeps_all else None
            self._keep(key, params, problem.status, kept, job)
            if keeps_all:
                return _failed(problem)
            raise
        if spoiled is not None:
            return _failed(spoiled) if keeps_all else Answer(spoiled.status, {"error": spoiled.error})
        return Answer(200, body)

    def _keep(self, key: str, params: str, status: int | None, body: Thing | None, job: Job) -> None:
        now = self._store.clock.time()
        self._store.keep_reply(key, Reply(params, status, body, job.asked.request, now))


def _failed(problem: Problem) -> Answer:
    headers = {_AGAIN: "false"} if problem.status >= 500 else {}
    return Answer(problem.status, {"error": problem.error}, headers)


def _check_same(before: Reply, params: str) -> None:
    if before.params != params:
        raise Problem(
            400, "idempotency_error", "idempotency_error", "This key was first used with other parameters"
        )
    if before.status is None:
        raise Problem(
            409, "idempotency_error", "idempotency_key_in_use", "A request with this key is still running"
        )
