"""Events, polling and the daily proof, over HTTP against the simulator, with everything out of order."""

from __future__ import annotations

import http.client
import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from reunify.adapters.embedded_postgres import Urls
from reunify.adapters.stripe_gateway import StripeGateway
from reunify.db import Database
from reunify.disbursement.ports import PaymentOrder
from reunify.kernel.ids import AwardId, InstructionId
from reunify.kernel.money import Money
from reunify.kernel.refusals import NotAllowed, NotFound
from reunify.reconciliation import actions, queries, sweeping
from reunify.reconciliation.policy import Kind, NotAnEvent, NotStripe
from reunify.sandbox.stripe_simulator.postman import signature
from reunify.sandbox.stripe_simulator.serving import Running
from tests.integration.payment_world import (
    FLOW,
    OPENING,
    SECRET,
    World,
    make_world,
    payments_at,
    some_uuid,
    stripe_side,
    superuser_of,
    webhook_door,
)
from tests.integration.test_cash_accounts import own_money, sets
from tests.permits import for_stripe

TYPE = "v2.money_management.outbound_payment."


@pytest.fixture
def world(db: Database, server: Urls, database_name: str) -> World:
    return make_world(db, superuser_of(server.superuser, database_name))


@contextmanager
def joined(world: World, folder: Path, **options: Any) -> Iterator[tuple[Running, StripeGateway]]:
    """Stripe posting its events to our door."""
    with (
        webhook_door(world.db, world.clock) as url,
        stripe_side(folder, webhook_url=url, retry_after=0.05, **options) as both,
    ):
        yield both


def work(world: World, gateway: StripeGateway) -> int:
    return sweeping.work_inbox(world.db, gateway, by=FLOW, clock=world.clock)


def poll(world: World, gateway: StripeGateway) -> int:
    world.clock.later += timedelta(minutes=1)
    return sweeping.poll(world.db, gateway, by=FLOW, clock=world.clock)


