"""Which payments count as made, on which day and how: one answer for every way money leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from reunify.db import Database
from reunify.disbursement import logging_ends
from reunify.disbursement.logging_policy import Ended
from reunify.disbursement.outage_policy import Instrument as InOutage
from reunify.documents.payment_advice import How
from reunify.intake.form import Settlement
from reunify.kernel.ids import InstructionId
from reunify.rates.queries import organisation_now
from reunify.reporting import money_left
from reunify.reporting.money_left import Left
from tests.integration.outage_world import propose, ratify, record
from tests.integration.payment_world import World, here, make_world
from tests.integration.test_cash_accounts import own_money, sets
from tests.integration.test_disbursement_logged import check, write_down


@pytest.fixture
def world(db: Database, superuser: str) -> World:
    return make_world(db, superuser)


def standing(world: World, instruction: InstructionId) -> Left | None:
    with world.db.read() as session:
        zone = organisation_now(session, now=world.clock()).zone
        return money_left.standing(session, instruction, zone=zone)


def stopped(world: World, instruction: InstructionId) -> None:
    with world.db.work() as session:
        logging_ends.stop_logged(
            session,
            instruction_id=instruction,
            ended=Ended.BANK_STOPPED,
            ended_on=here(world),
            why="It was lost in the mail.",
            by=world.staff["ben"],
            now=world.clock(),
        )


def test_a_check_counts_once_a_second_person_verified_it_and_until_it_is_stopped(world: World) -> None:
    (mothers,) = world.instruct(world.line("mother", Settlement.ADVANCE, 30_000), rail_on=False)
    assert standing(world, mothers) is None
    write_down(world, mothers, paid_on=here(world) - timedelta(days=2))
    assert standing(world, mothers) is None
    check(world, mothers)
    assert standing(world, mothers) == Left(here(world) - timedelta(days=2), How.CHECK, 0)
    stopped(world, mothers)
    assert standing(world, mothers) is None
    write_down(world, mothers, external_reference="check 1043")
    check(world, mothers)
    assert standing(world, mothers) == Left(here(world), How.CHECK, 1), "the first did not stay"


def test_cash_given_in_an_outage_counts_once_two_people_ratified_it(world: World) -> None:
    (mothers,) = world.instruct(world.line("mother", Settlement.ADVANCE, 30_000), rail_on=False)
    sets(world, "suspense_fund", own_money(world))
    slip = record(world, payee_key="mother", instrument=InOutage.PETTY_CASH)
    propose(world, slip, mothers)
    assert standing(world, mothers) is None
    ratify(world, slip)
    assert standing(world, mothers) == Left(here(world), How.CASH, 0)
