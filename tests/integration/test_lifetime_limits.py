"""A source that helps a child on so many trips: counted by the ledger, in the statement that reserves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import date

import sqlalchemy as sa

from reunify.allocation.policy import FundsKeptChanging, RuleCap
from reunify.funds import actions as funds
from reunify.ledger.policy import Scope
from tests.integration.ledger_world import BY
from tests.integration.test_allocation_reserves import FARE, MEAL, Submitted, World, findings, world

__all__ = ["world"]
SAID = "Public cash: limit of 1 trip of one child"


def limited(world: World, trips: int) -> None:
    with world.books.db.work() as session:
        funds.limit(
            session,
            code="cash",
            scope=Scope.LIFETIME,
            at_most=trips,
            effective_from=date(2026, 1, 1),
            by=BY,
            now=world.books.now,
        )


def test_a_trip_counts_once_however_many_lines_it_has_and_the_next_one_is_too_many(world: World) -> None:
    limited(world, 1)
    first, second = world.submit(), world.submit()
    assert len(world.plan(world.allocate(first, FARE, MEAL)).lines) == 2
    assert world.allocate(second, FARE) is None
    with world.books.db.read() as session:
        kept = session.scalar(sa.text("SELECT certificate FROM empty_splits"))
    assert kept["conflict"]["rules"][0]["name"] == SAID
    assert findings(world.books.db) == []


def test_what_is_given_back_counts_no_more_and_the_same_trip_may_be_split_again(world: World) -> None:
    limited(world, 1)
    first, second = world.submit(), world.submit()
    world.allocate(first, FARE)
    world.free(first, "again")
    assert world.allocate(first, FARE, MEAL) is not None
    world.free(first, "given-up")
    assert world.allocate(second, FARE) is not None


def test_of_the_funds_limit_and_the_rules_the_lower_counts(world: World) -> None:
    limited(world, 2)
    cap = [RuleCap("cash", "lifetime_uses", None, 1, "policy 8")]
    first, second = world.submit(), world.submit()
    assert world.allocate(first, FARE, rule_caps=cap) is not None
    assert world.allocate(second, FARE, rule_caps=cap) is None
    assert world.allocate(second, FARE) is not None  # by the fund's own limit, two


def test_while_it_is_not_known_whose_trip_it_is_there_is_nothing_to_count(world: World) -> None:
    limited(world, 1)
    for _ in range(2):
        assert world.allocate(replace(world.submit(), child=None), FARE) is not None


def test_eight_trips_of_one_child_at_one_moment_get_what_the_limit_says(world: World) -> None:
    limited(world, 2)
    trips = [world.submit() for _ in range(8)]

    def one(of: Submitted) -> bool:
        while True:
            with suppress(FundsKeptChanging):
                return world.allocate(of, MEAL if of is trips[0] else replace(MEAL, ceiling=100)) is not None

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, trips)) == 2
    assert findings(world.books.db) == []
