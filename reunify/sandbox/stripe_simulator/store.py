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

from reunify.sandbox.stripe_simulator.clock import Clock

Thing = dict[str, Any]

_TABLES = """
CREATE TABLE IF NOT EXISTS things (
  serial INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL,
  due REAL, about TEXT);
CREATE INDEX IF NOT EXISTS things_by_kind ON things (kind, serial);
CREATE TABLE IF NOT EXISTS replies (
  key TEXT PRIMARY KEY, params TEXT NOT NULL, status INTEGER, body TEXT, request TEXT,
  born REAL NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS requests (serial INTEGER PRIMARY KEY, path TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
  serial INTEGER PRIMARY KEY, event TEXT NOT NULL, body TEXT NOT NULL, due REAL NOT NULL,
  tries INTEGER NOT NULL, done INTEGER NOT NULL);
"""

_INDEXES = """
CREATE INDEX IF NOT EXISTS things_by_subject ON things (kind, about) WHERE about IS NOT NULL;
CREATE INDEX IF NOT EXISTS things_by_due ON things (kind, due) WHERE due IS NOT NULL;
CREATE INDEX IF NOT EXISTS deliveries_to_make ON deliveries (due) WHERE done = 0;
"""
# A memory written before these columns were there: keys had no account, transactions no subject.
_WIDENED = {
    ("things", "about"): (
        "ALTER TABLE things ADD COLUMN about TEXT",
        "UPDATE things SET about = json_extract(body, '$.flow.outbound_payment') WHERE kind = 'transaction'",
        "UPDATE things SET about = json_extract(body, '$.card') WHERE kind = 'transaction_of_card'",
    ),
    ("replies", "born"): (
        "ALTER TABLE replies ADD COLUMN born REAL NOT NULL DEFAULT 0",
        "UPDATE replies SET key = substr(params, 2, 2) || '//' || key, born = unixepoch()",
    ),
}


@dataclass(frozen=True, slots=True)
class Delivery:
    serial: int
    body: str
    tries: int


@dataclass(frozen=True, slots=True)
class Reply:
    """`status` is None while the first call with this key is still running. `born`: the simulator's time."""

    params: str
    status: int | None
    body: Thing | None
    request: str
    born: float


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
        self._db.execute("PRAGMA synchronous = NORMAL")  # the death of the process loses nothing
        self._db.executescript(_TABLES)
        self._widen()
        self._db.executescript(_INDEXES)
        # A key whose first call never finished (the process died) is free again.
        self._db.execute("DELETE FROM replies WHERE status IS NULL")
        self._depth = 0
        ahead = self.get("settings", "clock")
        self.clock = Clock(
            ahead["ahead"] if ahead else 0.0,
            lambda seconds: self.put("settings", {"id": "clock", "ahead": seconds}),
        )

    def _widen(self) -> None:
        for (table, column), steps in _WIDENED.items():
            columns = [row[1] for row in self._db.execute(f"PRAGMA table_info({table})")]
            if column not in columns:
                for step in steps:
                    self._db.execute(step)

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
    def put(self, kind: str, thing: Thing, *, due: float | None = None, about: str | None = None) -> None:
        """`due`: when the clock is to look at it. `about`: whom it concerns; kept when not named again."""
        with self.work():
            self._db.execute(
                "INSERT INTO things (id, kind, body, due, about) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO"
                " UPDATE SET body = excluded.body, due = excluded.due,"
                " about = coalesce(excluded.about, about)",
                (thing["id"], kind, json.dumps(thing), due, about),
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

    def concerning(self, kind: str, about: str) -> list[Thing]:
        """Oldest first."""
        with self.lock:
            rows = self._db.execute(
                "SELECT body FROM things WHERE kind = ? AND about = ? ORDER BY serial", (kind, about)
            )
            return [json.loads(row[0]) for row in rows]

    def total(self, kind: str, path: str) -> int:
        """The sum of one whole number in every thing of a kind."""
        with self.lock:
            row = self._db.execute(
                "SELECT coalesce(sum(json_extract(body, ?)), 0) FROM things WHERE kind = ?", (path, kind)
            ).fetchone()
        return int(row[0])

    def due(self, kind: str, now: float) -> list[Thing]:
        with self.lock:
            rows = self._db.execute("SELECT body FROM things WHERE kind = ? AND due <= ?", (kind, now))
            return [json.loads(row[0]) for row in rows]

    def due_of(self, id_: str) -> float | None:
        with self.lock:
            row = self._db.execute("SELECT due FROM things WHERE id = ?", (id_,)).fetchone()
        return None if row is None else row[0]

    # replies by idempotency key -------------------------------------------------------------------
    def reply(self, key: str) -> Reply | None:
        with self.lock:
            row = self._db.execute(
                "SELECT params, status, body, request, born FROM replies WHERE key = ?", (key,)
            ).fetchone()
        if row is None:
            return None
        return Reply(row[0], row[1], None if row[2] is None else json.loads(row[2]), row[3], row[4])

    def keep_reply(self, key: str, reply: Reply) -> None:
        body = None if reply.body is None else json.dumps(reply.body)
        with self.work():
            self._db.execute(
                "INSERT OR REPLACE INTO replies (key, params, status, body, request, born)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (key, reply.params, reply.status, body, reply.request, reply.born),
            )

    def forget_reply(self, key: str) -> None:
        with self.work():
            self._db.execute("DELETE FROM replies WHERE key = ?", (key,))

    # what was asked of us -------------------------------------------------------------------------
    def keep_request(self, path: str, said: Thing) -> None:
        with self.work():
            self._db.execute("INSERT INTO requests (path, body) VALUES (?, ?)", (path, json.dumps(said)))

    def requests(self, *, since: int, path: str) -> list[Thing]:
        """Oldest first, each with its serial number."""
        with self.lock:
            rows = self._db.execute(
                "SELECT serial, body FROM requests WHERE serial > ? AND substr(path, 1, ?) = ?"
                " ORDER BY serial",
                (since, len(path), path),
            )
            return [{"serial": row[0], **json.loads(row[1])} for row in rows]

    def forget_requests(self) -> None:
        with self.work():
            self._db.execute("DELETE FROM requests")

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
