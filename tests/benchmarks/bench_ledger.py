"""How many reservations a second from one fund: `make bench-ledger`. Writes build/bench/ledger.json.

The server of the tests does not wait for the disk; set `durable` to measure as in production.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from reunify.adapters.embedded_postgres import EmbeddedPostgres
from reunify.db import Database
from reunify.ledger import actions as ledger
from reunify.ledger.policy import InsufficientFunds
from reunify.migrations import upgrade
from tests.integration.ledger_world import BY, LODGING, MEALS, TRANSPORT, Books, open_books

OPERATIONS = 2_000
RESULT = Path("build/bench/ledger.json")


def measure(books: Books, *, threads: int, lines: int) -> dict[str, float]:
    """Reserve `lines` balances at once, `threads` people at a time, every one on the same fund."""
    categories = [TRANSPORT, LODGING, MEALS][:lines]

    def one(_: int) -> float:
        plan = [books.line(1, category) for category in categories]
        begun = time.perf_counter()
        try:
            with books.db.work() as session:
                ledger.reserve(session, external_ref=str(uuid4()), plan=plan, by=BY, now=books.now)
        except InsufficientFunds:
            raise SystemExit("the fund is too small for this benchmark") from None
        return time.perf_counter() - begun

    begun = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        took = sorted(pool.map(one, range(OPERATIONS)))
    seconds = time.perf_counter() - begun
    return {
        "per_second": round(OPERATIONS / seconds),
        "median_ms": round(statistics.median(took) * 1000, 2),
        "p95_ms": round(took[int(len(took) * 0.95)] * 1000, 2),
    }


def main(*, durable: bool) -> None:
    from reunify.vault import keyring
    from reunify.vault.keyring import KeyRing

    keyring.use(KeyRing.fresh("sandbox"))
    with tempfile.TemporaryDirectory() as folder:
        postgres = EmbeddedPostgres(Path(folder), durable=durable)
        urls = postgres.start()
        try:
            upgrade(urls.owner)
            db = Database(urls.app)
            books = open_books(db, datetime.now(UTC))
            result = {
                f"{lines} line(s), {threads} thread(s)": measure(books, threads=threads, lines=lines)
                for lines in (1, 3)
                for threads in (1, 50)
            }
            db.dispose()
        finally:
            postgres.stop()
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps({"durable": durable, **result}, indent=2) + "\n")
    sys.stdout.write(RESULT.read_text())


if __name__ == "__main__":
    main(durable="--fast" not in sys.argv)
