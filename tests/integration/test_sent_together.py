"""Several payments under one commit: each is refused, lost or paid by itself, and none pays for another."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from flows import disburse
from reunify.adapters.stripe_gateway import StripeGateway
from reunify.consent.policy import NoConsentFor
from reunify.db import Database, LostTheTurn
from reunify.disbursement import attempts, books, canceling, last_look, policy, sending
from reunify.disbursement.outcomes import Known, Outcome, Payment, Status
from reunify.intake.form import Settlement
from reunify.kernel.ids import AttemptId, AwardId, FundId, InstructionId
from reunify.kernel.money import Money
from reunify.kernel.together import CALLS_AT_ONCE, UNDER_ONE_COMMIT, together
from reunify.ledger import actions as ledger
from reunify.ledger.policy import BudgetCategory, Cash, Unit
from reunify.payees import agreement
from reunify.payees.agreement import Leave
from reunify.reconciliation import queries as differences
from reunify.reconciliation import sweeping
from reunify.reconciliation.policy import Kind
from reunify.sandbox.stripe_simulator.serving import Running
from reunify.sandbox.stripe_simulator.shapes import FINANCIAL_ACCOUNT
from reunify.vault import keepers
from tests.integration import outage_world
from tests.integration.crash.house import house_of
from tests.integration.payment_world import FLOW, KEY, OPENING, World, make_world, payments_at, some_uuid
from tests.integration.test_cash_accounts import own_money, sets
from tests.integration.test_consents import answer, register, take_back

SIM = tuple[Running, StripeGateway]
PAYMENTS = "/v2/money_management/outbound_payments"


@pytest.fixture
def world(db: Database, superuser: str) -> World:
    return make_world(db, superuser)


def several(world: World, gateway: StripeGateway, count: int) -> list[InstructionId]:
    """Of an award each, so that nothing but the commit is shared."""
    made = []
    for _ in range(count):
        world.award = AwardId(some_uuid())
        made += world.instruct(world.line("mother", Settlement.ADVANCE, 1_000))
    asked = {"instruction_id": made[0], "by": FLOW, "clock": world.clock}
    assert sending.ensure_recipient(world.db, gateway, **asked)
    return made


def test_of_several_sent_at_once_the_others_arrive_and_the_failed_one_is_alone(
    world: World, stripe: SIM, tmp_path: Path
) -> None:
    simulator, gateway = stripe
    sound = several(world, gateway, 5)
    world.digest = "as it was before"
    (changed,) = several(world, gateway, 1)
    house = house_of(world, gateway, tmp_path)
    simulator.faults.order("refuse", path=PAYMENTS, code="invalid_payout_method")
    simulator.faults.order("lose_response", path=PAYMENTS)

    assert disburse.disburse(house, [changed, *sound], None) == 5

    assert (world.instruction(changed).state, world.instruction(changed).trouble) == (
        "ready",
        "approval_changed",
    )
    assert world.attempts(changed) == []
    tried = {one: world.attempts(one) for one in sound}
    assert {len(attempts) for attempts in tried.values()} == {1}
    assert Counter(a.state for (a,) in tried.values()) == {"in_flight": 3, "failed": 1, "unknown": 1}
    assert Counter(world.instruction(one).state for one in sound) == {"sending": 4, "failed": 1}
    (lost,) = [a for (a,) in tried.values() if a.state == "unknown"]
    world.clock.later += timedelta(minutes=6)
    assert disburse.disburse_again(house, [lost.id], None) == 1
    assert len(payments_at(simulator)) == 4  # the lost answer made none of its own

    # All are paid; what Stripe says of one of them is not what was asked for.
    paid = payments_at(simulator)
    for payment in paid:
        simulator.bank.settle(payment["id"])
    other = simulator.bank.store.get("payment", paid[0]["id"])
    assert other is not None
    simulator.bank.store.put("payment", {**other, "amount": {"value": 999, "currency": "usd"}})
    world.clock.later += timedelta(minutes=1)
    assert sweeping.poll(world.db, gateway, by=FLOW, clock=world.clock) == 4
    assert Counter(world.instruction(one).state for one in sound) == {
        "settled": 3,
        "sending": 1,
        "failed": 1,
    }
    assert world.books(world.cents) == (OPENING - 6_000, 0, 3_000, 3_000)
    with world.db.read() as session:
        found = [(d.kind, d.object_id) for d in differences.open_differences(session)]
    assert found == [(Kind.OTHER_AMOUNT, paid[0]["id"])]


class Meanwhile(StripeGateway):
    """Something else happens after all are frozen, before the first is asked for."""

    happens: Callable[[], None] | None = None

    def send(self, params: dict[str, Any], *, key: str) -> Outcome:
        happens, self.happens = self.happens, None
        if happens is not None:
            happens()
        return super().send(params, key=key)


def test_what_happens_between_the_freezing_and_the_calls_waits_for_no_call_and_stops_none(
    world: World, stripe: SIM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator, plain = stripe
    monkeypatch.setattr(sending, "CALLS_AT_ONCE", 1)
    sets(world, "suspense_fund", own_money(world))
    sound = several(world, plain, 3)
    (later,) = several(world, plain, 1)
    gateway = Meanwhile(key=KEY, financial_account=FINANCIAL_ACCOUNT, base=simulator.url)
    house = house_of(world, gateway, tmp_path)
    seen = []

    def happens() -> None:
        with world.db.work() as session:
            session.execute(sa.text("SET LOCAL lock_timeout = 1"))  # whatever is held, fails
            session.execute(
                sa.text("SELECT 1 FROM instructions, attempts FOR UPDATE OF instructions, attempts")
            )
        with pytest.raises(canceling.NothingInFlight):
            canceling.cancel(
                world.db,
                plain,
                instruction_id=sound[1],
                why="They called.",
                by=world.staff["ben"],
                clock=world.clock,
            )
        outage_world.record(world, proved=False, payee_key="mother")
        take_back(world)
        seen.append([a.state for one in sound for a in world.attempts(one)])

    gateway.happens = happens
    assert disburse.disburse(house, [*sound], None) == 3
    assert seen == [["open"] * 3]
    assert [a.state for one in sound for a in world.attempts(one)] == ["in_flight"] * 3
    assert disburse.disburse(house, [later], None) == 0  # what was not frozen by then is told to nobody
    assert (world.attempts(later), len(payments_at(simulator))) == ([], 3)
    gateway.close()


def test_the_longest_group_of_silent_calls_is_over_before_anybody_sends_them_again() -> None:
    """A call is given up after the connection's time and the answer's; it is not tried again by itself."""
    rounds = -(-UNDER_ONE_COMMIT // CALLS_AT_ONCE)
    assert timedelta(seconds=rounds * (3 + 20)) < policy.CALL_LASTS_AT_MOST


@pytest.mark.parametrize("of", ["open_attempts", "record_outcome"])
def test_a_group_that_the_database_ends_is_paid_once_all_the_same(
    world: World, stripe: SIM, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, of: str
) -> None:
    """As it is frozen: all go alone. As it is written down: each alone, and, where that is lost too, asked
    again with its key."""
    simulator, gateway = stripe
    sound = several(world, gateway, 3)
    house = house_of(world, gateway, tmp_path)
    lost = ["record_outcomes", of] if of == "record_outcome" else [of]
    for name in lost:
        place = sending if name == "open_attempts" else attempts
        monkeypatch.setattr(place, name, losing_the_turn_once(getattr(place, name)))

    disburse.disburse(house, [*sound], None)
    world.clock.later += policy.CALL_LASTS_AT_MOST * 2
    disburse.disburse_again(house, disburse.find_unsent(house, world.db, 9), None)

    tried = [a for one in sound for a in world.attempts(one)]
    assert [(a.number, a.state) for a in tried] == [(1, "in_flight")] * 3
    assert {p["id"] for p in payments_at(simulator)} == {a.payment for a in tried}
    assert [world.instruction(one).state for one in sound] == ["sending"] * 3


def losing_the_turn_once(do: Callable[..., Any]) -> Callable[..., Any]:
    """After the work, before the commit: nothing of it stands."""
    waiting = [LostTheTurn("Try again.")]

    def done(session: Session, **said: Any) -> Any:
        made = do(session, **said)
        if waiting:
            raise waiting.pop()
        return made

    return done


def test_two_groups_that_post_in_two_funds_in_opposite_orders_do_not_wait_for_each_other(
    world: World, stripe: SIM, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, gateway = stripe
    one, other = world.cents, another_fund(world)
    rising: list[InstructionId] = []
    falling: list[InstructionId] = []
    while not (rising and falling):  # a group is worked through in the order of its ids
        pair = []
        for world.cents in (one, other):
            pair += several(world, gateway, 1)
            world.send(gateway, pair[-1])
        if pair == sorted(pair):
            rising = pair
        else:
            falling = pair
    spend = books.spend

    def spend_slowly(*args: Any, **said: Any) -> None:
        spend(*args, **said)
        time.sleep(0.05)

    monkeypatch.setattr(books, "spend", spend_slowly)

    def group(instructions: list[InstructionId]) -> None:
        outcomes: dict[AttemptId, Outcome] = {}
        for (flying,) in map(world.attempts, instructions):
            outcomes[flying.id] = Known(Payment(str(flying.payment), Status.POSTED, Money(1_000)))
        with world.db.work() as session:
            attempts.record_outcomes(session, outcomes=outcomes, by=FLOW, now=world.clock())

    together(group, [rising, falling])  # else one of them loses its turn
    assert [world.instruction(i).state for i in (*rising, *falling)] == ["settled"] * 4


def another_fund(world: World) -> FundId:
    fund = FundId(some_uuid())
    said: dict[str, Any] = {"fund_id": fund, "amount": 50_000, "by": FLOW, "now": world.clock()}
    with world.db.work() as session:
        ledger.authorise(
            session,
            external_ref="more",
            budget_category=BudgetCategory.TRANSPORT,
            unit=Unit.CENTS,
            **said,
        )
        ledger.draw_down(session, external_ref="drawn", cash=Cash.STRIPE, **said)
    return fund


def test_a_leave_stands_until_anything_it_was_read_from_changes(world: World, stripe: SIM) -> None:
    _, gateway = stripe
    (instruction,) = several(world, gateway, 1)
    mother, now = world.payees["mother"], world.clock()

    def leave() -> Leave:
        with world.db.work() as session:
            found = agreement.leaves_for_stripe(session, [mother], now=now)[mother][1]
        assert isinstance(found, Leave)
        return found

    def stands(before: Leave) -> bool:
        with world.db.work() as session:
            look = last_look.look(session, {instruction: world.request})[instruction]
        return before.stands(look.agreed, payee=mother, now=now)

    before = leave()
    assert stands(before)
    assert not before.stands(before.so_far, payee=world.payees["airline"], now=now)
    assert not before.stands(before.so_far, payee=mother, now=before.permit.until)
    assert not replace(before, day=now.date() - timedelta(days=1)).stands(
        before.so_far, payee=mother, now=now
    )
    answer(world, {"/payees/1/name": "Prairie Airways"})  # a version more
    assert not stands(before)
    before = leave()
    register(world, "airline")  # a version of a payee more
    assert not stands(before)
    told = leave()
    take_back(world)
    assert not stands(told)
    with pytest.raises(NoConsentFor, match="taken back"):  # what the leave said is not believed
        sending.send(
            world.db,
            gateway,
            instruction_id=instruction,
            standing_digest=lambda _session, _award: world.digest,
            leave=told,
            by=FLOW,
            clock=world.clock,
        )
    with world.db.work() as session:
        agreed = last_look.look(session, {instruction: world.request})[instruction].agreed
        keepers.destroy(session, keeper=world.request, now=now)
    with world.db.work() as session:
        assert last_look.look(session, {instruction: world.request})[instruction].agreed != agreed
