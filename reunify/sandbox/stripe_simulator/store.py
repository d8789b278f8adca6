"""What the simulator remembers: one SQLite file, so that a restart loses nothing."""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Thing = dict[str, Any]

_TABLES = """
CREATE TABLE IF NOT EXISTS things (
  serial INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
  due REAL);
CREATE INDEX IF NOT EXISTS things_by_kind ON things (kind, serial);
CREATE TABLE IF NOT EXISTS replies (
  key TEXT PRIMARY KEY, params TEXT NOT NULL, status INTEGER, body TEXT, request TEXT);
CREATE TABLE IF NOT EXISTS deliveries (
  serial INTEGER PRIMARY KEY, event TEXT NOT NULL, body TEXT NOT NULL, due REAL NOT NULL,
  tries INTEGER NOT NULL, done INTEGER NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Delivery:
    serial: int
    body: str
    tries: int


@dataclass(frozen=True, slots=True)
class Reply:
    """`status` is None while the first call with this key is still running."""

    params: str
    status: int | None
    body: Thing | None
    request: str


def stamp(at: datetime | None = None) -> str:
    """RFC 3339 UTC in milliseconds, as Stripe writes it."""
    return (at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def fresh(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"


class Store:
    """One connection behind one lock: the simulator is correct before it is fast."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.lock = threading.RLock()
        self._db = sqlite3.connect(folder / "stripe.sqlite3", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.executescript(_TABLES)
        # A key whose first call never finished (the process died) is free again.
        self._db.execute("DELETE FROM replies WHERE status IS NULL")
        self._depth = 0

    @contextmanager
    def work(self) -> Iterator[None]:
        """All or nothing; nests."""
        with self.lock:
            if self._depth == 0:
                self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._db.execute("ROLLBACK")
                raise
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("COMMIT")

    def close(self) -> None:
        with self.lock:
            self._db.close()

    # things ---------------------------------------------------------------------------------------
    def put(self, kind: str, thing: Thing, *, due: float | None = None) -> None:
        with self.work():
            self._db.execute(
                "INSERT INTO things (id, kind, body, due) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET body = excluded.body, due = excluded.due",
                (thing["id"], kind, json.dumps(thing), due),
            )

    def get(self, kind: str, id_: str) -> Thing | None:
        with self.lock:
            row = self._db.execute(
                "SELECT body FROM things WHERE id = ? AND kind = ?", (id_, kind)
            ).fetchone()
        return None if row is None else json.loads(row[0])

    def all(self, kind: str) -> list[Thing]:
        """Newest first, as Stripe lists."""
        with self.lock:
            rows = self._db.execute("SELECT body FROM things WHERE kind = ? ORDER BY serial DESC", (kind,))
            return [json.loads(row[0]) for row in rows]

    def due(self, kind: str, now: float) -> list[Thing]:
        with self.lock:
            rows = self._db.execute("SELECT body FROM things WHERE kind = ? AND due <= ?", (kind, now))
            return [json.loads(row[0]) for row in rows]

    # replies by idempotency key -------------------------------------------------------------------
    def reply(self, key: str) -> Reply | None:
        with self.lock:
            row = self._db.execute(
                "SELECT params, status, body, request FROM replies WHERE key = ?", (key,)
            ).fetchone()
        if row is None:
            return None
        return Reply(row[0], row[1], None if row[2] is None else json.loads(row[2]), row[3])

    def keep_reply(self, key: str, reply: Reply) -> None:
        body = None if reply.body is None else json.dumps(reply.body)
        with self.work():
            self._db.execute(
                "INSERT OR REPLACE INTO replies (key, params, status, body, request) VALUES (?, ?, ?, ?, ?)",
                (key, reply.params, reply.status, body, reply.request),
            )

    # deliveries -----------------------------------------------------------------------------------
    def post(self, event: Thing, *, due: float) -> None:
        with self.work():
            self._db.execute(
                "INSERT INTO deliveries (event, body, due, tries, done) VALUES (?, ?, ?, 0, 0)",
                (event["id"], json.dumps(event), due),
            )

    def deliveries(self, now: float) -> list[Delivery]:
        with self.lock:
            rows = self._db.execute(
                "SELECT serial, body, tries FROM deliveries WHERE done = 0 AND due <= ? ORDER BY serial",
                (now,),
            )
            return [Delivery(*row) for row in rows]

    def delivered(self, delivery: Delivery) -> None:
        with self.work():
            self._db.execute("UPDATE deliveries SET done = 1 WHERE serial = ?", (delivery.serial,))

    def again(self, delivery: Delivery, *, due: float) -> None:
        with self.work():
            self._db.execute(
                "UPDATE deliveries SET tries = tries + 1, due = ? WHERE serial = ?", (due, delivery.serial)
            )

    def undelivered(self) -> int:
        with self.lock:
            return int(self._db.execute("SELECT count(*) FROM deliveries WHERE done = 0").fetchone()[0])
