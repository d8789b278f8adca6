"""A person stops a payment the moment it is posted: it ends one way, and the books say which."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
import sqlalchemy as sa

from reunify.adapters.stripe_gateway import StripeGateway
from reunify.db import Database
from reunify.disbursement import actions, attempts, canceling, rail, reapproving
from reunify.disbursement.canceling import HEARD, NothingInFlight, TooLateToCancel
from reunify.disbursement.outcomes import Known
from reunify.disbursement.rail_policy import NothingHeldUp, Rail
from reunify.disbursement.reapproval_policy import BankChanged
from reunify.kernel.ids import AttemptId, AwardId, InstructionId
from reunify.kernel.refusals import NotAllowed
from reunify.reporting import invariants
from reunify.sandbox.stripe_simulator.problems import Problem
from reunify.sandbox.stripe_simulator.serving import Running
from tests.integration.payment_world import (
    World,
    in_flight,
    make_world,
    payments_at,
)
from tests.integration.test_invariants_planted import plant

SIM = tuple[Running, StripeGateway]
ROUNDS = 8


@pytest.fixture
def world(db: Database, superuser: str) -> World:
    return make_world(db, superuser)


def flying(world: World, gateway: StripeGateway) -> tuple[InstructionId, str]:
    """Each round's is another award's."""
    world.award = AwardId(uuid4())
    return in_flight(world, gateway)


def named(world: World, rule: str) -> list[str]:
    with world.db.read() as session:
        return [f.sentence for f in invariants.check(session) if f.rule == rule]


@pytest.mark.asvs("15.4.2")
def test_stopped_and_posted_at_once_a_payment_ends_one_way(world: World, stripe: SIM) -> None:
    simulator, gateway = stripe
    ends = []
    for _ in range(ROUNDS):
        instruction, payment = flying(world, gateway)
        both = threading.Barrier(2)

        def stop(instruction: InstructionId = instruction, both: threading.Barrier = both) -> str:
            both.wait()
            try:
                return canceling.cancel(
                    world.db,
                    gateway,
                    instruction_id=instruction,
                    why="The family was paid by a relative.",
                    by=world.staff["ben"],
                    clock=world.clock,
                )
            except (TooLateToCancel, NothingInFlight):
                return "too late"

        attempt = world.attempts(instruction)[-1].id

        def post(
            payment: str = payment, attempt: AttemptId = attempt, both: threading.Barrier = both
        ) -> None:
            """The bank's posting, and the event that tells of it: heard, looked up, written down."""
            both.wait()
            try:
                simulator.bank.settle(payment)
            except Problem:
                return
            heard = Known(gateway.look_up(payment))
            with world.db.work() as session:
                attempts.record_outcome(
                    session, attempt_id=attempt, outcome=heard, by=HEARD, now=world.clock()
                )

        with ThreadPoolExecutor(2) as pool:
            said, posted = pool.submit(stop), pool.submit(post)
            posted.result()
            stopped = said.result() == "canceled"
        end = world.instruction(instruction).state
        assert (end == "failed") == stopped
        ends.append(end)
        assert gateway.look_up(payment).status.value == ("canceled" if stopped else "posted")
    paid = 40_000 * ends.count("settled")
    assert sorted(set(ends) - {"failed", "settled"}) == []
    assert world.books(world.cents)[2:] == (40_000 * ends.count("failed"), paid)
    with world.db.read() as session:
        assert [f for f in invariants.check(session) if "balance" in f.rule or "event" in f.rule] == []


def test_another_bank_without_two_people_is_found(world: World, stripe: SIM, superuser: str) -> None:
    simulator, gateway = stripe
    instruction, payment = flying(world, gateway)
    simulator.bank.fail(payment)
    with world.db.work() as session:
        attempts.record_outcome(
            session,
            attempt_id=world.attempts(instruction)[-1].id,
            outcome=Known(gateway.look_up(payment)),
            by=HEARD,
            now=world.clock(),
        )
        actions.try_again(session, instruction_id=instruction, by=world.staff["ben"], now=world.clock())
    simulator.bank.collect_bank_details(payments_at(simulator)[0]["to"]["recipient"])
    with pytest.raises(BankChanged):
        world.send(gateway, instruction)
    for who in ("ben", "carla"):
        with world.db.work() as session:
            reapproving.approve(session, instruction_id=instruction, by=world.staff[who], now=world.clock())
    assert world.send(gateway, instruction) == "in_flight"
    assert named(world, "another bank without two people") == []
    owner = sa.create_engine(superuser)
    plant(owner, "payment_reapprovals", "UPDATE payment_reapprovals SET after_attempt = 0")
    owner.dispose()
    (found,) = named(world, "another bank without two people")
    assert found.startswith(f"Attempt 2 of instruction {instruction} names another bank account")


def test_a_key_that_may_not_pay_holds_up_the_whole_rail_and_is_heard_of_once(
    world: World, stripe: SIM
) -> None:
    """Turned away at the door the attempt keeps its key; when Stripe lets it in, the rail is ready again."""
    simulator, gateway = stripe
    instruction = world.advance(gateway)

    def state(*, on: bool = True) -> Rail:
        with world.db.read() as session:
            assert rail.is_held_up(session) == (world.instruction(instruction).trouble == "not_permitted")
            return rail.rail_now(session, on=on).state

    pays = "/v2/money_management/outbound_payments"
    simulator.faults.order("refuse", path=pays, status=403, code="forbidden")
    assert (state(), state(on=False)) == (Rail.READY, Rail.OFF)
    assert world.send(gateway, instruction) == "open"
    assert (state(), world.instruction(instruction).trouble) == (Rail.NOT_ENABLED, "not_permitted")
    assert world.send_again(gateway, instruction) == "in_flight"
    assert (state(), world.instruction(instruction).trouble) == (Rail.READY, None)
    send: Callable[..., int] = rail.send_what_waits
    with world.db.work() as session, pytest.raises(NotAllowed):
        send(session, by=world.staff["ana"], now=world.clock())
    with world.db.work() as session, pytest.raises(NothingHeldUp, match="nothing is to be sent"):
        send(session, by=world.staff["ben"], now=world.clock())
