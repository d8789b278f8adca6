"""Airline miles are counted like nights: reserved, given, checked by a colleague, and never money."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from reunify.db import Database
from reunify.disbursement import logging_payments, policy
from reunify.disbursement.award import LineToPay
from reunify.disbursement.policy import Instrument
from reunify.intake.form import Settlement
from reunify.kernel.ids import InstructionId
from reunify.ledger.policy import Cash, InsufficientFunds, Unit
from tests.integration.ledger_world import TRANSPORT, Books, open_books
from tests.integration.payment_world import OPENING, World, make_world
from tests.proofs import by_message

MILES = 60_000


@pytest.fixture
def books(db: Database, now: Any) -> Books:
    opened = open_books(db, now)
    opened.open("miles", {TRANSPORT: MILES}, Unit.MILE)
    return opened


@pytest.fixture
def world(db: Database, superuser: str) -> World:
    return make_world(db, superuser)


def test_miles_are_reserved_to_the_last_one_and_not_one_more(books: Books) -> None:
    with pytest.raises(InsufficientFunds, match="60000 mile available for transport and 60001 were asked"):
        books.reserve(books.line(MILES + 1, code="miles", unit=Unit.MILE))
    line = books.line(MILES, code="miles", unit=Unit.MILE)
    books.reserve(line)
    books.do("obligate", line.hold_id, MILES)
    books.do("expend", line.hold_id, MILES - 1)
    assert books.amounts(TRANSPORT, "miles") == (0, 0, 1, MILES - 1)
    assert books.amounts() == (100_000, 0, 0, 0)  # the fund of money beside it is untouched


def test_a_unit_nobody_counts_in_is_refused_by_the_database(books: Books, superuser: str) -> None:
    engine = sa.create_engine(superuser)
    with engine.begin() as connection, pytest.raises(IntegrityError, match="unit_known"):
        connection.execute(sa.text("UPDATE ledger_balances SET unit = 'coupon' WHERE unit = 'mile'"))
    engine.dispose()


def given(world: World, miles: int) -> InstructionId:
    line: LineToPay = world.line("airline", Settlement.PARTNER_GIVES, miles, unit="mile")
    return world.instruct(line)[0]


def written_down(world: World, instruction: InstructionId, instrument: Instrument) -> None:
    with world.db.work() as session:
        logging_payments.record_logged(
            session,
            instruction_id=instruction,
            standing_digest=lambda _session, _award: world.digest,
            by=world.staff["ben"],
            now=world.clock(),
            instrument=instrument,
            external_reference="locator ABC123",
            paid_on=date(2026, 11, 25),
            evidence_note="ticket seen",
        )
        by_message(session, instruction, by=world.staff["ben"], now=world.clock())


def test_a_flight_given_in_miles_is_written_down_checked_and_costs_no_money(world: World) -> None:
    instruction = given(world, 25_000)
    assert world.instruction(instruction).rail == "logged"
    with pytest.raises(policy.WrongInstrument, match="miles as airline miles"):
        written_down(world, instruction, Instrument.HOTEL_NIGHT)
    written_down(world, instruction, Instrument.AIRLINE_MILES)
    with world.db.work() as session:
        logging_payments.verify_logged(
            session, instruction_id=instruction, by=world.staff["carla"], now=world.clock()
        )
    assert world.instruction(instruction).state == "settled"
    assert world.books(world.miles)[3] == 25_000
    assert world.cash() == world.cash(Cash.BANK) == OPENING
