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
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import Any
from uuid import uuid4

import psycopg
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from reunify.ledger import actions as ledger
from reunify.ledger import columns, postings, statement
from reunify.ledger.columns import Event, NewHold
from reunify.ledger.policy import InsufficientFunds
from reunify.ledger.postings import BalanceKey, Part
from tests.benchmarks import bench_split
from tests.benchmarks.harness import Row, Server, fresh_server, plain_url, report
from tests.benchmarks.many_entries import fill
from tests.integration.ledger_world import BY, LODGING, MEALS, TRANSPORT, Books, open_books

OPERATIONS = 2_000
TRIPS = 200
CATEGORIES = (TRANSPORT, LODGING, MEALS)
FUND = "bench"
OVERHEAD = 0.5  # of the bare statement's rate at least: under twice its cost
GROWTH = 1 / 1.3  # of the rate with a short past at least
_BARE = "UPDATE bench_balance SET available = available - 1, reserved = reserved + 1 WHERE available >= 1"
_STATEMENT = str(statement._POST.compile(dialect=PGDialect_psycopg()))


def per_second(one: Callable[[], None], *, threads: int) -> tuple[float, dict[str, float]]:
    """Calls `one` OPERATIONS times, `threads` at a time; how many a second, and how long one took."""

    def timed(_: int) -> float:
        begun = time.perf_counter()
        one()
        return (time.perf_counter() - begun) * 1000

    begun = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        took = sorted(pool.map(timed, range(OPERATIONS)))
    rate = OPERATIONS / (time.perf_counter() - begun)
    return rate, {
        "median_ms": round(statistics.median(took), 2),
        "p95_ms": round(took[int(len(took) * 0.95)], 2),
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


def bare_rate(server: Server, *, threads: int) -> float:
    """The barest thing that keeps a balance from going below zero."""
    return _rate_of(server, lambda connection: connection.execute(_BARE), threads=threads)


def statement_rate(server: Server, books: Books, *, lines: int, threads: int) -> float:
    """The posting statement alone, its parameters made before the clock starts."""
    ready: SimpleQueue[dict[str, Any]] = SimpleQueue()
    for _ in range(OPERATIONS):
        ready.put(_parameters(books, lines))
    return _rate_of(server, lambda connection: connection.execute(_STATEMENT, ready.get()), threads=threads)


def _parameters(books: Books, lines: int) -> dict[str, Any]:
    plan = [books.line(1, category, code=FUND) for category in CATEGORIES[:lines]]
    holds = [NewHold(p.hold_id, BalanceKey(p.fund_id, p.budget_category, p.unit), p.amount) for p in plan]
    entries = [e for h in holds for e in postings.reserve(Part(h.key, h.amount, h.id))]
    today = books.now.date()
    event = Event("reserve", str(uuid4()), "", today, books.now, "tests", today)
    return columns.values(event, uuid4(), entries, holds, columns.NOTHING)


def _rate_of(server: Server, do: Callable[[psycopg.Connection], object], *, threads: int) -> float:
    """One connection for each thread, handed round; the house's own are given up first."""
    server.db.dispose()
    free: SimpleQueue[psycopg.Connection] = SimpleQueue()

    def one() -> None:
        connection = free.get()
        do(connection)
        free.put(connection)

    with ExitStack() as open_ones:
        for _ in range(threads):
            connection = psycopg.connect(plain_url(server.db.url), autocommit=True)
            free.put(open_ones.enter_context(connection))
        return per_second(one, threads=threads)[0]


def reservations(server: Server, books: Books, entries: int) -> tuple[list[Row], dict[str, Any]]:
    """Ours beside the bare statement, with so many entries in the ledger."""
    rows, times = [], {}
    for threads in (1, 50):
        barest = bare_rate(server, threads=threads)
        for lines in (1, 3):
            what = f"reserve {lines} line{'s' if lines > 1 else ''}, {threads} at once, {entries:,} entries"
            bare = statement_rate(server, books, lines=lines, threads=threads)
            rate, times[what] = per_second(reservation(books, lines=lines), threads=threads)
            rows.append(Row(what, rate, bare, "per s", OVERHEAD, more_is_better=True))
            rows.append(Row("  beside one bare UPDATE", rate, barest, "per s"))
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
