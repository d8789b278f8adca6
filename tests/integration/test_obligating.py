"""What makes an obligation is dated policy of the organisation: the release, or the entry (the booking, the
gift, the payment). What the release did with an award stays, whatever is set afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from reunify.adapters.stripe_gateway import StripeGateway
from reunify.db import Database
from reunify.disbursement import actions, attempts, logging_payments, sending, troubles
from reunify.disbursement.outcomes import Known
from reunify.intake.form import Settlement
from reunify.kernel.ids import InstructionId
from reunify.kernel.people import System
from reunify.rates import actions as rates
from reunify.reporting import invariants
from reunify.sandbox.driver import StoryBroke
from reunify.sandbox.families import sample_family
from reunify.web.pages import labels
from tests.integration.payment_world import (
    FLOW,
    OPENING,
    World,
    make_world,
    payments_at,
    superuser_of,
)
from tests.integration.test_disbursement_logged import check, write_down
from tests.integration.test_disbursement_payouts import SIM
from tests.town import NOW, Town, built, proved

WAYS = ("vendor_billed", "repaid", "advance", "partner_gives", "organisation_books")


@pytest.fixture
def town(settled_db: Database, tmp_path: Path) -> Iterator[Town]:
    with built(settled_db, tmp_path) as town:
        yield town


def policy(town: Town, word: str, *, on: date) -> None:
    with town.house.db.work() as session:
        for way in WAYS:
            rates.set_organisation(
                session,
                key=f"obligates_{way}",
                value=word,
                effective_from=on,
                by=System("tests"),
                now=town.clock(),
            )


def released(town: Town) -> str:
    """The boy's award, paid partly by Stripe, partly by others; nothing is instructed yet."""
    request = town.submitted(sample_family("b", NOW.date()).draft)
    award = f"/awards/{town.progress(request)['award']['id']}"
    town.person("ben").act(town.diary, "approve", f"{award}/approval")
    town.person("carla").act(town.diary, "release", f"{award}/release")
    return request


def held(town: Town) -> tuple[int, int, int]:
    """reserved, obligated, expended: cents and units together."""
    with town.house.db.read() as session:
        said = "SELECT sum(reserved), sum(obligated), sum(expended) FROM ledger_holds"
        reserved, obligated, expended = session.execute(sa.text(said)).one()
    return int(reserved), int(obligated), int(expended)


def pay_the_rest(town: Town, request: str) -> None:
    for payment in town.progress(request)["instructions"]:
        if payment["state"] == "to_log":
            body = {
                "instrument": "hotel_night" if payment["unit"] == "night" else "vendor_payment",
                "external_reference": "INV-1",
                "paid_on": town.clock().date().isoformat(),
                "evidence": "Bill seen",
            }
            town.person("ben").act(town.diary, "log", f"/payments/{payment['id']}/record", body)
            proved(town, payment)
            town.person("carla").act(town.diary, "verify", f"/payments/{payment['id']}/verification")


def books_agree(town: Town) -> None:
    with town.house.db.read() as session:
        assert invariants.check(session) == []


def test_where_everything_binds_at_the_entry_the_release_obligates_nothing_and_all_is_paid(
    town: Town,
) -> None:
    policy(town, "entry", on=NOW.date())
    request = released(town)
    reserved, *rest = held(town)
    assert reserved > 0
    assert rest == [0, 0]
    policy(town, "release", on=NOW.date())  # of the same day, but after this release
    town.work()
    books_agree(town)
    pay_the_rest(town, request)
    town.work()
    books_agree(town)
    assert held(town) == (0, 0, reserved)
    assert {p["state"] for p in town.progress(request)["instructions"]} == {"settled"}


def test_where_everything_binds_at_the_release_nothing_waits_for_its_entry(town: Town) -> None:
    policy(town, "release", on=NOW.date())
    released(town)
    reserved, obligated, expended = held(town)
    assert (reserved, expended) == (0, 0)
    policy(town, "entry", on=NOW.date())
    town.work()
    books_agree(town)
    assert sum(held(town)) == obligated
    with town.house.db.read() as session:
        waits = session.scalars(sa.text("SELECT DISTINCT binds_at_entry FROM instruction_lines")).all()
    assert waits == [False]


def test_a_policy_holds_from_its_day_on_the_organisations_clock(town: Town) -> None:
    policy(town, "entry", on=NOW.date() + timedelta(days=1))
    town.clock.at = NOW.replace(hour=4) + timedelta(days=1)  # eleven at night there, tomorrow in Greenwich
    released(town)
    assert held(town)[1] > 0


@pytest.fixture
def world(db: Database, superuser: str) -> World:
    return make_world(db, superuser)


def advance(world: World, gateway: StripeGateway) -> InstructionId:
    """An advance of $400 under a policy by which only the payment itself binds us."""
    (made,) = world.instruct(world.line("mother", Settlement.ADVANCE, 40_000, by_release=False))
    assert sending.ensure_recipient(world.db, gateway, instruction_id=made, by=FLOW, clock=world.clock)
    assert world.books(world.cents) == (OPENING - 40_000, 40_000, 0, 0)
    return made