def until(world: World, gateway: StripeGateway, true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        work(world, gateway)
        if true():
            return True
        time.sleep(0.03)
    return False


def state(world: World, instruction: InstructionId) -> str:
    return world.instruction(instruction).state


def receive(world: World, event: dict[str, Any], *, secret: str = SECRET, late: int = 0) -> str:
    raw = json.dumps(event)
    header = signature(raw, secrets=[secret], at=int(world.clock().timestamp()) - late)
    with world.db.work() as session:
        return actions.receive(
            session, raw=raw.encode(), signature=header, secrets=("whsec_new", SECRET), now=world.clock()
        )


def differences(world: World) -> set[tuple[Kind, str]]:
    with world.db.read() as session:
        return {(d.kind, d.object_id) for d in queries.open_differences(session)}


def prove(world: World, gateway: StripeGateway) -> set[tuple[Kind, str]]:
    found = sweeping.prove(world.db, gateway, clock=world.clock)
    return {(d.kind, d.object_id) for d in found}


def test_an_event_tells_us_that_a_payment_posted_and_the_books_agree(world: World, tmp_path: Path) -> None:
    with joined(world, tmp_path, settle_after=0.1) as (_, gateway):
        instruction = world.advance(gateway)
        world.send(gateway, instruction)
        assert until(world, gateway, lambda: state(world, instruction) == "settled")
        assert prove(world, gateway) == set()
    assert world.books(world.cents) == (OPENING - 40_000, 0, 0, 40_000)


def test_the_created_event_alone_recovers_a_payment_whose_answer_was_lost(
    world: World, tmp_path: Path
) -> None:
    with joined(world, tmp_path) as (simulator, gateway):
        instruction = world.advance(gateway)
        simulator.faults.order("lose_response")
        assert world.send(gateway, instruction) == "unknown"
        assert until(world, gateway, lambda: world.attempts(instruction)[0].state == "in_flight")
        assert world.attempts(instruction)[0].payment == payments_at(simulator)[0]["id"]


def test_copies_in_any_order_leave_the_same_books(world: World, tmp_path: Path) -> None:
    with stripe_side(tmp_path) as (simulator, gateway):
        made = [world.advance(gateway)]
        world.send(gateway, made[0])
        payment = payments_at(simulator)[0]["id"]
        simulator.bank.settle(payment)
        simulator.bank.give_back(payment)
        events = [e for e in simulator.bank.store.all("event") if e["type"].startswith(TYPE)] * 3
        assert len(events) == 9
        random.Random(7).shuffle(events)
        for event in events:
            receive(world, event)
            work(world, gateway)
        assert state(world, made[0]) == "returned"
        assert world.books(world.cents) == (OPENING - 40_000, 0, 40_000, 0)
        assert world.cash() == OPENING
        assert prove(world, gateway) == set()


def test_duplicated_and_shuffled_deliveries_of_many_payments_pay_and_spend_each_once(
    world: World, tmp_path: Path
) -> None:
    with joined(world, tmp_path, settle_after=0.1) as (simulator, gateway):
        simulator.postman.shuffle, simulator.postman.copies = True, 2
        made = []
        for number in range(6):
            world.award = AwardId(some_uuid())
            instruction = world.advance(gateway, 1_000 + number)
            if number % 2:
                simulator.faults.order("lose_response")
            world.send(gateway, instruction)
            made.append(instruction)
        assert until(world, gateway, lambda: all(state(world, i) == "settled" for i in made))
        assert len(payments_at(simulator)) == 6
        assert world.books(world.cents)[3] == sum(range(1_000, 1_006))
        assert prove(world, gateway) == set()


def test_a_failure_after_sending_waits_for_a_person(world: World, tmp_path: Path) -> None:
    with joined(world, tmp_path) as (simulator, gateway):
        instruction = world.advance(gateway)
        world.send(gateway, instruction)
        simulator.bank.fail(payments_at(simulator)[0]["id"])
        assert until(world, gateway, lambda: state(world, instruction) == "failed")
        assert world.instruction(instruction).trouble == "payout_method_declined"
        assert prove(world, gateway) == set()


@pytest.mark.parametrize(
    ("secret", "late"), [("whsec_wrong", 0), (SECRET, 400), (SECRET, -400)], ids=["wrong", "old", "future"]
)
def test_an_event_not_signed_by_stripe_just_now_is_not_kept(world: World, secret: str, late: int) -> None:
    event = {"id": "evt_1", "object": "v2.core.event", "type": TYPE + "posted", "livemode": False}
    with pytest.raises(NotStripe):
        receive(world, event, secret=secret, late=late)
    with world.db.read() as session:
        assert queries.unhandled(session, now=world.clock()) == []


def test_the_old_and_the_new_secret_are_both_taken_while_it_is_replaced(world: World) -> None:
    event = {"id": "evt_1", "object": "v2.core.event", "type": "v2.new.thing", "livemode": False}
    assert receive(world, event, secret="whsec_new") == "evt_1"
    assert receive(world, event, secret=SECRET) == "evt_1"
    with world.db.read() as session:
        assert len(queries.unhandled(session, now=world.clock())) == 1


def test_an_event_of_the_other_mode_is_refused(world: World) -> None:
    event = {"id": "evt_1", "object": "v2.core.event", "type": TYPE + "posted", "livemode": True}
    with pytest.raises(NotAnEvent):
        receive(world, event)


def test_the_door_turns_a_forged_event_away(world: World) -> None:
    with webhook_door(world.db, world.clock) as url:
        to = urlsplit(url)
        wire = http.client.HTTPConnection(to.hostname or "", to.port)
        wire.request("POST", to.path, b"{}", {"Stripe-Signature": "t=1,v1=" + "0" * 64})
        assert wire.getresponse().status == 400
        wire.close()


def test_an_event_of_an_unknown_type_is_kept_and_done_with(world: World, tmp_path: Path) -> None:
    with joined(world, tmp_path) as (simulator, gateway):
        simulator.bank.announce("v2.money_management.something_new.happened")
        assert until(world, gateway, lambda: simulator.bank.store.undelivered() == 0)
        work(world, gateway)
        with world.db.read() as session:
            assert queries.unhandled(session, now=world.clock()) == []
            assert queries.parked(session) == []


def test_an_event_about_a_payment_that_does_not_exist_is_set_aside_and_the_rest_goes_on(
    world: World, tmp_path: Path
) -> None:
    with stripe_side(tmp_path) as (simulator, gateway):
        instruction = world.advance(gateway)
        world.send(gateway, instruction)
        simulator.bank.settle(payments_at(simulator)[0]["id"])
        ghost = {"id": "obp_test_ghost", "type": "x", "url": "http://127.0.0.1:1/"}
        poison = {"id": "evt_0", "object": "v2.core.event", "type": TYPE + "posted", "livemode": False}
        receive(world, {**poison, "related_object": ghost})
        for event in simulator.bank.store.all("event"):
            receive(world, event)
        work(world, gateway)
        with world.db.read() as session:
            assert [(n.id, why) for n, why in queries.parked(session)] == [("evt_0", "no_such_payment")]
        assert state(world, instruction) == "settled"


def test_while_stripe_does_not_answer_events_wait_longer_each_time(world: World) -> None:
    nowhere = StripeGateway(key="sk_test_1", financial_account="fa_1", base="http://127.0.0.1:9")
    nowhere._client._requestor._options.max_network_retries = 0
    about = {"id": "obp_test_1", "type": "x", "url": "/"}
    event = {"id": "evt_1", "object": "v2.core.event", "type": TYPE + "posted", "livemode": False}
    receive(world, {**event, "related_object": about})
    assert work(world, nowhere) == 1
    assert work(world, nowhere) == 0
    world.clock.later += timedelta(seconds=5)
    assert work(world, nowhere) == 1
    for _ in range(12):
        world.clock.later += timedelta(minutes=15)
        work(world, nowhere)
    with world.db.read() as session:
        assert [why for _, why in queries.parked(session)] == ["never_answered"]
    nowhere.close()


def test_the_poller_needs_no_event(world: World, tmp_path: Path) -> None:
    with stripe_side(tmp_path) as (simulator, gateway):
        instruction = world.advance(gateway)
        world.send(gateway, instruction)
        assert sweeping.poll(world.db, gateway, by=FLOW, clock=world.clock) == 0  # not yet due
        assert poll(world, gateway) == 1
        assert state(world, instruction) == "sending"
        simulator.bank.settle(payments_at(simulator)[0]["id"])
        assert poll(world, gateway) == 1
        assert state(world, instruction) == "settled"
        assert poll(world, gateway) == 0


def test_the_sweep_finds_late_returns_and_lost_answers(world: World, tmp_path: Path) -> None:
    with stripe_side(tmp_path) as (simulator, gateway):
        first = world.advance(gateway)
        world.send(gateway, first)
        payment = payments_at(simulator)[0]["id"]
        simulator.bank.settle(payment)
        poll(world, gateway)
        simulator.bank.give_back(payment)
        world.award = AwardId(some_uuid())
        second = world.advance(gateway, 500)
        simulator.faults.order("lose_response")
        world.send(gateway, second)
        assert sweeping.sweep(world.db, gateway, by=FLOW, clock=world.clock) == 2
        assert state(world, first) == "returned"
        assert world.attempts(second)[0].state == "in_flight"
        assert sweeping.sweep(world.db, gateway, by=FLOW, clock=world.clock) == 0


def test_a_payment_made_past_our_two_people_is_reported_until_a_person_explains_it(
    world: World, tmp_path: Path
) -> None:
    with stripe_side(tmp_path) as (simulator, gateway):
        world.advance(gateway)
        (account,) = simulator.bank.store.all("account")
        payee = some_uuid()
        permit = for_stripe(some_uuid(), payee=payee)
        order = PaymentOrder(some_uuid(), account["id"], Money(7_700), permit, payee)
        params = gateway.prepare(order)
        gateway.send(params, key="reunify:disb:00000000-0000-4000-8000-000000000002:1")
        (payment,) = payments_at(simulator)
        simulator.bank.settle(payment["id"])
        sweeping.sweep(world.db, gateway, by=FLOW, clock=world.clock)
        expected = {(Kind.PAYMENT_NOT_OURS, payment["id"]), (Kind.CASH_DIFFERS, "cash")}
        assert prove(world, gateway) == expected
        assert prove(world, gateway) == expected  # found again, written down once
        assert differences(world) == expected
        with world.db.read() as session:
            found = {d.kind: d.id for d in queries.open_differences(session)}
        ask = {"difference_id": found[Kind.PAYMENT_NOT_OURS], "why": "Typed by hand", "now": world.clock()}
        with world.db.work() as session, pytest.raises(NotAllowed):
            actions.resolve(session, by=world.staff["ana"], **ask)  # type: ignore[arg-type]
        with world.db.work() as session:
            actions.resolve(session, by=world.staff["ben"], **ask)  # type: ignore[arg-type]
        with world.db.work() as session, pytest.raises(NotFound):
            actions.resolve(session, by=world.staff["ben"], **ask)  # type: ignore[arg-type]
        prove(world, gateway)
        assert differences(world) == {(Kind.CASH_DIFFERS, "cash")}

        sets(world, "suspense_fund", own_money(world))
        sweeping.sweep(world.db, gateway, by=FLOW, clock=world.clock)
        assert prove(world, gateway) == {(Kind.PAYMENT_NOT_OURS, payment["id"])}
        assert differences(world) == set(), "it is in suspense, and a person has said how it came about"


def test_a_difference_of_timing_closes_itself(world: World, tmp_path: Path) -> None:
    with stripe_side(tmp_path) as (simulator, gateway):
        instruction = world.advance(gateway)
        world.send(gateway, instruction)
        payment = payments_at(simulator)[0]["id"]
        simulator.bank.settle(payment)
        assert prove(world, gateway) == {
            (Kind.PAYMENT_NOT_IN_LEDGER, payment),
            (Kind.CASH_DIFFERS, "cash"),
        }
        poll(world, gateway)
        assert prove(world, gateway) == set()
        assert differences(world) == set()


def test_money_on_its_way_out_is_no_difference(world: World, tmp_path: Path) -> None:
    with stripe_side(tmp_path) as (_, gateway):
        world.send(gateway, world.advance(gateway))
        assert prove(world, gateway) == set()
