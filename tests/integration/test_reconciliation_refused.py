"""A payment that the books refuse stops no other payment and no proof, and somebody is told of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from reunify.db import Database
from reunify.kernel.ids import AwardId, InstructionId
from reunify.kernel.money import Money
from reunify.ledger import actions as ledger
from reunify.reconciliation import queries, sweeping
from reunify.reconciliation.policy import Kind
from reunify.sandbox.stripe_simulator.serving import Running
from tests.integration.payment_world import (
    FLOW,
    World,
    make_world,
    payments_at,
    stripe_side,
    superuser_of,
)


@pytest.fixture
def world(db: Database, server: Urls, database_name: str) -> World:
    return make_world(db, superuser_of(server.superuser, database_name))


def frees_what_is_owed(world: World, instruction: InstructionId) -> None:
    """Past every rule of the house: the money of a payment in flight is not obligated any more."""
    with world.db.work() as session:
        asked = sa.text("SELECT hold_id FROM instruction_lines WHERE instruction_id = :id")
        (hold,) = session.scalars(asked, {"id": instruction})
        ledger.fail(session, external_ref="freed", amounts={hold: 40_000}, by=FLOW, now=world.clock())


def told(world: World, instruction: InstructionId) -> set[tuple[Kind, Money | None]]:
    (attempt,) = world.attempts(instruction)
    with world.db.read() as session:
        found = queries.open_differences(session)
    return {(d.kind, d.found) for d in found if d.object_id == attempt.payment}


def settles_all(simulator: Running) -> None:
    for payment in payments_at(simulator):
        simulator.bank.settle(payment["id"])


def test_the_sweep_goes_on_to_the_next_payment_and_the_proof_is_made(world: World, tmp_path: Path) -> None:
    with stripe_side(tmp_path) as (simulator, gateway):
        refused = world.advance(gateway)
        world.send(gateway, refused)
        world.award = AwardId(uuid4())
        other = world.advance(gateway)
        world.send(gateway, other)
        frees_what_is_owed(world, refused)
        settles_all(simulator)
        for _ in range(2):  # said twice, it is written down once
            sweeping.sweep(world.db, gateway, by=FLOW, clock=world.clock)
        assert world.instruction(refused).state == "sending"
        assert world.instruction(other).state == "settled"
        assert told(world, refused) == {(Kind.PAYMENT_NOT_IN_LEDGER, Money(-40_000))}
        sweeping.prove(world.db, gateway, clock=world.clock)
        assert told(world, refused) == {(Kind.PAYMENT_NOT_IN_LEDGER, Money(-40_000))}


def test_the_poller_asks_after_it_later_and_goes_on(world: World, tmp_path: Path) -> None:
    with stripe_side(tmp_path) as (simulator, gateway):
        refused = world.advance(gateway)
        world.send(gateway, refused)
        frees_what_is_owed(world, refused)
        settles_all(simulator)
        world.clock.later += timedelta(days=2)
        assert sweeping.poll(world.db, gateway, by=FLOW, clock=world.clock) == 1
        assert told(world, refused) == {(Kind.PAYMENT_NOT_IN_LEDGER, Money(-40_000))}
        (attempt,) = world.attempts(refused)
        assert (attempt.state, attempt.outcome) == ("in_flight", "MoreThanObligated")
        assert sweeping.poll(world.db, gateway, by=FLOW, clock=world.clock) == 0, "not at every beat"