def follow(world: World, gateway: StripeGateway, instruction: InstructionId) -> str:
    """What Stripe says of the newest attempt."""
    newest = max(world.attempts(instruction), key=lambda attempt: attempt.number)
    assert newest.payment
    with world.db.work() as session:
        return attempts.record_outcome(
            session,
            attempt_id=newest.id,
            outcome=Known(gateway.look_up(newest.payment)),
            by=FLOW,
            now=world.clock(),
        )


def decide(world: World, verb: str, instruction: InstructionId, **more: str) -> None:
    with world.db.work() as session:
        getattr(actions, verb)(
            session, instruction_id=instruction, by=world.staff["ben"], now=world.clock(), **more
        )


def failed(world: World, stripe: SIM) -> InstructionId:
    """It was sent, so it was obligated, and came to nothing."""
    simulator, gateway = stripe
    instruction = advance(world, gateway)
    assert world.send(gateway, instruction) == "in_flight"
    assert world.books(world.cents) == (OPENING - 40_000, 0, 40_000, 0)
    simulator.bank.fail(payments_at(simulator)[0]["id"])
    assert follow(world, gateway, instruction) == "failed"
    return instruction


def test_an_advance_that_binds_at_the_payment_is_obligated_before_stripe_is_asked(
    world: World, stripe: SIM
) -> None:
    simulator, gateway = stripe
    instruction = failed(world, stripe)
    (first,) = [p["id"] for p in payments_at(simulator)]
    decide(world, "try_again", instruction)
    world.send(gateway, instruction)  # obligated already: not twice
    (again,) = [p["id"] for p in payments_at(simulator) if p["id"] != first]
    simulator.bank.settle(again)
    assert follow(world, gateway, instruction) == "posted"
    assert world.books(world.cents) == (OPENING - 40_000, 0, 0, 40_000)


def test_withdrawn_after_it_failed_everything_is_available_again(world: World, stripe: SIM) -> None:
    decide(world, "withdraw", failed(world, stripe))
    assert world.books(world.cents) == (OPENING, 0, 0, 0)


def test_withdrawn_before_anything_was_sent_everything_is_available_again(world: World, stripe: SIM) -> None:
    decide(world, "withdraw", advance(world, stripe[1]))
    assert world.books(world.cents) == (OPENING, 0, 0, 0)


def test_paid_another_way_after_it_failed_it_is_written_down_struck_and_written_down_anew(
    world: World, stripe: SIM
) -> None:
    instruction = failed(world, stripe)
    decide(world, "pay_otherwise", instruction, why="the bank refused")
    write_down(world, instruction)
    assert world.books(world.cents) == (OPENING - 40_000, 0, 40_000, 0)
    with world.db.work() as session:
        logging_payments.void_logged(
            session, instruction_id=instruction, why="wrong", by=world.staff["ben"], now=world.clock()
        )
    assert world.books(world.cents) == (OPENING - 40_000, 40_000, 0, 0)
    write_down(world, instruction)
    check(world, instruction)
    assert world.books(world.cents) == (OPENING - 40_000, 0, 0, 40_000)


def test_our_own_booking_may_be_bound_by_the_release(world: World) -> None:
    line = world.line("airline", Settlement.ORGANISATION_BOOKS, 30_000, by_release=True)
    (instruction,) = world.instruct(line)
    write_down(world, instruction)
    assert world.books(world.cents) == (OPENING - 30_000, 0, 30_000, 0)
    check(world, instruction)
    assert world.books(world.cents) == (OPENING - 30_000, 0, 0, 30_000)


def periods_end(town: Town, server: Urls, *, on: date) -> None:
    """Every source whose period has an end: it was this one."""
    owner = sa.create_engine(superuser_of(server.superuser, str(town.house.db.engine.url.database)))
    with owner.begin() as connection:
        connection.execute(
            sa.text("UPDATE funding_sources SET period_end = :on WHERE period_end IS NOT NULL"), {"on": on}
        )
    owner.dispose()


def test_a_payment_that_would_bind_us_after_the_period_waits_for_a_person(town: Town, server: Urls) -> None:
    policy(town, "entry", on=NOW.date())
    released(town)
    periods_end(town, server, on=NOW.date() - timedelta(days=1))
    town.work()
    with town.house.db.read() as session:
        waiting = troubles.need_person(session, now=town.clock())
    assert {trouble for _, trouble in waiting} == {"period_over"}
    assert {made.rail for made, _ in waiting} == {"global_payout"}
    assert labels.label("period_over").startswith("The source's period is over")


def test_what_was_paid_in_the_period_and_written_down_after_it_was_obligated_in_time(
    town: Town, server: Urls
) -> None:
    policy(town, "entry", on=NOW.date())
    request = released(town)
    town.work()
    yesterday = NOW.date() - timedelta(days=1)
    periods_end(town, server, on=yesterday)
    made = next(p for p in town.progress(request)["instructions"] if p["state"] == "to_log")

    def write(paid_on: date) -> None:
        body = {
            "instrument": "hotel_night" if made["unit"] == "night" else "vendor_payment",
            "external_reference": "INV-1",
            "paid_on": paid_on.isoformat(),
            "evidence": "Bill seen",
        }
        town.person("ben").act(town.diary, "log", f"/payments/{made['id']}/record", body)
        proved(town, made)

    with pytest.raises(StoryBroke, match="its period ended on"):
        write(NOW.date())
    write(yesterday)
    town.person("carla").act(town.diary, "verify", f"/payments/{made['id']}/verification")
    books_agree(town)
