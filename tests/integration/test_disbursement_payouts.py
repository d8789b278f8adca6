"""Paying a family through Stripe, with everything that can go wrong between two databases and a wire."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from reunify.adapters.stripe_gateway import StripeGateway
from reunify.db import Database
from reunify.disbursement import actions, attempts, opening, policy, queries, sending, unsent
from reunify.disbursement.outcomes import Known, NotSent, Payment, Status, Unclear
from reunify.disbursement.policy import NotObligated
from reunify.intake.form import Settlement
from reunify.kernel.ids import InstructionId
from reunify.kernel.money import Money
from reunify.kernel.moves import WrongState
from reunify.kernel.refusals import NotAllowed, Refused
from reunify.payees import actions as payees
from reunify.payees import queries as payee_queries
from reunify.sandbox.stripe_simulator.serving import Running
from tests.integration.payment_world import (
    FLOW,
    OPENING,
    World,
    days_of,
    entries_of,
    here,
    make_world,
    payments_at,
    some_uuid,
    stripe_side,
)
from tests.permits import for_stripe

SIM = tuple[Running, StripeGateway]


@pytest.fixture
def world(db: Database, superuser: str) -> World:
    return make_world(db, superuser)


def record(world: World, instruction: InstructionId, outcome: object) -> str:
    (attempt,) = [a for a in world.attempts(instruction) if a.state in policy.ALIVE or a.payment]
    with world.db.work() as session:
        return attempts.record_outcome(
            session,
            attempt_id=attempt.id,
            outcome=outcome,  # type: ignore[arg-type]
            by=FLOW,
            now=world.clock(),
        )


def follow(world: World, gateway: StripeGateway, instruction: InstructionId) -> str:
    payment = world.attempts(instruction)[-1].payment
    assert payment
    return record(world, instruction, Known(gateway.look_up(payment)))


def test_an_advance_is_paid_once_and_spent_when_it_posts(world: World, stripe: SIM, superuser: str) -> None:
    simulator, gateway = stripe
    instruction = world.advance(gateway)
    assert world.send(gateway, instruction) == "in_flight"
    assert world.books(world.cents) == (OPENING - 40_000, 0, 40_000, 0)
    (payment,) = payments_at(simulator)
    simulator.bank.settle(payment["id"])
    assert follow(world, gateway, instruction) == "posted"
    assert world.instruction(instruction).state == "settled"
    assert world.books(world.cents) == (OPENING - 40_000, 0, 0, 40_000)
    assert world.cash() == OPENING - 40_000
    assert entries_of(superuser, f"{payment['id']}:posted") == [
        ("cash_stripe", -40_000),
        ("expended", 40_000),
        ("expense", 40_000),
        ("obligated", -40_000),
    ]


def test_hearing_twice_that_it_posted_spends_once(world: World, stripe: SIM) -> None:
    simulator, gateway = stripe
    instruction = world.advance(gateway)
    world.send(gateway, instruction)
    simulator.bank.settle(payments_at(simulator)[0]["id"])
    follow(world, gateway, instruction)
    follow(world, gateway, instruction)
    assert world.books(world.cents)[3] == 40_000


@pytest.mark.parametrize("fault", ["lose_response", "truncate", "error_500"])
def test_after_an_unclear_answer_the_same_key_makes_exactly_one_payment(
    world: World, stripe: SIM, fault: str
) -> None:
    simulator, gateway = stripe
    instruction = world.advance(gateway)
    simulator.faults.order(fault)
    assert world.send(gateway, instruction) == "unknown"
    assert world.instruction(instruction).state == "sending"
    assert world.send_again(gateway, instruction) == "in_flight"
    assert len(payments_at(simulator)) == 1
    (attempt,) = world.attempts(instruction)
    assert attempt.key == f"reunify:disb:{instruction}:1"


def test_turned_away_at_the_door_waits_and_is_sent_again(world: World, stripe: SIM) -> None:
    simulator, gateway = stripe
    instruction = world.advance(gateway)
    simulator.faults.order("error_429")
    assert world.send(gateway, instruction) == "open"
    with world.db.read() as session:
        assert queries.to_resend(session, now=world.clock()) == []
    assert world.send_again(gateway, instruction) == "in_flight"


def test_a_worker_that_died_after_the_call_is_taken_up_by_another(world: World, stripe: SIM) -> None:
    simulator, gateway = stripe
    instruction = world.advance(gateway)
    with world.db.work() as session:
        attempt = opening.open_attempt(
            session,
            instruction_id=instruction,
            standing_digest=lambda _session, _award: world.digest,
            prepare=gateway.prepare,
            by=FLOW,
            now=world.clock(),
        )
    gateway.send(attempt.params, key=attempt.key)  # and here the process dies
    with world.db.read() as session:
        assert queries.to_resend(session, now=world.clock()) == []
    assert world.send_again(gateway, instruction) == "in_flight"
    assert len(payments_at(simulator)) == 1


def test_a_no_after_an_unclear_try_proves_nothing(world: World, stripe: SIM) -> None:
    _, gateway = stripe
    instruction = world.advance(gateway)
    open_one(world, gateway, instruction)
    assert record(world, instruction, Unclear("time_out")) == "unknown"
    assert record(world, instruction, NotSent("insufficient_funds")) == "unknown"
    assert world.instruction(instruction).state == "sending"
    assert world.books(world.cents)[2] == 40_000


def test_a_definite_no_waits_for_a_finance_person_and_keeps_the_money_obligated(
    world: World, stripe: SIM
) -> None:
    _, gateway = stripe
    instruction = world.advance(gateway)
    open_one(world, gateway, instruction)
    assert record(world, instruction, NotSent("invalid_payout_method")) == "failed"
    assert world.instruction(instruction).trouble == "invalid_payout_method"
    assert world.instruction(instruction).state == "failed"
    with world.db.work() as session, pytest.raises(NotAllowed):
        actions.try_again(session, instruction_id=instruction, by=world.staff["ana"], now=world.clock())
    with world.db.work() as session:
        actions.try_again(session, instruction_id=instruction, by=world.staff["ben"], now=world.clock())
    assert world.send(gateway, instruction) == "in_flight"
    assert [a.number for a in world.attempts(instruction)] == [1, 2]


def test_no_second_attempt_while_the_first_may_still_pay(world: World, stripe: SIM) -> None:
    simulator, gateway = stripe
    instruction = world.advance(gateway)
    simulator.faults.order("lose_response")
    world.send(gateway, instruction)
    with pytest.raises(WrongState):
        world.send(gateway, instruction)
    with world.db.work() as session, pytest.raises(WrongState):
        actions.try_again(session, instruction_id=instruction, by=world.staff["ben"], now=world.clock())


def test_the_database_itself_refuses_two_open_attempts(world: World, stripe: SIM, superuser: str) -> None:
    _, gateway = stripe
    instruction = world.advance(gateway)
    world.send(gateway, instruction)
    engine = sa.create_engine(superuser)
    with engine.begin() as connection, pytest.raises(sa.exc.IntegrityError, match="uq_attempts_one_open"):
        connection.execute(
            sa.text(
                "INSERT INTO attempts SELECT gen_random_uuid(), instruction_id, 2, 'other', params, state, "
                "NULL, outcome, first_sent_at, calling_since, tries, try_after, settled_at FROM attempts"
            )
        )
    engine.dispose()


def test_eight_workers_open_one_attempt(world: World, stripe: SIM) -> None:
    simulator, gateway = stripe
    instruction = world.advance(gateway)

    def work(_: int) -> str:
        try:
            return world.send(gateway, instruction)
        except Refused as refused:
            return type(refused).__name__

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(work, range(8)))
    assert sorted(said) == ["WrongState"] * 7 + ["in_flight"]
    assert len(payments_at(simulator)) == 1


def test_after_twelve_hours_a_person_looks_before_anything_is_sent(world: World, stripe: SIM) -> None:
    simulator, gateway = stripe
    instruction = world.advance(gateway)
    simulator.faults.order("lose_response")
    world.send(gateway, instruction)
    world.clock.later = timedelta(hours=13)
    (attempt,) = world.attempts(instruction)
    with world.db.read() as session:
        assert queries.to_resend(session, now=world.clock()) == []
        assert [a.id for a in queries.needs_person(session, now=world.clock())] == [attempt.id]
    with pytest.raises(policy.UnknownTooLong):
        sending.send_again(world.db, gateway, attempt_id=attempt.id, by=FLOW, clock=world.clock)
    with world.db.work() as session:
        unsent.declare_unsent(
            session, attempt_id=attempt.id, why="not in Stripe", by=world.staff["ben"], now=world.clock()
        )
    assert world.instruction(instruction).state == "failed"


def test_a_changed_award_is_not_paid(world: World, stripe: SIM) -> None:
    simulator, gateway = stripe
    instruction = world.advance(gateway)
    world.digest = "another"
    with pytest.raises(policy.ApprovalChanged):
        world.send(gateway, instruction)
    assert world.instruction(instruction).state == "ready"
    assert payments_at(simulator) == []


def test_an_award_that_was_not_released_is_not_instructed(world: World) -> None:
    line = world.line("mother", Settlement.ADVANCE, 40_000)
    more = line.__class__(**{**{k: getattr(line, k) for k in line.__slots__}, "amount": 40_001})
    with pytest.raises(NotObligated):
        world.instruct(more)
    stranger = line.__class__(**{**{k: getattr(line, k) for k in line.__slots__}, "hold": uuid4()})
    with pytest.raises(NotObligated):
        world.instruct(stranger)


def test_instructing_twice_adds_nothing(world: World) -> None:
    lines = (
        world.line("mother", Settlement.ADVANCE, 40_000),
        world.line("mother", Settlement.REPAID, 1_000),
        world.line("airline", Settlement.VENDOR_BILLED, 30_000),
        world.line("hotel", Settlement.PARTNER_GIVES, 1, unit="night"),
    )
    made = world.instruct(*lines)
    assert world.instruct(*reversed(lines)) == made
    with world.db.read() as session:
        found = queries.of_award(session, world.award)
    assert {(i.rail, i.unit, i.amount, i.state) for i in found} == {
        ("global_payout", "cents", 41_000, "ready"),
        ("logged", "cents", 30_000, "to_log"),
        ("logged", "night", 1, "to_log"),
    }


def test_many_workers_instruct_one_award_once(world: World) -> None:
    line = world.line("mother", Settlement.ADVANCE, 40_000)
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda _: tuple(world.instruct(line)), range(6)))
    assert len(set(made)) == 1


def test_without_consent_stripe_never_hears_of_the_payee(db: Database, superuser: str, stripe: SIM) -> None:
    simulator, gateway = stripe
    world = make_world(db, superuser, consent=False)
    (instruction,) = world.instruct(world.line("mother", Settlement.ADVANCE, 40_000))
    assert world.instruction(instruction).rail == "logged"
    assert "agreed" in world.instruction(instruction).rail_reason
    assert not sending.ensure_recipient(db, gateway, instruction_id=instruction, by=FLOW, clock=world.clock)
    assert world.instruction(instruction).state == "to_log"
    assert simulator.bank.store.all("account") == []


def test_a_payee_stripe_will_not_take_goes_to_a_finance_person(world: World, stripe: SIM) -> None:
    _, gateway = stripe
    (instruction,) = world.instruct(world.line("mother", Settlement.ADVANCE, 40_000))
    with world.db.work() as session:
        payees.record_recipient(
            session,
            payee_id=world.payees["mother"],
            recipient="acct_gone",
            permit=for_stripe(world.request, payee=world.payees["mother"]),
            by=FLOW,
            now=world.clock(),
        )
    asked = {"instruction_id": instruction, "by": FLOW, "clock": world.clock}
    assert not sending.ensure_recipient(world.db, gateway, **asked)  # type: ignore[arg-type]
    assert (world.instruction(instruction).state, world.instruction(instruction).trouble) == (
        "failed",
        "NotFound",
    )


def test_with_the_rail_off_everything_is_logged(world: World) -> None:
    (instruction,) = world.instruct(world.line("mother", Settlement.ADVANCE, 40_000), rail_on=False)
    assert world.instruction(instruction).rail == "logged"


def test_a_payee_who_has_not_given_bank_details_is_not_ready(world: World, tmp_path: Path) -> None:
    with stripe_side(tmp_path, banks_ready=False) as (simulator, gateway):
        (instruction,) = world.instruct(world.line("mother", Settlement.ADVANCE, 40_000))
        asked = {"instruction_id": instruction, "by": FLOW, "clock": world.clock}
        assert not sending.ensure_recipient(world.db, gateway, **asked)  # type: ignore[arg-type]
        assert world.instruction(instruction).trouble == "bank_details_missing"
        with world.db.read() as session:
            assert queries.to_send(session, now=world.clock()) == []
            later = world.clock() + timedelta(minutes=6)
            assert [i.id for i in queries.to_send(session, now=later)] == [instruction]
        assert world.send(gateway, instruction) == "failed"
        assert world.instruction(instruction).trouble == "invalid_payout_method"
        (account,) = simulator.bank.store.all("account")
        simulator.bank.collect_bank_details(account["id"])
        assert sending.ensure_recipient(world.db, gateway, **asked)  # type: ignore[arg-type]
        with world.db.work() as session:
            actions.try_again(session, instruction_id=instruction, by=world.staff["carla"], now=world.clock())
        assert world.send(gateway, instruction) == "in_flight"


def test_a_failed_payment_can_be_paid_otherwise_or_not_at_all(world: World, stripe: SIM) -> None:
    simulator, gateway = stripe
    first = world.advance(gateway)
    world.send(gateway, first)
    simulator.bank.fail(payments_at(simulator)[0]["id"])
    assert follow(world, gateway, first) == "failed"
    assert world.instruction(first).trouble == "payout_method_declined"
    assert world.books(world.cents) == (OPENING - 40_000, 0, 40_000, 0)
    with world.db.work() as session:
        actions.pay_otherwise(
            session, instruction_id=first, why="bank refused", by=world.staff["ben"], now=world.clock()
        )
    assert (world.instruction(first).state, world.instruction(first).rail) == ("to_log", "logged")
    with world.db.work() as session:
        actions.withdraw(session, instruction_id=first, by=world.staff["ben"], now=world.clock())
    assert world.books(world.cents) == (OPENING, 0, 0, 0)


def test_a_returned_payment_is_owed_again_and_the_cash_is_back(
    world: World, stripe: SIM, superuser: str
) -> None:
    simulator, gateway = stripe
    instruction = world.advance(gateway)
    world.send(gateway, instruction)
    payment = payments_at(simulator)[0]["id"]
    simulator.bank.settle(payment)
    simulator.bank.give_back(payment)
    assert follow(world, gateway, instruction) == "returned"  # posted was never heard: both are booked
    assert world.instruction(instruction).state == "returned"
    assert world.books(world.cents) == (OPENING - 40_000, 0, 40_000, 0)
    assert world.cash() == OPENING
    assert entries_of(superuser, f"{payment}:posted")
    assert entries_of(superuser, f"{payment}:returned")


def test_what_stripe_did_days_before_we_heard_says_so_in_the_ledger(
    world: World, stripe: SIM, superuser: str
) -> None:
    simulator, gateway = stripe
    instruction = world.advance(gateway)
    world.send(gateway, instruction)
    payment = payments_at(simulator)[0]["id"]
    simulator.bank.settle(payment)
    simulator.bank.give_back(payment)
    then = here(world)
    world.clock.later += timedelta(days=3)
    assert follow(world, gateway, instruction) == "returned"
    for reference in (f"{payment}:posted", f"{payment}:returned"):
        day, happened_on = days_of(superuser, reference)
        assert day == here(world)
        assert then <= happened_on < day


@pytest.mark.parametrize(
    "said", [{}, {"posted_at": None}, {"posted_at": "soon"}, {"posted_at": "2026-11-02"}]
)
def test_a_payment_whose_moment_cannot_be_read_is_paid_today(
    world: World, stripe: SIM, superuser: str, said: dict[str, str | None]
) -> None:
    simulator, gateway = stripe
    instruction = world.advance(gateway)
    world.send(gateway, instruction)
    payment = payments_at(simulator)[0]["id"]
    simulator.bank.settle(payment)
    told = simulator.bank.payment(payment)
    simulator.bank.store.put("payment", told | {"status_transitions": said})
    assert follow(world, gateway, instruction) == "posted"
    assert days_of(superuser, f"{payment}:posted") == (here(world), here(world))


def test_another_amount_than_asked_is_not_taken_for_ours(world: World, stripe: SIM) -> None:
    _, gateway = stripe
    instruction = world.advance(gateway)
    open_one(world, gateway, instruction)
    other = Payment("obp_test_x", Status.POSTED, Money(39_999))
    with pytest.raises(attempts.NotOurPayment):
        record(world, instruction, Known(other))


def test_no_name_is_in_parameters_audit_or_attempts(world: World, stripe: SIM, superuser: str) -> None:
    _, gateway = stripe
    world.send(gateway, world.advance(gateway))
    engine = sa.create_engine(superuser)
    with engine.connect() as connection:
        for table in ("attempts", "instructions", "instruction_lines", "audit_entries", "payees"):
            rows = connection.execute(sa.text(f"SELECT t::text FROM {table} t")).scalars()
            assert not any("Delgado" in row or "rosa@" in row for row in rows), table
    engine.dispose()


def test_a_changed_payee_is_a_new_version_and_an_unchanged_one_is_not(world: World) -> None:
    with world.db.work() as session:
        content = _content(world, session)
        same = payees.register(session, request_id=world.request, content=content, by=FLOW, now=world.clock())
        assert same == world.payees
        mother = content.payees[0].model_copy(update={"email": "new@example.org"})
        changed = content.model_copy(update={"payees": [mother, *content.payees[1:]]})
        again = payees.register(
            session, request_id=world.request, content=changed, by=FLOW, now=world.clock()
        )
        assert again["airline"] == world.payees["airline"]
        assert again["mother"] != world.payees["mother"]
        assert payee_queries.payee(session, again["mother"]).version == 2
        assert payee_queries.newest(session, world.request)["mother"].email == "new@example.org"


def test_a_payee_has_one_recipient_and_never_without_consent(world: World, superuser: str) -> None:
    with world.db.work() as session:
        mother = world.payees["mother"]
        permit = for_stripe(world.request, payee=mother)
        keep: dict[str, Any] = {"by": FLOW, "now": world.clock(), "permit": permit}
        payees.record_recipient(session, payee_id=mother, recipient="acct_1", **keep)
        payees.record_recipient(session, payee_id=mother, recipient="acct_1", **keep)
        with pytest.raises(payees.AlreadyAtStripe):
            payees.record_recipient(session, payee_id=mother, recipient="acct_2", **keep)
        airline = world.payees["airline"]
        for other in (for_stripe(some_uuid(), payee=airline), permit):  # of another request; of another payee
            keep["permit"] = other
            with pytest.raises(payees.NoConsent):
                payees.record_recipient(session, payee_id=airline, recipient="acct_3", **keep)
    engine = sa.create_engine(superuser)
    with engine.begin() as connection, pytest.raises(sa.exc.IntegrityError, match="recipient_needs_email"):
        connection.execute(sa.text("UPDATE payees SET stripe_recipient = 'acct_9' WHERE key = 'hotel'"))
    engine.dispose()


def open_one(world: World, gateway: StripeGateway, instruction: InstructionId) -> None:
    with world.db.work() as session:
        opening.open_attempt(
            session,
            instruction_id=instruction,
            standing_digest=lambda _session, _award: world.digest,
            prepare=gateway.prepare,
            by=FLOW,
            now=world.clock(),
        )


def _content(world: World, session: sa.orm.Session):  # type: ignore[no-untyped-def]
    from reunify.intake import queries as intake

    return intake.newest_version(session, world.request).content
