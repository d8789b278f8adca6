"""The ledger and the split, each beside the bare cost of its parts: `make bench-ledger`.

Reservations a second from one fund, with 1,000 and with 1,000,000 entries behind it. Beside each stand the
one statement that does it, sent by itself with its parameters ready, and, only told, the barest thing that
could keep a balance from going below zero: one conditional UPDATE of one row. Then milliseconds for a split,
beside the bare solver call and a greedy one. Writes build/bench/ledger.json.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import product
from queue import SimpleQueue
from typing import Any, cast
from uuid import uuid4

import psycopg

from reunify.ledger import actions as ledger
from reunify.ledger import columns, postings, statement
from reunify.ledger.columns import Event, NewHold
from reunify.ledger.policy import InsufficientFunds
from reunify.ledger.postings import BalanceKey, Part
from tests.benchmarks import bench_split
from tests.benchmarks.harness import Row, Server, fresh_server, report
from tests.benchmarks.many_entries import fill
from tests.integration.ledger_world import BY, LODGING, MEALS, TRANSPORT, Books, open_books

OPERATIONS = 2_000
ROUNDS = 10  # each way in turn: whatever else the machine does meets all of them alike
TRIPS = 200
CATEGORIES = (TRANSPORT, LODGING, MEALS)
FUND = "bench"
OVERHEAD = 0.5  # of the bare statement's rate at least: under twice its cost
GROWTH = 1 / 1.3  # of the rate with a short past at least
_BARE = "UPDATE bench_balance SET available = available - 1, reserved = reserved + 1 WHERE available >= 1"


class Timed:
    """One way to do it: its calls are timed in rounds, `threads` at a time."""

    def __init__(self, *, threads: int) -> None:
        self._threads = threads
        self._seconds = 0.0
        self._took: list[float] = []

    def round(self, one: Callable[[], object]) -> None:
        def timed(_: int) -> float:
            begun = time.perf_counter()
            one()
            return (time.perf_counter() - begun) * 1000

        begun = time.perf_counter()
        with ThreadPoolExecutor(self._threads) as pool:
            self._took += pool.map(timed, range(OPERATIONS // ROUNDS))
        self._seconds += time.perf_counter() - begun

    @property
    def rate(self) -> float:
        """Calls a second."""
        return len(self._took) / self._seconds

    @property
    def times(self) -> dict[str, float]:
        ordered = sorted(self._took)
        return {
            "median_ms": round(statistics.median(ordered), 2),
            "p95_ms": round(ordered[int(len(ordered) * 0.95)], 2),
        }


def reservation(books: Books, *, lines: int) -> Callable[[], None]:
    """Reserve on `lines` balances of the same fund at once, all or none."""
    categories = CATEGORIES[:lines]

    def one() -> None:
        plan = [books.line(1, category, code=FUND) for category in categories]
        try:
            with books.db.work() as session:
                ledger.reserve(session, external_ref=str(uuid4()), plan=plan, by=BY, now=books.now)
        except InsufficientFunds:
            raise SystemExit("the fund is too small for this benchmark") from None

    return one


def parameters(books: Books, lines: int) -> dict[str, Any]:
    """Of one posting, made before the clock starts."""
    plan = [books.line(1, category, code=FUND) for category in CATEGORIES[:lines]]
    holds = [NewHold(p.hold_id, BalanceKey(p.fund_id, p.budget_category, p.unit), p.amount) for p in plan]
    entries = [e for h in holds for e in postings.reserve(Part(h.key, h.amount, h.id))]
    today = books.now.date()
    event = Event("reserve", str(uuid4()), "", today, books.now, "tests", today)
    return columns.values(event, uuid4(), entries, holds, columns.NOTHING)


@contextmanager
def connections(server: Server, count: int) -> Iterator[SimpleQueue[psycopg.Connection]]:
    """The house's own, as the driver has them, each statement a transaction of its own."""
    free: SimpleQueue[psycopg.Connection] = SimpleQueue()
    with ExitStack() as lent:
        for _ in range(count):
            pooled = server.db.engine.raw_connection()
            lent.callback(pooled.close)
            connection = cast(psycopg.Connection, pooled.driver_connection)
            connection.autocommit = True
            lent.callback(setattr, connection, "autocommit", False)
            free.put(connection)
        yield free


def sent(free: SimpleQueue[psycopg.Connection], said: str, ready: SimpleQueue[Any] | None = None) -> None:
    """One statement, with the next of the parameters that are ready."""
    connection = free.get()
    connection.execute(said, ready.get() if ready else None)
    free.put(connection)


def reservations(server: Server, books: Books, entries: int) -> tuple[list[Row], dict[str, Any]]:
    """Ours beside the posting statement and the bare UPDATE alone, with so many entries in the ledger."""
    rows, times = [], {}
    for threads, lines in product((1, 50), (1, 3)):
        what = f"reserve {lines} line{'s' if lines > 1 else ''}, {threads} at once, {entries:,} entries"
        ours, alone, bare = (Timed(threads=threads) for _ in range(3))
        Timed(threads=threads).round(reservation(books, lines=lines))  # what filled the ledger comes to rest
        for _ in range(ROUNDS):
            ready: SimpleQueue[dict[str, Any]] = SimpleQueue()
            for _ in range(OPERATIONS // ROUNDS):
                ready.put(parameters(books, lines))
            ours.round(reservation(books, lines=lines))
            with connections(server, threads) as free:
                alone.round(partial(sent, free, statement._WRITTEN, ready))
                bare.round(partial(sent, free, _BARE))
        times[what] = ours.times
        rows.append(Row(what, ours.rate, alone.rate, "per s", OVERHEAD, more_is_better=True))
        rows.append(Row("  beside one bare UPDATE", ours.rate, bare.rate, "per s"))
    return rows, times


def main(*, durable: bool) -> int:
    with fresh_server(durable=durable) as server:
        server.bare.execute("CREATE TABLE bench_balance (available bigint, reserved bigint)")
        server.bare.execute("INSERT INTO bench_balance VALUES (1000000000, 0)")
        server.bare.execute("GRANT SELECT, UPDATE ON bench_balance TO reunify_app")
        books = open_books(server.db, datetime.now(UTC))
        books.open(FUND, dict.fromkeys(CATEGORIES, 10**9))
        fill(server.bare, books.funds[FUND], 1_000)
        short, times = reservations(server, books, 1_000)
        fill(server.bare, books.funds[FUND], 1_000_000)
        long, more = reservations(server, books, 1_000_000)
    grown = [
        Row(f"growth: {a.what}", b.measured, a.measured, "per s", GROWTH, more_is_better=True)
        for a, b in zip(short, long, strict=True)
        if a.goal is not None
    ]
    rows = [*short, *long, *grown, *bench_split.rows(TRIPS)]
    about = {"durable": durable, "operations": OPERATIONS, "times": times | more}
    return report("ledger", rows, about=about)


if __name__ == "__main__":
    # --fast: commits do not wait for the disk, which shows the work of the machine alone.
    sys.exit(main(durable="--fast" not in sys.argv))
