"""What was paid at Stripe past our two people is in suspense, until two let the organisation bear it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from reunify.db import Database
from reunify.disbursement.outcomes import Payment, Status
from reunify.funds import queries as known_funds
from reunify.kernel.ids import FundId
from reunify.kernel.money import Money
from reunify.reconciliation import actions, queries, suspense, suspense_findings, suspense_queries
from reunify.reconciliation.suspense_finding_policy import BearerIsFinder
from reunify.reconciliation.suspense_policy import StillInSuspense
from reunify.reporting import invariants
from tests.integration.payment_world import FLOW, World, make_world
from tests.integration.test_cash_accounts import own_money, sets

HELD, CENTS = 10_000, 7_700


@pytest.fixture
def world(db: Database, superuser: str) -> World:
    world = make_world(db, superuser)
    sets(world, "suspense_fund", own_money(world))
    sets(world, "unallowable_costs", "own other")
    return world


def heard(world: World, *payments: Payment) -> None:
    for payment in payments:
        with world.db.work() as session:
            said = actions.take_payment(session, payment=payment, key=None, by=FLOW, now=world.clock())
        assert said == "not_ours"


def says(world: World, verb: Callable[..., None], by: str, **more: Any) -> None:
    with world.db.work() as session:
        (item,) = suspense_queries.open_items(session, now=world.clock())
        verb(session, item_id=item.id, by=world.staff[by], now=world.clock(), **more)


def explains(world: World, payment: str) -> None:
    with world.db.work() as session:
        (found,) = (d.id for d in queries.open_differences(session) if d.object_id == payment)
        why, ben = "Typed by hand.", world.staff["ben"]
        actions.resolve(session, difference_id=found, why=why, by=ben, now=world.clock())


def stands(world: World) -> tuple[int, set[str], tuple[int, ...], int]:
    """In suspense; the cases that stand; the organisation's own books; all cash at Stripe."""
    with world.db.read() as session:
        own: FundId = known_funds.fund_called(session, "own").id
        held = suspense.left(session, "obp_elsewhere") + suspense.left(session, "obp_second")
        cases = {d.object_id for d in queries.open_differences(session)}
    return held, cases, world.books(own), world.cash()


def test_it_is_in_suspense_at_once_and_comes_back_to_whoever_bore_it(world: World) -> None:
    at, before = world.clock(), world.cash()
    paid = Payment("obp_elsewhere", Status.POSTED, Money(CENTS), posted_at=at)
    second = Payment("obp_second", Status.POSTED, Money(300), posted_at=at)
    heard(world, replace(paid, status=Status.PROCESSING), paid, paid, second)
    assert stands(world)[0] == CENTS + 300
    heard(world, *(replace(second, status=Status.RETURNED, returned_at=at),) * 2)
    both = {"obp_elsewhere", "obp_second"}
    assert stands(world) == (CENTS, both, (HELD, 0, 0, 0), before - CENTS)
    explains(world, "obp_second")
    with pytest.raises(StillInSuspense):
        explains(world, "obp_elsewhere")

    says(world, suspense_findings.report, "ben", why="Typed by hand in the Dashboard.")
    with pytest.raises(BearerIsFinder):
        says(world, suspense_findings.bear, "ben")
    says(world, suspense_findings.bear, "carla")
    heard(world, paid)
    assert stands(world) == (0, set(), (HELD - CENTS, 0, 0, CENTS), before - CENTS)
    heard(world, *(replace(paid, status=Status.RETURNED, returned_at=at),) * 2)
    assert stands(world) == (0, set(), (HELD, 0, 0, 0), before)
    with world.db.read() as session:
        assert [f for f in invariants.check(session) if "suspense" in f.rule] == []
