"""Where a worker can die: before and after each commit, before, during and after each call to Stripe.

The places are not listed by hand: a `Trace` numbers them while the worker runs, and in another run the same
worker dies at the place with that number.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from reunify.adapters.stripe_cards import StripeCards
from reunify.adapters.stripe_gateway import StripeGateway
from reunify.db import Database

# How long Stripe has had the request when a worker dies while it waits.
WAITED_SECONDS = 0.02
Answer = tuple[bytes, int, Mapping[str, str]]


class Died(BaseException):
    """The worker is gone: like SIGKILL, nothing of ours may catch it."""


class Trace:
    """Every place a worker passed, in order; it dies at the one numbered `at` (None: it lives)."""

    def __init__(self, at: int | None = None) -> None:
        self.at = at
        self.passed: list[str] = []
        self.dead = False
        self.left_behind: list[threading.Thread] = []
        self._one_at_a_time = threading.Lock()

    def reach(self, place: str) -> None:
        """Raises Died here, and at every later place: nothing that was already dead does more."""
        with self._one_at_a_time:
            if self.dead:
                raise Died(place)
            self.passed.append(place)
            if len(self.passed) - 1 == self.at:
                self.dead = True
                raise Died(place)

    def forget_it(self, call: Callable[[], object]) -> None:
        """What Stripe still does with a request whose sender is dead."""
        thread = threading.Thread(target=call, daemon=True)
        thread.start()
        thread.join(WAITED_SECONDS)
        self.left_behind.append(thread)

    def wait_for_stripe(self) -> None:
        for thread in self.left_behind:
            thread.join(10)


def like(db: Database, made: Database) -> Database:
    """`made` speaks as `db` does, which is of the same server: what one compiled the other need not."""
    made.engine.dialect = db.engine.dialect
    compiled = db.engine.get_execution_options().get("compiled_cache", db.engine._compiled_cache)
    made.engine.update_execution_options(compiled_cache=compiled)
    return made


class MortalDatabase(Database):
    """The real database: a worker dies before a commit (nothing of it stands) or after it."""

    def __init__(self, db: Database, trace: Trace) -> None:
        super().__init__(db.url)
        like(db, self)
        self._trace = trace

    @contextmanager
    def work(self, *, wake: bool = False) -> Iterator[Session]:
        with super().work() as session:
            yield session
            self._trace.reach("before a commit")
        self._trace.reach("after a commit")


def make_mortal(
    gateway: StripeGateway | StripeCards,
    trace: Trace,
    *,
    in_use: str | None,
    answered: Callable[[str, str], None],
    in_turn: bool = False,
) -> None:
    """Count the gateway's calls, each try by itself. `in_turn`: of calls made at once, one waits for the
    other, so that the same number is the same place.

    `in_use`: the next POST to a path that begins so is answered 409, as if its key were still running.
    `answered`: told of each call Stripe has carried out, before the worker hears of it.
    """
    wire: Any = gateway._door._http
    real, due = wire.request, [in_use] if in_use else []
    wire._sleep_time_seconds = lambda *_, **__: 0.0

    def request(
        method: str, url: str, headers: Mapping[str, str], post_data: Any = None, **more: Any
    ) -> Answer:
        path = urlsplit(url).path
        said = f"{method.upper()} {_without_ids(path)}"
        if trace.at == len(trace.passed) + 1:  # it would die at the next place: while Stripe has the request
            trace.reach(f"before {said}")
            trace.forget_it(lambda: _ignoring(lambda: real(method, url, headers, post_data, **more)))
            trace.reach(f"during {said}")
        trace.reach(f"before {said}")
        trace.reach(f"during {said}")
        if due and method.lower() == "post" and path.startswith(due[0]):
            due.clear()
            return _IN_USE
        try:
            answer: Answer = real(method, url, headers, post_data, **more)
        finally:
            answered(method.upper(), path)
        trace.reach(f"after {said}")
        return answer

    turn = threading.Lock()

    def one_by_one(*call: Any, **more: Any) -> Answer:
        with turn:
            return request(*call, **more)

    wire.request = one_by_one if in_turn else request


def _ignoring(call: Callable[[], object]) -> None:
    try:
        call()
    except Exception:  # the sender is dead: nobody hears what became of it
        return


_IDS = ("acct_", "fa_", "iauth_", "ic_", "ipi_", "obp_", "trxn_")


def _without_ids(path: str) -> str:
    kept = [part if not part.startswith(_IDS) else "ID" for part in path.split("/")]
    return "/".join(kept)


_IN_USE: Answer = (
    json.dumps(
        {
            "error": {
                "type": "idempotency_error",
                "code": "idempotency_key_in_use",
                "message": "A request with this key is still running",
            }
        }
    ).encode(),
    409,
    {"Request-Id": "req_in_use"},
)
