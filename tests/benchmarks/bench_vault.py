"""What sealing costs: `make bench-vault`. Writes build/bench/vault.json.

A thousand rows of fifty families, three sealed texts and a sealed document each, written and read through the
mapper; beside them the same rows with the same bytes unsealed. Each side has its turn in the same minute.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from reunify.db import Database
from reunify.kernel.canonical import canonical
from reunify.vault.columns import sealed_json, sealed_text
from tests.benchmarks.harness import Row, fresh_server, report, stopwatch

FAMILIES, ROWS_EACH, ROUNDS = 50, 20, 9
AT_MOST_TIMES_PLAIN = 3.0
DRAFT = {
    "case": {"child": {"name": "Mateo Delgado"}, "places": ["El Paso", "Atlanta"] * 20},
    "legs": [1, 2] * 30,
}


class Bench(DeclarativeBase):
    type_annotation_map = {UUID: sa.Uuid(), str: sa.Text()}  # noqa: RUF012 - read once


class PlainJson(TypeDecorator[Any]):
    """The same bytes without a seal."""

    impl = sa.LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> bytes:
        return canonical(value)

    def process_result_value(self, value: bytes | None, dialect: Any) -> Any:
        return json.loads(value or b"null")


class SealedRow(Bench):
    __tablename__ = "bench_sealed"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    family: Mapped[UUID]
    name = sealed_text(keeper="family")
    email = sealed_text(keeper="family")
    place = sealed_text(keeper="family")
    draft = sealed_json(keeper="family")


class PlainRow(Bench):
    __tablename__ = "bench_plain"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    family: Mapped[UUID]
    name: Mapped[str]
    email: Mapped[str]
    place: Mapped[str]
    draft: Mapped[Any] = mapped_column(PlainJson())


def write(db: Database, kind: type[Any]) -> None:
    families = [uuid4() for _ in range(FAMILIES)]
    with db.work() as session:
        session.add_all(
            kind(family=family, name="Rosa Delgado", email="rosa@example.org", place="El Paso", draft=DRAFT)
            for family in families
            for _ in range(ROWS_EACH)
        )


def read(db: Database, kind: type[Any]) -> None:
    with db.read() as session:
        rows = session.scalars(sa.select(kind).limit(FAMILIES * ROWS_EACH)).all()
        told = [(row.name, row.email, row.place, row.draft["case"]) for row in rows]
    assert len(told) == FAMILIES * ROWS_EACH


def statements(db: Database, work: Callable[[], None]) -> int:
    heard: list[str] = []

    def hear(_: Any, __: Any, statement: str, *___: Any) -> None:
        heard.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", hear)
    work()
    sa.event.remove(db.engine, "before_cursor_execute", hear)
    return len(heard)


def main() -> int:
    times: dict[tuple[str, type[Any]], list[float]] = {}
    with fresh_server(durable=False) as server:
        server.bare.execute(
            "CREATE TABLE bench_sealed "
            "(id uuid PRIMARY KEY, family uuid, name bytea, email bytea, place bytea, draft bytea);"
            "CREATE TABLE bench_plain "
            "(id uuid PRIMARY KEY, family uuid, name text, email text, place text, draft bytea);"
            "GRANT ALL ON bench_sealed, bench_plain TO reunify_app"
        )
        for _ in range(ROUNDS):
            for kind in (SealedRow, PlainRow):
                for name, work in (("write", write), ("read", read)):
                    with stopwatch(times.setdefault((name, kind), [])):
                        work(server.db, kind)
        more = {
            name: statements(server.db, lambda w=work: w(server.db, SealedRow))  # type: ignore[misc]
            - statements(server.db, lambda w=work: w(server.db, PlainRow))  # type: ignore[misc]
            for name, work in (("write", write), ("read", read))
        }
    middle = {which: statistics.median(took[1:]) for which, took in times.items()}
    rows = [
        Row(
            f"{name} 1,000 sealed rows, against plain ones",
            middle[name, SealedRow],
            middle[name, PlainRow],
            "ms",
            AT_MOST_TIMES_PLAIN,
        )
        for name in ("write", "read")
    ]
    about: dict[str, object] = {"families": FAMILIES, "sealed_columns": 4, "more_statements": more}
    return report("vault", rows, about=about)


if __name__ == "__main__":
    sys.exit(main())
