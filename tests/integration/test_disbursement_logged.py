"""Payments made without Stripe: one person writes it down, another checks it, and only then it is spent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.db import Database
from reunify.disbursement import actions, logging_payments, policy, queries, sending
from reunify.disbursement.policy import Instrument
from reunify.intake.form import Settlement
from reunify.kernel.ids import InstructionId
from reunify.kernel.moves import WrongState
from reunify.kernel.people import System
from reunify.kernel.refusals import NotAllowed, NotFound, Refused
from reunify.ledger.policy import Cash
from reunify.vault import keepers
from tests.integration.payment_world import (
    FLOW,
    NIGHTS,
    OPENING,
    World,
    days_of,
    entries_of,
    here,
    make_world,
    stripe_side,
)
from tests.proofs import by_message


@pytest.fixture
def world(db: Database, superuser: str) -> World:
    return make_world(db, superuser)


def write_down(
    world: World, instruction: InstructionId, by: str = "ben", proved: bool = True, **changes: Any
) -> UUID:
    said: dict[str, Any] = {
        "instrument": Instrument.CHECK,
        "external_reference": "check 1042",
        "paid_on": world.clock().date(),
        "evidence_note": "bill seen",
    }
    with world.db.work() as session:
        logged = logging_payments.record_logged(
            session,
            instruction_id=instruction,
            standing_digest=lambda _session, _award: world.digest,
            by=world.staff[by],
            now=world.clock(),
            **{**said, **changes},
        )
        if proved:
            by_message(session, instruction, by=world.staff[by], now=world.clock())
        return logged


def check(world: World, instruction: InstructionId, by: str = "carla") -> None:
    with world.db.work() as session:
        logging_payments.verify_logged(
            session, instruction_id=instruction, by=world.staff[by], now=world.clock()
        )


def billed(world: World, cents: int = 30_000) -> InstructionId:
    return world.instruct(world.line("airline", Settlement.VENDOR_BILLED, cents))[0]


def test_a_bill_is_spent_when_a_colleague_has_checked_it(world: World) -> None:
    instruction = billed(world)
    write_down(world, instruction)
    assert world.instruction(instruction).state == "recorded"
    assert world.books(world.cents) == (OPENING - 30_000, 0, 30_000, 0)
    check(world, instruction)
    assert world.instruction(instruction).state == "settled"
    assert world.books(world.cents) == (OPENING - 30_000, 0, 0, 30_000)
    assert world.cash() == OPENING
    assert world.cash(Cash.BANK) == OPENING - 30_000


def test_a_partners_night_is_obligated_when_written_down_spent_when_checked_and_never_cash(
    world: World, superuser: str
) -> None:
    (instruction,) = world.instruct(world.line("hotel", Settlement.PARTNER_GIVES, 2, unit="night"))
    assert world.books(world.nights) == (NIGHTS - 2, 2, 0, 0)
    logged = write_down(world, instruction, instrument=Instrument.HOTEL_NIGHT)
    assert world.books(world.nights) == (NIGHTS - 2, 0, 2, 0)
    check(world, instruction)
    assert world.books(world.nights) == (NIGHTS - 2, 0, 0, 2)
    assert entries_of(superuser, f"{logged}:verified") == [("expended", 2), ("obligated", -2)]
    assert world.cash() == OPENING


def test_what_was_paid_days_ago_says_so_in_the_ledger(world: World, superuser: str) -> None:
    instruction = billed(world)
    paid_on = here(world) - timedelta(days=3)
    logged = write_down(world, instruction, paid_on=paid_on)
    check(world, instruction)
    assert days_of(superuser, f"{logged}:verified") == (here(world), paid_on)


def test_a_day_that_has_come_only_further_east_is_today(world: World, superuser: str) -> None:
    instruction = billed(world)
    logged = write_down(world, instruction, paid_on=world.clock().date() + timedelta(days=1))
    check(world, instruction)
    assert days_of(superuser, f"{logged}:verified") == (here(world), here(world))


def test_who_wrote_it_down_cannot_check_it(world: World, superuser: str) -> None:
    instruction = billed(world)
    write_down(world, instruction)
    with pytest.raises(policy.VerifierIsRecorder, match="colleague"):
        check(world, instruction, by="ben")
    assert world.books(world.cents)[3] == 0
    engine = sa.create_engine(superuser)
    with engine.begin() as connection, pytest.raises(sa.exc.IntegrityError, match="verifier_is_another"):
        connection.execute(
            sa.text(
                "UPDATE logged_payments SET verifier = recorder, verified_at = now(), state = 'verified', "
                "proof_id = (SELECT id FROM logged_proofs)"
            )
        )
    engine.dispose()


def test_a_stand_in_of_who_wrote_it_down_is_nobody_to_check_it(world: World) -> None:
    """In words, and in the table past all Python, with and without whom the stand-in stands for."""
    ben, carla = world.staff["ben"], world.staff["carla"]
    now = world.clock()
    with world.db.work() as session:
        said = (
            "INSERT INTO delegations "
            "(id, lender_id, receiver_id, made_by, role, starts_at, ends_at, made_at) "
            "VALUES (gen_random_uuid(), :ben, :carla, :ben, 'auditor', :now, :now + interval '1 day', :now)"
        )
        session.execute(sa.text(said), {"ben": ben.id, "carla": carla.id, "now": now})
    instruction = billed(world)
    write_down(world, instruction)
    world.staff["carla"] = replace(carla, stands_for=frozenset({ben.id}))
    with pytest.raises(policy.VerifierIsRecorder, match="stand in for the same person"):
        check(world, instruction)
    checked = (
        "UPDATE logged_payments SET state = 'verified', verifier = :carla, verified_at = :now, "
        "proof_id = (SELECT id FROM logged_proofs)"
    )
    for more, constraint in [
        ("", "verified_for_whole"),
        (", verified_for = ARRAY[:ben]", "verifier_is_another"),
    ]:
        values = {"carla": carla.id, "now": now, "ben": ben.id}
        with Session(world.db.engine) as session, pytest.raises(sa.exc.IntegrityError) as refused:
            session.execute(sa.text(checked + more), values)
        assert refused.value.orig is not None
        named = str(refused.value.orig.diag.constraint_name)  # type: ignore[attr-defined]
        assert named == f"ck_logged_payments_{constraint}"


def test_who_wrote_the_request_or_stands_in_for_them_checks_none_of_its_payments(world: World) -> None:
    instruction = billed(world)
    write_down(world, instruction)
    ana, carla = world.staff["ana"], world.staff["carla"]
    world.staff["carla"] = replace(carla, stands_for=frozenset({ana.id}))
    with pytest.raises(policy.VerifierIsAuthor, match="ask another colleague"):
        check(world, instruction)
    world.staff["carla"] = carla
    check(world, instruction)


def test_the_table_knows_for_a_day_who_let_the_recorder_in_again(world: World) -> None:
    ana, ben, carla = (world.staff[name].id for name in ("ana", "ben", "carla"))
    now = world.clock()
    instruction = billed(world)
    write_down(world, instruction)
    said = (
        "INSERT INTO recoveries (id, staff_id, opened_by, opened_at, first_hash, confirmed_by, confirmed_at, "
        "second_hash, ends_at, tries_left, used_at) "
        "VALUES (gen_random_uuid(), :ben, :ana, :now, 'x', :carla, :now, 'y', :now, 5, :now)"
    )
    checked = (
        "UPDATE logged_payments SET state = 'verified', verifier = :carla, verified_at = :now, "
        "proof_id = (SELECT id FROM logged_proofs)"
    )
    for more, constraint in [
        ("", "verified_for_whole"),
        (", verified_for = ARRAY[:ben]", "verifier_is_another"),
    ]:
        values = {"ana": ana, "ben": ben, "carla": carla, "now": now}
        with Session(world.db.engine) as session:
            session.execute(sa.text(said), values)
            session.execute(sa.text("UPDATE logged_payments SET recorded_for = ARRAY[:ana, :carla]"), values)
            with pytest.raises(sa.exc.IntegrityError) as refused:
                session.execute(sa.text(checked + more), values)
        assert refused.value.orig is not None
        named = str(refused.value.orig.diag.constraint_name)  # type: ignore[attr-defined]
        assert named == f"ck_logged_payments_{constraint}"


def test_a_case_manager_may_write_down_but_not_check_and_a_flow_may_do_neither(world: World) -> None:
    instruction = billed(world)
    with world.db.work() as session, pytest.raises(NotAllowed, match="A person decides this"):
        logging_payments.record_logged(
            session,
            instruction_id=instruction,
            instrument=Instrument.CHECK,
            external_reference="1",
            paid_on=world.clock().date(),
            evidence_note=None,
            standing_digest=lambda _session, _award: world.digest,
            by=System("disburse"),
            now=world.clock(),
        )
    write_down(world, instruction, by="ana")
    with pytest.raises(NotAllowed):
        check(world, instruction, by="ana")
    check(world, instruction, by="carla")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"paid_on": date.today() + timedelta(days=3)}, "/paid_on"),
        ({"external_reference": "  "}, "/external_reference"),
        ({"external_reference": "1042\u202e"}, "/external_reference"),
        ({"evidence_note": "x" * 5000}, "/evidence"),
    ],
    ids=["future", "empty", "hidden", "long"],
)
def test_what_cannot_be_right_is_refused_with_its_field(
    world: World, changes: dict[str, Any], field: str
) -> None:
    instruction = billed(world)
    with pytest.raises(Refused) as refused:
        write_down(world, instruction, **changes)
    assert refused.value.field == field
    assert world.instruction(instruction).state == "to_log"


def test_nights_are_not_paid_by_check(world: World) -> None:
    (instruction,) = world.instruct(world.line("hotel", Settlement.PARTNER_GIVES, 1, unit="night"))
    with pytest.raises(policy.WrongInstrument):
        write_down(world, instruction)


def test_a_wrong_entry_is_struck_kept_and_written_anew(world: World) -> None:
    (instruction,) = world.instruct(world.line("hotel", Settlement.PARTNER_GIVES, 1, unit="night"))
    write_down(world, instruction, instrument=Instrument.HOTEL_NIGHT)
    with world.db.work() as session:
        logging_payments.void_logged(
            session, instruction_id=instruction, why="other hotel", by=world.staff["ben"], now=world.clock()
        )
    assert world.books(world.nights) == (NIGHTS - 1, 1, 0, 0)
    write_down(world, instruction, instrument=Instrument.HOTEL_NIGHT)
    check(world, instruction)
    with world.db.read() as session:
        assert [entry.state for entry in queries.logged(session, instruction)] == ["verified", "voided"]
    assert world.books(world.nights) == (NIGHTS - 1, 0, 0, 1)


def test_nothing_is_written_down_or_checked_twice(world: World) -> None:
    instruction = billed(world)
    with pytest.raises(NotFound):
        check(world, instruction)
    write_down(world, instruction)
    with pytest.raises(WrongState):
        write_down(world, instruction)
    check(world, instruction)
    with pytest.raises(WrongState):
        check(world, instruction)


def test_an_unused_gift_is_withdrawn_and_available_again(world: World) -> None:
    (instruction,) = world.instruct(world.line("hotel", Settlement.PARTNER_GIVES, 1, unit="night"))
    with world.db.work() as session:
        actions.withdraw(session, instruction_id=instruction, by=world.staff["ben"], now=world.clock())
    assert world.books(world.nights) == (NIGHTS, 0, 0, 0)


def test_the_number_on_the_paper_is_sealed(world: World, superuser: str) -> None:
    write_down(world, billed(world), external_reference="voucher for Rosa Delgado")
    engine = sa.create_engine(superuser)
    with engine.connect() as connection:
        (row,) = connection.execute(sa.text("SELECT t::text FROM logged_payments t")).scalars()
    engine.dispose()
    assert "Delgado" not in row
    assert b"Delgado".hex() not in row


def test_one_reference_is_noted_in_stripe_only_for_payees_who_agreed_and_are_known_there(
    world: World, tmp_path: Path
) -> None:
    with stripe_side(tmp_path) as (simulator, gateway):
        mothers = world.advance(gateway)
        with world.db.work() as session:
            actions.pay_otherwise(
                session,
                instruction_id=mothers,
                why="asked for a check",
                by=world.staff["ben"],
                now=world.clock(),
            )
        airlines = billed(world)
        for instruction in (mothers, airlines):
            write_down(world, instruction)
            check(world, instruction)
        assert sending.note_in_stripe(world.db, gateway, by=FLOW, clock=world.clock) == 1
        assert sending.note_in_stripe(world.db, gateway, by=FLOW, clock=world.clock) == 0
        (account,) = simulator.bank.store.all("account")
        assert account["metadata"] == {"reunify_disbursement": str(mothers), "env": "test", "schema": "1"}


def test_an_erased_case_is_left_unnoted_and_stops_no_other(world: World, tmp_path: Path) -> None:
    with stripe_side(tmp_path) as (simulator, gateway):
        mothers = world.advance(gateway)
        with world.db.work() as session:
            actions.pay_otherwise(
                session,
                instruction_id=mothers,
                why="asked for a check",
                by=world.staff["ben"],
                now=world.clock(),
            )
        write_down(world, mothers)
        check(world, mothers)
        with world.db.work() as session:
            (note,) = queries.to_note(session)
            family = session.scalars(sa.text("SELECT request_id FROM logged_payments")).one()
            keepers.destroy(session, keeper=family, now=world.clock())
        assert sending.note_in_stripe(world.db, gateway, by=FLOW, clock=world.clock) == 0
        (account,) = simulator.bank.store.all("account")
        assert "reunify_disbursement" not in account["metadata"]
    with world.db.read() as session:
        assert note.instruction == mothers
        assert queries.to_note(session) == []  # not asked again at the next beat
