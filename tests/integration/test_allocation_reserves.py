"""A split is kept with its reasons and reserved whole; when others were faster it is solved again."""

from __future__ import annotations

import contextlib
import copy
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime

import pytest
import sqlalchemy as sa

from reunify.allocation import actions as allocation
from reunify.allocation.actions import Scopes
from reunify.allocation.policy import FundsKeptChanging, LineNeed
from reunify.allocation.queries import AwardPlan, award_plan
from reunify.db import Database
from reunify.funds import actions as funds
from reunify.intake import actions as intake
from reunify.intake.form import Category
from reunify.kernel.ids import AllocationId, PersonId, RequestId, VersionId
from reunify.kernel.people import Staff
from reunify.ledger.policy import Scope, Unit
from reunify.reporting import invariants
from reunify.rules.library import shipped
from reunify.sandbox import people
from reunify.sandbox.families import sample_families
from tests.integration.ledger_world import BY, LODGING, MEALS, TRANSPORT, Books


@dataclass(frozen=True)
class Submitted:
    request: RequestId
    version: VersionId
    child: PersonId | None


@dataclass
class World:
    books: Books
    ana: Staff

    def submit(self) -> Submitted:
        now = self.books.now
        draft = copy.deepcopy(sample_families(now.date())[3].draft)
        with self.books.db.work() as session:
            made = intake.create(session, draft=draft, by=self.ana, now=now)
            case_types = shipped().dictionary.case_types
            version = intake.submit(
                session, request_id=RequestId(made.id), case_types=case_types, by=self.ana, now=now
            )
            child = session.scalar(
                sa.text("SELECT child_person_id FROM requests WHERE id = :id"), {"id": made.id}
            )
        return Submitted(RequestId(made.id), version, child)

    def allocate(self, of: Submitted, *needs: LineNeed) -> AllocationId | None:
        with self.books.db.work() as session:
            return allocation.allocate(
                session,
                version_id=of.version,
                scopes=Scopes(of.request, of.child),
                needs=needs,
                by=BY,
                now=self.books.now,
            )

    def free(self, of: Submitted, ref: str) -> None:
        with self.books.db.work() as session:
            allocation.free(session, request_id=of.request, ref=ref, by=BY, now=self.books.now)

    def plan(self, allocation_id: AllocationId | None) -> AwardPlan:
        assert allocation_id is not None
        with self.books.db.read() as session:
            return award_plan(session, allocation_id)


@pytest.fixture
def world(db: Database, now: datetime) -> World:
    with db.work() as session:
        ids = people.settle_in(session, now=now)
    books = Books(db, now)
    books.open("cash", {TRANSPORT: 100_000, LODGING: 50_000, MEALS: 10_000})
    books.open("nights", {LODGING: 5}, Unit.NIGHT)
    ana = next(p for p in people.PEOPLE if p.username == "ana")
    return World(books, Staff(ids["ana"], ana.name, ana.roles))


def need(key: str, category: Category, payable: int, *, fund: str = "cash", unit: str = "cents") -> LineNeed:
    settlement = "partner_gives" if unit == "night" else "advance"
    return LineNeed(
        key, category, settlement, "mother", fund, unit, payable, payable, f"{fund} rule: policy 1"
    )


FARE = need("fare", Category.AIR_FARE, 40_000)
MEAL = need("meals", Category.MEALS, 6_000)
NIGHT = need("room", Category.LODGING, 1, fund="nights", unit="night")


def findings(db: Database) -> list[str]:
    with db.read() as session:
        return [str(f) for f in invariants.check(session)]


def test_every_line_is_reserved_at_its_ceiling_with_the_reason_it_may_be_charged(world: World) -> None:
    plan = world.plan(world.allocate(world.submit(), FARE, MEAL, NIGHT))
    assert {(line.line_key, line.fund_code, line.unit, line.ceiling) for line in plan.lines} == {
        ("fare", "cash", "cents", 40_000),
        ("meals", "cash", "cents", 6_000),
        ("room", "nights", "night", 1),
    }
    assert all(line.basis for line in plan.lines)
    assert plan.ceiling_cents == 46_000
    assert world.books.amounts(TRANSPORT) == (60_000, 40_000, 0, 0)
    assert world.books.amounts(LODGING, "nights") == (4, 1, 0, 0)
    assert world.books.amounts(LODGING) == (50_000, 0, 0, 0)
    assert findings(world.books.db) == []


