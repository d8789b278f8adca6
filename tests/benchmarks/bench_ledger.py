"""How many reservations a second from one fund: `make bench-ledger`. Writes build/bench/ledger.json.

Beside each stands the barest thing that could keep a balance from going below zero: one conditional UPDATE of
one row, with as many people at once. Ours also writes the event, its entries, holds and caps.
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
from uuid import uuid4

import psycopg

from reunify.ledger import actions as ledger
from reunify.ledger.policy import InsufficientFunds
from tests.benchmarks.harness import Row, Server, fresh_server, plain_url, report
from tests.integration.ledger_world import BY, LODGING, MEALS, TRANSPORT, Books, open_books

OPERATIONS = 2_000
AT_LEAST = 0.1
_BARE = "UPDATE bench_balance SET available = available - 1, reserved = reserved + 1 WHERE available >= 1"


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
    categories = [TRANSPORT, LODGING, MEALS][:lines]

    def one() -> None:
        plan = [books.line(1, category) for category in categories]
        try:
            with books.db.work() as session:
                ledger.reserve(session, external_ref=str(uuid4()), plan=plan, by=BY, now=books.now)
        except InsufficientFunds:
            raise SystemExit("the fund is too small for this benchmark") from None

    return one


def bare_rate(server: Server, *, threads: int) -> float:
    """One connection for each thread, handed round."""
    free: SimpleQueue[psycopg.Connection] = SimpleQueue()

    def one() -> None:
        connection = free.get()
        connection.execute(_BARE)
        free.put(connection)

    with ExitStack() as open_ones:
        for _ in range(threads):
            connection = psycopg.connect(plain_url(server.db.url), autocommit=True)
            free.put(open_ones.enter_context(connection))
        return per_second(one, threads=threads)[0]


def main(*, durable: bool) -> int:
    rows, times = [], {}
    with fresh_server(durable=durable) as server:
        server.bare.execute("CREATE TABLE bench_balance (available bigint, reserved bigint)")
        server.bare.execute("INSERT INTO bench_balance VALUES (1000000000, 0)")
        server.bare.execute("GRANT SELECT, UPDATE ON bench_balance TO reunify_app")
        books = open_books(server.db, datetime.now(UTC))
        for threads in (1, 50):
            bare = bare_rate(server, threads=threads)
            for lines in (1, 3):
                what = f"reserve {lines} line{'s' if lines > 1 else ''}, {threads} at once"
                rate, times[what] = per_second(reservation(books, lines=lines), threads=threads)
                rows.append(Row(what, rate, bare, "per s", AT_LEAST, more_is_better=True))
    return report("ledger", rows, about={"durable": durable, "operations": OPERATIONS, "times": times})


if __name__ == "__main__":
    # --fast: commits do not wait for the disk, which shows the work of the machine alone.
    sys.exit(main(durable="--fast" not in sys.argv))
