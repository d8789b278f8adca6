"""A split is kept with its reasons and reserved whole; when others were faster it is solved again."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime

import pytest
import sqlalchemy as sa

from reunify.allocation import actions as allocation
from reunify.allocation.actions import Scopes
from reunify.allocation.policy import FundsKeptChanging, LineNeed, RuleCap
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
from reunify.sandbox.families import sample_family
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
        draft = copy.deepcopy(sample_family("f", now.date()).draft)
        with self.books.db.work() as session:
            made = intake.create(session, draft=draft, by=self.ana, now=now)
            case_types = shipped().dictionary.case_types
            version = intake.submit(
                session,
                request_id=RequestId(made.id),
                case_types=case_types,
                going_on="Entered again by a test.",
                by=self.ana,
                now=now,
            )
            child = session.scalar(
                sa.text("SELECT child_person_id FROM requests WHERE id = :id"), {"id": made.id}
            )
        return Submitted(RequestId(made.id), version, child)

    def allocate(
        self, of: Submitted, *needs: LineNeed, rule_caps: Sequence[RuleCap] = ()
    ) -> AllocationId | None:
        with self.books.db.work() as session:
            return allocation.allocate(
                session,
                version_id=of.version,
                scopes=Scopes(of.request, of.child),
                needs=needs,
                rule_caps=rule_caps,
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


def limited(world: World, at_most: int, scope: Scope = Scope.TRIP) -> None:
    with world.books.db.work() as session:
        funds.limit(
            session,
            code="cash",
            scope=scope,
            at_most=at_most,
            effective_from=date(2026, 1, 1),
            by=BY,
            now=world.books.now,
        )


BY_RULE = "Public cash: its rules allow $300.00 for one trip (policy 5)"


@pytest.mark.parametrize(
    ("row", "rule", "paid", "because"),
    [
        (30_001, 30_000, 30_000, BY_RULE),
        (30_000, 30_000, 30_000, BY_RULE),
        (29_999, 30_000, 29_999, "Public cash: trip limit"),
        (None, 30_000, 30_000, BY_RULE),
        (30_000, None, 30_000, "Public cash: trip limit"),
    ],
)
def test_of_a_funds_own_limit_and_the_cap_of_its_rules_the_lower_counts(
    world: World, row: int | None, rule: int | None, paid: int, because: str
) -> None:
    if row is not None:
        limited(world, row)
    caps = [RuleCap("cash", "trip", None, rule, "policy 5")] if rule is not None else []
    plan = world.plan(world.allocate(world.submit(), FARE, rule_caps=caps))
    assert [line.ceiling for line in plan.lines] == [paid]
    assert plan.certificate["binding"]["fare"] == [because]
    assert findings(world.books.db) == []


def test_a_cap_of_the_rules_for_one_child_counts_over_two_requests(world: World) -> None:
    cap = [RuleCap("cash", "child", None, 50_000, "policy 5")]
    first, second = world.submit(), world.submit()
    world.allocate(first, FARE, rule_caps=cap)
    plan = world.plan(world.allocate(second, FARE, rule_caps=cap))
    assert [line.ceiling for line in plan.lines] == [10_000]
    assert plan.certificate["binding"] == {
        "fare": ["Public cash: its rules allow $500.00 for one child (policy 5)"]
    }
    world.free(first, "free-1")
    assert world.books.amounts(TRANSPORT) == (90_000, 10_000, 0, 0)
    assert findings(world.books.db) == []


@pytest.mark.parametrize(
    ("scope", "category", "said"),
    [("family", None, "$500.00 for one family"), ("child", "air_fare", "$500.00 of air fare for one child")],
)
def test_a_cap_for_a_family_or_of_one_kind_of_cost_counts_over_requests_and_over_that_cost_alone(
    world: World, scope: str, category: str | None, said: str
) -> None:
    caps = [RuleCap("cash", scope, category, 50_000, "policy 5")]
    first, second, third = world.submit(), world.submit(), world.submit()
    world.allocate(first, FARE, rule_caps=caps)
    plan = world.plan(world.allocate(second, FARE, rule_caps=caps))
    assert [line.ceiling for line in plan.lines] == [10_000]
    assert plan.certificate["binding"] == {"fare": [f"Public cash: its rules allow {said} (policy 5)"]}
    assert findings(world.books.db) == []
    world.free(first, "free-1")
    plan = world.plan(world.allocate(third, FARE, MEAL, rule_caps=caps))
    assert sum(line.ceiling for line in plan.lines) == 40_000 + (6_000 if category else 0)


def test_while_it_is_not_known_whose_trip_it_is_a_cap_for_a_child_counts_over_that_trip(world: World) -> None:
    cap = [RuleCap("cash", "child", None, 30_000, "policy 5")]
    for _ in range(2):
        plan = world.plan(world.allocate(replace(world.submit(), child=None), FARE, rule_caps=cap))
        assert [line.ceiling for line in plan.lines] == [30_000]
        assert "for one trip; they count it for one child" in plan.certificate["binding"]["fare"][0]


def test_a_cap_lowered_below_what_is_used_gives_nothing_more(world: World) -> None:
    world.allocate(world.submit(), FARE, rule_caps=[RuleCap("cash", "child", None, 50_000, "policy 5")])
    lower = [RuleCap("cash", "child", None, 39_999, "policy 5")]
    assert world.allocate(world.submit(), FARE, rule_caps=lower) is None


def test_the_lower_tier_pays_first_even_when_both_could(world: World) -> None:
    world.books.open("gift", {TRANSPORT: 25_000})
    of_gift = replace(need("fare", Category.AIR_FARE, 40_000, fund="gift"), tier=10)
    plan = world.plan(world.allocate(world.submit(), replace(FARE, tier=40), of_gift))
    assert {(line.fund_code, line.ceiling) for line in plan.lines} == {("gift", 25_000), ("cash", 15_000)}


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