def test_what_a_fund_no_longer_has_stays_uncovered_and_says_why(world: World) -> None:
    plan = world.plan(world.allocate(world.submit(), need("meals", Category.MEALS, 12_000)))
    assert [(line.line_key, line.ceiling) for line in plan.lines] == [("meals", 10_000)]
    assert plan.certificate["uncovered"] == {"meals": 2_000}
    assert plan.certificate["binding"] == {"meals": ["Public cash: meals balance"]}


def test_nothing_left_is_no_allocation_and_no_reservation(world: World) -> None:
    world.allocate(world.submit(), need("meals", Category.MEALS, 10_000))
    assert world.allocate(world.submit(), MEAL) is None
    assert world.books.amounts(MEALS) == (0, 10_000, 0, 0)


def test_a_frozen_fund_is_not_allocated_from(world: World) -> None:
    with world.books.db.work() as session:
        funds.move(session, code="cash", verb="freeze", reason="audit", by=BY, now=world.books.now)
    assert world.allocate(world.submit(), FARE) is None


def test_a_source_that_is_not_ours_is_never_reserved(world: World) -> None:
    plan = world.plan(
        world.allocate(
            world.submit(), FARE, need("other", Category.BUS_FARE, 5_000, fund="interstate_compact")
        )
    )
    assert {line.fund_code for line in plan.lines} == {"cash"}


@pytest.mark.asvs("2.3.2")
def test_a_limit_per_child_counts_over_two_requests_for_the_same_child(world: World) -> None:
    with world.books.db.work() as session:
        funds.limit(
            session,
            code="cash",
            scope=Scope.CHILD,
            at_most=50_000,
            effective_from=date(2026, 1, 1),
            by=BY,
            now=world.books.now,
        )
    first, second = world.submit(), world.submit()
    assert first.child == second.child
    world.allocate(first, FARE)
    plan = world.plan(world.allocate(second, FARE))
    assert [line.ceiling for line in plan.lines] == [10_000]
    assert plan.certificate["binding"] == {"fare": ["Public cash: child limit"]}
    world.free(first, "free-1")
    assert [line.ceiling for line in world.plan(world.allocate(world.submit(), FARE)).lines] == [40_000]
    assert findings(world.books.db) == []


def test_a_newer_version_gives_up_what_is_reserved_and_never_what_is_obligated(world: World) -> None:
    of = world.submit()
    plan = world.plan(world.allocate(of, FARE, MEAL))
    fare = next(line for line in plan.lines if line.line_key == "fare")
    world.books.do("obligate", fare.hold_id, fare.ceiling)
    world.free(of, "replace:2")
    assert world.books.amounts(TRANSPORT) == (60_000, 0, 40_000, 0)
    assert world.books.amounts(MEALS) == (10_000, 0, 0, 0)
    world.free(of, "replace:3")
    assert findings(world.books.db) == []


@pytest.mark.asvs("2.3.3", "2.3.4")
def test_sixteen_threads_over_scarce_funds_take_all_there_is_and_nothing_more(world: World) -> None:
    families = [world.submit() for _ in range(24)]

    def one(of: Submitted) -> int:
        while True:  # as the flow does: what could not be kept is tried again
            with contextlib.suppress(FundsKeptChanging):
                made = world.allocate(
                    of, need("fare", Category.AIR_FARE, 7_000), need("m", Category.MEALS, 900)
                )
                return world.plan(made).ceiling_cents if made else 0

    with ThreadPoolExecutor(16) as pool:
        taken = sum(pool.map(one, families))
    assert taken == 100_000 + 10_000
    assert world.books.amounts(TRANSPORT) == (0, 100_000, 0, 0)
    assert world.books.amounts(MEALS) == (0, 10_000, 0, 0)
    assert findings(world.books.db) == []
