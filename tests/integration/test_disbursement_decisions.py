"""What people decide of a payment in trouble, and what may not be decided while it may still pay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from reunify.adapters.stripe_gateway import StripeGateway
from reunify.db import Database
from reunify.disbursement import actions, policy, troubles, unsent
from reunify.kernel.ids import InstructionId
from reunify.kernel.refusals import NotAllowed
from reunify.sandbox.stripe_simulator.serving import Running
from tests.integration.payment_world import FLOW, World, make_world, stripe_side


@pytest.fixture
def world(db: Database, superuser: str) -> World:
    return make_world(db, superuser)


@pytest.fixture
def stripe(tmp_path: Path) -> Iterator[tuple[Running, StripeGateway]]:
    with stripe_side(tmp_path) as both:
        yield both


def decide(world: World, verb: Callable[..., None], instruction: InstructionId, **said: Any) -> None:
    said = {"by": world.staff["ben"], **said}
    with world.db.work() as session:
        verb(session, instruction_id=instruction, now=world.clock(), **said)


def unsure(world: World, stripe: tuple[Running, StripeGateway]) -> InstructionId:
    """Sent, and nobody heard the answer."""
    simulator, gateway = stripe
    instruction = world.advance(gateway)
    simulator.faults.order("lose_response")
    assert world.send(gateway, instruction) == "unknown"
    return instruction


def force(superuser: str, instruction: InstructionId, state: str) -> None:
    """A state no code of ours leads to while the attempt is alive."""
    engine = sa.create_engine(superuser)
    with engine.begin() as connection:
        words = sa.text("UPDATE instructions SET state = :state WHERE id = :id")
        connection.execute(words, {"state": state, "id": instruction})
    engine.dispose()


def test_a_payee_refused_late_does_not_fail_a_payment_that_is_being_sent(
    world: World, stripe: tuple[Running, StripeGateway]
) -> None:
    instruction = unsure(world, stripe)
    decide(world, actions.refuse_recipient, instruction, why="RecipientRefused", by=FLOW)
    with world.db.work() as session:
        actions.wait_for_payee(
            session, instruction_id=instruction, trouble="bank_details_missing", now=world.clock()
        )
    now = world.instruction(instruction)
    assert (now.state, now.trouble) == ("sending", None)


@pytest.mark.parametrize("state", ["failed", "ready", "returned"])
def test_nothing_else_is_decided_while_an_attempt_may_still_pay(
    world: World, stripe: tuple[Running, StripeGateway], superuser: str, state: str
) -> None:
    instruction = unsure(world, stripe)
    force(superuser, instruction, state)
    with pytest.raises(policy.MayStillBePaid, match="may still pay"):
        decide(world, actions.pay_otherwise, instruction, why="It takes too long.")
    with pytest.raises(policy.MayStillBePaid):
        decide(world, actions.withdraw, instruction)
    if state != "ready":
        with pytest.raises(policy.MayStillBePaid):
            decide(world, actions.try_again, instruction)
    assert world.instruction(instruction).state == state


def test_a_lost_attempt_is_a_persons_to_judge_only_after_twelve_hours(
    world: World, stripe: tuple[Running, StripeGateway]
) -> None:
    instruction = unsure(world, stripe)
    with pytest.raises(policy.StillAsked):
        decide(world, unsent.declare_newest_unsent, instruction, why="Not there.")
    world.clock.later = timedelta(hours=13)
    with pytest.raises(policy.NoWhy):
        decide(world, unsent.declare_newest_unsent, instruction, why="  ")
    with pytest.raises(NotAllowed):
        decide(world, unsent.declare_newest_unsent, instruction, why="So.", by=world.staff["ana"])
    with world.db.read() as session:
        ((made, trouble),) = troubles.need_person(session, now=world.clock())
    assert (made.id, trouble) == (instruction, troubles.LOST)
    decide(world, unsent.declare_newest_unsent, instruction, why="Not at Stripe.")
    assert world.instruction(instruction).state == "failed"


def test_an_attempt_that_was_turned_away_for_a_whole_night_can_be_given_up(
    world: World, stripe: tuple[Running, StripeGateway]
) -> None:
    simulator, gateway = stripe
    instruction = world.advance(gateway)
    simulator.faults.order("error_429")
    assert world.send(gateway, instruction) == "open"
    world.clock.later = timedelta(hours=13)
    decide(world, unsent.declare_newest_unsent, instruction, why="Not at Stripe.")
    decide(world, actions.try_again, instruction)
    assert world.send(gateway, instruction) == "in_flight"


def test_the_words_of_who_pays_another_way_are_sealed(
    world: World, stripe: tuple[Running, StripeGateway], superuser: str
) -> None:
    instruction = unsure(world, stripe)
    world.clock.later = timedelta(hours=13)
    decide(world, unsent.declare_newest_unsent, instruction, why="Not at Stripe.")
    decide(world, actions.pay_otherwise, instruction, why="Rosa has no bank account")
    assert world.instruction(instruction).rail_reason == actions.MOVED_BY_A_PERSON
    engine = sa.create_engine(superuser)
    with engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT i::text || a::text FROM instructions i, audit_entries a"))
        assert not any("Rosa" in row for row in rows.scalars())
    engine.dispose()
