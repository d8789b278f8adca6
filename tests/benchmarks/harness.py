"""A benchmark is a table of rows: what was measured, beside the bare cost of the same work in the same run.

A ratio survives a slow machine, a number of milliseconds does not; so only ratios fail a benchmark. A goal in
microseconds or seconds is told as met or missed, beside the machine it was measured on.
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
from reunify.adapters.object_folder import FolderStore
from reunify.db import Database
from reunify.files import objects
from reunify.migrations import upgrade
from reunify.vault import keyring
from reunify.vault.keyring import KeyRing

RESULTS = Path("build/bench")


@dataclass(frozen=True, slots=True)
class Row:
    """`goal` is a ratio: at most that much, or at least, with `more_is_better`. `within`: at most that many
    of `unit`, told but failing nothing. Neither: only told."""

    what: str
    measured: float
    reference: float
    unit: str
    goal: float | None = None
    more_is_better: bool = False
    within: float | None = None

    @property
    def ratio(self) -> float:
        return self.measured / self.reference

    @property
    def met(self) -> bool:
        if self.goal is None:
            return True
        return self.ratio >= self.goal if self.more_is_better else self.ratio <= self.goal

    @property
    def kept_within(self) -> bool:
        return self.within is None or self.measured <= self.within

    @property
    def goals_told(self) -> str:
        """Each goal of the row with whether it was met."""
        told = []
        if self.goal is not None:
            told.append(f"{'>=' if self.more_is_better else '<='} {self.goal:g} {_said(self.met)}")
        if self.within is not None:
            told.append(f"<= {self.within:g} {self.unit} {_said(self.kept_within)}")
        return ", ".join(told) or "told only"

    def content(self) -> dict[str, object]:
        return {
            "what": self.what,
            "measured": round(self.measured, 3),
            "reference": round(self.reference, 3),
            "unit": self.unit,
            "ratio": round(self.ratio, 3),
            "goal": self.goal,
            "met": self.met,
            "within": self.within,
            "kept_within": self.kept_within,
        }


def report(name: str, rows: Sequence[Row], *, about: dict[str, object] | None = None) -> int:
    """Print the table, write build/bench/NAME.json; the exit code: 0 if every ratio is met."""
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
        lines.append(
            f"{row.what:{wide}}  {row.measured:10.2f}  {row.reference:10.2f}  {row.unit:7}"
            f"  {row.ratio:7.2f}  {row.goals_told}"
        )
    return "\n".join(lines)


def _said(met: bool) -> str:
    return "met" if met else "MISSED"


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
        objects.use(FolderStore(Path(folder) / "files", durable=durable))
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
