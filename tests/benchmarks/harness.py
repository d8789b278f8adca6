"""A benchmark is a table of rows: what was measured, beside the bare cost of the same work in the same run.

A ratio survives a slow machine, a number of milliseconds does not; so goals are ratios.
"""

from __future__ import annotations

import json
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from reunify.adapters.embedded_postgres import EmbeddedPostgres
from reunify.db import Database
from reunify.migrations import upgrade
from reunify.vault import keyring
from reunify.vault.keyring import KeyRing

RESULTS = Path("build/bench")


@dataclass(frozen=True, slots=True)
class Row:
    """`goal` is a ratio: at most that much, or at least, with `more_is_better`. None: only told."""

    what: str
    measured: float
    reference: float
    unit: str
    goal: float | None = None
    more_is_better: bool = False

    @property
    def ratio(self) -> float:
        return self.measured / self.reference

    @property
    def met(self) -> bool:
        if self.goal is None:
            return True
        return self.ratio >= self.goal if self.more_is_better else self.ratio <= self.goal

    def content(self) -> dict[str, object]:
        return {
            "what": self.what,
            "measured": round(self.measured, 3),
            "reference": round(self.reference, 3),
            "unit": self.unit,
            "ratio": round(self.ratio, 3),
            "goal": self.goal,
            "met": self.met,
        }


def report(name: str, rows: Sequence[Row], *, about: dict[str, object] | None = None) -> int:
    """Print the table, write build/bench/NAME.json; the exit code: 0 if every goal is met."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    machine = {"machine": platform.machine(), "python": platform.python_version()}
    body = {"name": name, **machine, **(about or {}), "rows": [row.content() for row in rows]}
    (RESULTS / f"{name}.json").write_text(json.dumps(body, indent=2) + "\n")
    sys.stdout.write(table(rows) + f"\nWritten to {RESULTS / name}.json\n")
    return 0 if all(row.met for row in rows) else 1


def table(rows: Sequence[Row]) -> str:
    wide = max(len(row.what) for row in rows)
    lines = [f"{'':{wide}}  {'measured':>10}  {'reference':>10}  {'unit':7}  {'ratio':>7}  goal"]
    for row in rows:
        sign = ">=" if row.more_is_better else "<="
        goal = "told only" if row.goal is None else f"{sign} {row.goal:g} {'met' if row.met else 'MISSED'}"
        lines.append(
            f"{row.what:{wide}}  {row.measured:10.2f}  {row.reference:10.2f}  {row.unit:7}"
            f"  {row.ratio:7.2f}  {goal}"
        )
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Server:
    """The migrated database as the application sees it, and beside it a bare connection of the owner's."""

    db: Database
    bare: psycopg.Connection


@contextmanager
def fresh_server(*, durable: bool) -> Iterator[Server]:
    """A server of its own. `durable`: commits wait for the disk, as in production."""
    keyring.use(KeyRing.fresh("sandbox"))
    with tempfile.TemporaryDirectory() as folder:
        postgres = EmbeddedPostgres(Path(folder), durable=durable)
        urls = postgres.start()
        try:
            upgrade(urls.owner)
            db = Database(urls.app, pool_size=50)
            with psycopg.connect(plain_url(urls.owner), autocommit=True) as bare:
                yield Server(db, bare)
            db.dispose()
        finally:
            postgres.stop()


def plain_url(url: str) -> str:
    """SQLAlchemy's address as psycopg reads it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


@contextmanager
def stopwatch(into: list[float]) -> Iterator[None]:
    """Appends milliseconds."""
    begun = time.perf_counter()
    yield
    into.append((time.perf_counter() - begun) * 1000)
