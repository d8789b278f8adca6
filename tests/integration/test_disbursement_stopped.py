"""A payment stopped in flight, and one tried anew at another bank account: never without two people."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from reunify.adapters.stripe_gateway import StripeGateway
from reunify.db import Database
from reunify.disbursement import actions, canceling, policy, reapproving
from reunify.disbursement.canceling import NothingInFlight, RailOff, TooLateToCancel
from reunify.disbursement.policy import NoWhy
from reunify.disbursement.ports import GatewayUnavailable
from reunify.disbursement.reapproval_policy import BankChanged, SecondIsFirst
from reunify.kernel.ids import InstructionId
from reunify.kernel.refusals import NotAllowed, NotFound
from reunify.sandbox.stripe_simulator.serving import Running
from tests.integration.payment_world import (
    World,
    in_flight,
    make_world,
    payments_at,
)

SIM = tuple[Running, StripeGateway]
WHY = "The family was paid by a relative."


@pytest.fixture
def world(db: Database, superuser: str) -> World:
    return make_world(db, superuser)


def stop(world: World, gateway: StripeGateway | None, instruction: InstructionId, **said: str) -> str:
    by = world.staff[said.get("who", "ben")]
    why = said.get("why", WHY)
    return canceling.cancel(world.db, gateway, instruction_id=instruction, why=why, by=by, clock=world.clock)


def try_again(world: World, instruction: InstructionId) -> None:
    with world.db.work() as session:
        actions.try_again(session, instruction_id=instruction, by=world.staff["ben"], now=world.clock())


def approve(world: World, instruction: InstructionId, who: str) -> str:
    with world.db.work() as session:
        return reapproving.approve(
            session, instruction_id=instruction, by=world.staff[who], now=world.clock()
        )


def failed_at_the_bank(world: World, stripe: SIM) -> InstructionId:
    """Tried once, refused by the bank; the payee then gave Stripe another account."""
    simulator, gateway = stripe
    instruction, payment = in_flight(world, gateway)
    simulator.bank.fail(payment)
    with pytest.raises(TooLateToCancel):
        stop(world, gateway, instruction)
    assert world.instruction(instruction).state == "failed"
    recipient = simulator.bank.payment(payment)["to"]["recipient"]
    simulator.bank.collect_bank_details(recipient)
    try_again(world, instruction)
    return instruction


def test_a_payment_stopped_in_time_paid_nothing_and_a_person_decides_what_now(
    world: World, stripe: SIM
) -> None:
    _, gateway = stripe
    instruction, _ = in_flight(world, gateway)
    assert stop(world, gateway, instruction) == "canceled"
    after = world.instruction(instruction)
    assert (after.state, after.trouble) == ("failed", "canceled")
    assert world.books(world.cents)[2:] == (40_000, 0)
    with pytest.raises(NothingInFlight, match="nothing to stop"):
        stop(world, gateway, instruction)
    try_again(world, instruction)
    assert world.send(gateway, instruction) == "in_flight"


def test_a_payment_posted_while_a_person_wished_to_stop_it_is_posted(world: World, stripe: SIM) -> None:
    simulator, gateway = stripe
    instruction, payment = in_flight(world, gateway)
    simulator.bank.settle(payment)
    with pytest.raises(TooLateToCancel, match="can no longer stop"):
        stop(world, gateway, instruction)
    assert world.instruction(instruction).state == "settled"
    assert world.books(world.cents)[2:] == (0, 40_000)


def test_one_stopped_at_stripe_before_us_counts_as_stopped(world: World, stripe: SIM) -> None:
    _, gateway = stripe
    instruction, payment = in_flight(world, gateway)
    gateway.cancel(payment)
    assert stop(world, gateway, instruction) == "canceled"


def test_stopping_needs_a_finance_person_a_reason_and_the_rail(world: World, stripe: SIM) -> None:
    _, gateway = stripe
    instruction, payment = in_flight(world, gateway)
    with pytest.raises(NotAllowed):
        stop(world, gateway, instruction, who="ana")
    with pytest.raises(NoWhy):
        stop(world, gateway, instruction, why=" ")
    with pytest.raises(RailOff, match="switched off"):
        stop(world, None, instruction)
    assert gateway.look_up(payment).status.value == "processing"


def test_the_same_bank_account_needs_no_fresh_approval(world: World, stripe: SIM) -> None:
    simulator, gateway = stripe
    instruction, _ = in_flight(world, gateway)
    stop(world, gateway, instruction)
    try_again(world, instruction)
    assert world.send(gateway, instruction) == "in_flight"
    first, second = (simulator.bank.payment(str(a.payment)) for a in world.attempts(instruction))
    assert first["to"]["payout_method"] == second["to"]["payout_method"]


def test_another_bank_account_is_paid_only_after_two_people_said_so(world: World, stripe: SIM) -> None:
    simulator, gateway = stripe
    instruction = failed_at_the_bank(world, stripe)
    for _ in range(2):
        with pytest.raises(BankChanged, match="two finance people"):
            world.send(gateway, instruction)
    assert len(payments_at(simulator)) == 1
    with pytest.raises(NotAllowed):
        approve(world, instruction, "ana")
    assert approve(world, instruction, "ben") == "half_approved"
    with pytest.raises(SecondIsFirst):
        approve(world, instruction, "ben")
    with pytest.raises(BankChanged):
        world.send(gateway, instruction)
    assert approve(world, instruction, "carla") == "approved"
    with world.db.read() as session:
        assert reapproving.waiting(session, instruction) is None
    assert world.send(gateway, instruction) == "in_flight"
    with pytest.raises(NotFound):
        approve(world, instruction, "carla")


def test_an_approval_of_one_account_is_none_of_the_next(world: World, stripe: SIM) -> None:
    simulator, gateway = stripe
    instruction = failed_at_the_bank(world, stripe)
    with pytest.raises(BankChanged):
        world.send(gateway, instruction)
    approve(world, instruction, "ben")
    approve(world, instruction, "carla")
    (payment,) = payments_at(simulator)
    simulator.bank.collect_bank_details(payment["to"]["recipient"])
    with pytest.raises(BankChanged):
        world.send(gateway, instruction)
    assert len(world.attempts(instruction)) == 1


def test_the_database_itself_refuses_one_person_twice(world: World, stripe: SIM, superuser: str) -> None:
    _, gateway = stripe
    instruction = failed_at_the_bank(world, stripe)
    with pytest.raises(BankChanged):
        world.send(gateway, instruction)
    approve(world, instruction, "ben")
    engine = sa.create_engine(superuser)
    same = "UPDATE payment_reapprovals SET state = 'approved', second_by = first_by, second_at = first_at"
    with engine.begin() as connection, pytest.raises(sa.exc.IntegrityError, match="second_is_another"):
        connection.execute(sa.text(same))
    engine.dispose()


def test_nothing_else_is_decided_while_the_payment_may_still_post(world: World, stripe: SIM) -> None:
    simulator, gateway = stripe
    instruction, payment = in_flight(world, gateway)
    simulator.faults.order(
        "error_429", path=f"/v2/money_management/outbound_payments/{payment}/cancel", times=5
    )
    with pytest.raises(GatewayUnavailable, match="did not answer"):
        stop(world, gateway, instruction)
    assert policy.decisions(world.instruction(instruction).state, ["in_flight"]) == []
    assert world.attempts(instruction)[-1].state == "in_flight"
