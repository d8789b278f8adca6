"""A payout whose cost was moved comes back: books, instruction and the daily proof agree."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from reunify.db import Database
from reunify.disbursement import actions
from reunify.disbursement.policy import CostMovedAway
from reunify.kernel.ids import FundId
from reunify.ledger import actions as ledger
from reunify.ledger.actions import CostMove
from reunify.ledger.policy import BudgetCategory, Unit
from reunify.reconciliation import sweeping
from tests.integration.payment_world import (
    FLOW,
    OPENING,
    World,
    make_world,
    payments_at,
    stripe_side,
    superuser_of,
)


@pytest.fixture
def world(db: Database, server: Urls, database_name: str) -> World:
    return make_world(db, superuser_of(server.superuser, database_name))


def moved_to_another_fund(world: World, amount: int) -> FundId:
    """So many cents of the only cost there is."""
    other = FundId(uuid4())
    with world.db.work() as session:
        hold = session.scalars(sa.text("SELECT hold_id FROM instruction_lines")).one()
        ledger.authorise(
            session,
            external_ref="other",
            fund_id=other,
            budget_category=BudgetCategory.TRANSPORT,
            unit=Unit.CENTS,
            amount=amount,
            by=FLOW,
            now=world.clock(),
        )
        move = CostMove(hold, uuid4(), other, BudgetCategory.TRANSPORT, amount)
        ledger.cost_transfer(session, external_ref="moved:1", moves=[move], by=FLOW, now=world.clock())
    return other


def test_the_moved_part_goes_back_to_the_fund_that_bore_it_and_is_not_paid_again(
    world: World, tmp_path: Path
) -> None:
    with stripe_side(tmp_path) as (simulator, gateway):
        instruction = world.advance(gateway)
        world.send(gateway, instruction)
        payment = payments_at(simulator)[0]["id"]
        simulator.bank.settle(payment)
        sweeping.sweep(world.db, gateway, by=FLOW, clock=world.clock)
        other = moved_to_another_fund(world, 25_000)
        assert sweeping.prove(world.db, gateway, clock=world.clock) == []
        simulator.bank.give_back(payment)
        sweeping.sweep(world.db, gateway, by=FLOW, clock=world.clock)
        assert sweeping.prove(world.db, gateway, clock=world.clock) == []
    assert world.instruction(instruction).state == "returned"
    assert world.books(world.cents) == (OPENING - 15_000, 0, 15_000, 0)
    assert world.books(other) == (25_000, 0, 0, 0)
    assert world.cash() == OPENING
    ben = world.staff["ben"]
    with pytest.raises(CostMovedAway), world.db.work() as session:
        actions.try_again(session, instruction_id=instruction, by=ben, now=world.clock())
    with world.db.work() as session:
        actions.withdraw(session, instruction_id=instruction, by=ben, now=world.clock())
    assert world.books(world.cents) == (OPENING, 0, 0, 0)
