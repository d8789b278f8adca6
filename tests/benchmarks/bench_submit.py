"""What a submission's check costs: `make bench-submit`. Writes build/bench/submit.json.

One family after another is checked: rules, split, reservation, award, in one transaction, as the worker does.
Each check stands beside the bare cost of its parts in the same minute: the rules and the split as plain
functions, and one transaction of as many writing statements with as many bytes.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import sqlalchemy as sa
from pydantic import SecretStr

from flows import assess
from reunify import bootstrap
from reunify.allocation.policy import BUDGET_CATEGORY
from reunify.allocation.split import FundTerms, Limit, Pair, best_split
from reunify.bootstrap import House
from reunify.db import Database
from reunify.eligibility.assessment import Assessment, decide_all, known_facts
from reunify.identity.queries import staff_id
from reunify.intake import actions as intake
from reunify.intake import queries
from reunify.intake.form import TravelRequest
from reunify.kernel.people import Role, Staff
from reunify.ledger import actions as ledger
from reunify.ledger.policy import Unit
from reunify.ledger.queries import balances
from reunify.rates.published import published
from reunify.rules.library import shipped
from reunify.sandbox import people, seed
from reunify.sandbox.families import sample_families
from reunify.settings import Settings
from tests.benchmarks.harness import Row, fresh_server, report, stopwatch

CHECKS = 120
WARM_UP = 10
AT_MOST_TIMES_BARE = 10.0
_WRITES = ("INSERT", "UPDATE", "WITH SHIFT")  # the last one is the ledger's posting


@dataclass
class Statements:
    """What one check asked of the database: reads, and the bytes of every writing statement."""

    reads: int = 0
    written: list[int] = field(default_factory=list)

    def heard(self, statement: str, parameters: Any) -> None:
        if statement.lstrip().upper().startswith(_WRITES):
            rows = parameters if isinstance(parameters, list) else [parameters]
            self.written += [sum(_size(value) for value in dict(row).values()) for row in rows]
        else:
            self.reads += 1

    @property
    def count(self) -> int:
        return self.reads + len(self.written)


def _size(value: object) -> int:
    return len(value) if isinstance(value, bytes) else len(str(value))


class Ear:
    """Hears every statement of the engine."""

    def __init__(self, db: Database) -> None:
        self.now = Statements()
        sa.event.listen(db.engine, "before_cursor_execute", self._heard)

    def _heard(self, _: Any, __: Any, statement: str, parameters: Any, ___: Any, ____: bool) -> None:
        self.now.heard(statement, parameters)


def house_over(db: Database, data: Path) -> House:
    settings = Settings(data=data, database_url=SecretStr(db.url), sandbox=True)
    house = bootstrap.build(settings)
    with db.work() as session:
        seed.fill(session, now=house.now())
        for at in balances(session):  # enough for every family of the run
            ledger.authorise(
                session,
                external_ref=f"bench:{at.key.fund_id}:{at.key.budget_category}",
                fund_id=at.key.fund_id,
                budget_category=at.key.budget_category,
                unit=at.key.unit,
                amount=1_000_000_00 if at.key.unit is Unit.CENTS else 10_000,
                by=people.SANDBOX,
                now=house.now(),
            )
    return house


def submitted(house: House, ana: Staff, number: int) -> UUID:
    """A family of its own (another child), entered and submitted; the version's id."""
    draft = next(f.draft for f in sample_families(house.now().date()) if f.letter == "b")
    child = draft["case"]["child"]["name"]
    for person in (draft["case"]["child"], *draft["travelers"]):
        person["name"] = f"{person['name']} {number}" if person["name"] == child else person["name"]
    with house.db.work() as session:
        kept = intake.create(session, draft=draft, by=ana, now=house.now())
        return intake.submit(
            session,
            request_id=kept.id,
            case_types=house.case_types,
            going_on="Entered again by a test.",
            by=ana,
            now=house.now(),
        )


def decide_bare(content: TravelRequest) -> Assessment:
    """Facts and every source's rules, nothing kept."""
    books = shipped()
    known = known_facts(
        content, published=published(), guideline_limit_percent=200, dictionary=books.dictionary
    )
    return decide_all(known, books)


def split_bare(content: TravelRequest, result: Assessment) -> None:
    """The same lines over the same number of funds, with a balance for each."""
    categories = {line.key: BUDGET_CATEGORY[line.category] for line in content.cost_lines}
    funds = {s.source: uuid4() for s in result.sources if s.held}
    pairs = [
        Pair(t.key, funds[s.source], categories[t.key], t.unit, t.payable, "its rules")  # type: ignore[arg-type]
        for s in result.sources
        if s.held
        for t in s.payable()
    ]
    limits = [
        Limit(
            str(which), tuple(i for i, p in enumerate(pairs) if (p.fund, p.budget_category) == which), 10**8
        )
        for which in sorted({(p.fund, p.budget_category) for p in pairs})
    ]
    needs: dict[str, int] = {}
    for pair in pairs:
        needs[pair.line] = max(needs.get(pair.line, 0), pair.most)
    best_split(needs, pairs, limits, {fund: FundTerms(tier) for tier, fund in enumerate(funds.values())})


def write_bare(connection: psycopg.Connection, sizes: list[int]) -> None:
    """One transaction that inserts as many rows, each with as many bytes."""
    with connection.transaction():
        for size in sizes:
            connection.execute("INSERT INTO bench_rows VALUES (%s, %s)", (uuid4(), b"x" * size))


def one_round(house: House, ana: Staff, bare: psycopg.Connection, ear: Ear, number: int) -> dict[str, float]:
    """Milliseconds of one check and of its bare parts, in turns: whatever slows the machine slows both."""
    version = submitted(house, ana, number)
    ear.now = Statements()
    times: dict[str, list[float]] = {name: [] for name in ("check", "rules", "split", "write")}
    with stopwatch(times["check"]):
        done = assess.assess(house, [version], None)
    heard = ear.now
    assert done == 1
    with house.db.read() as session:
        content = queries.version(session, version).content
    with stopwatch(times["rules"]):
        result = decide_bare(content)
    with stopwatch(times["split"]):
        split_bare(content, result)
    with stopwatch(times["write"]):
        write_bare(bare, heard.written)
    return {name: took[0] for name, took in times.items()} | {"statements": float(heard.count)}


def main() -> int:
    with fresh_server(durable=True) as server, tempfile.TemporaryDirectory() as data:
        server.bare.execute("CREATE TABLE bench_rows (id uuid PRIMARY KEY, body bytea)")
        house = house_over(server.db, Path(data))
        ear = Ear(house.db)
        with house.db.read() as session:
            ana = Staff(staff_id(session, "ana"), "Ana", frozenset({Role.CASE_MANAGER}))
        rounds = [one_round(house, ana, server.bare, ear, number) for number in range(WARM_UP + CHECKS)]
        house.db.dispose()
    measured = {name: statistics.median(r[name] for r in rounds[WARM_UP:]) for name in rounds[0]}
    bare = measured["rules"] + measured["split"] + measured["write"]
    rows = [
        Row("check one request, against its bare parts", measured["check"], bare, "ms", AT_MOST_TIMES_BARE),
        Row("  the rules alone", measured["rules"], bare, "ms"),
        Row("  the split alone", measured["split"], bare, "ms"),
        Row("  a bare commit of as many writes", measured["write"], bare, "ms"),
    ]
    about = {"checks": CHECKS, "durable": True, "statements_of_one_check": round(measured["statements"])}
    return report("submit", rows, about=about)


if __name__ == "__main__":
    sys.exit(main())
