"""A payment made elsewhere is verified by a paper or a message; then it clears, ages or is stopped."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.disbursement import logging_ends, logging_policy, logging_proofs, troubles
from reunify.files import evidence
from reunify.files.ports import Clean, Infected
from reunify.kernel.ids import InstructionId
from reunify.kernel.moves import WrongState
from reunify.kernel.people import System
from reunify.ledger.policy import Cash
from tests.integration.payment_world import OPENING, World, here
from tests.integration.test_disbursement_logged import (
    billed,
    check,
    world,
    write_down,
)
from tests.proofs import by_message, by_paper, kept_paper

__all__ = ["world"]
AGEING = System("ageing")
SCANNER = System("scan_evidence")


def age(world: World) -> list[bool]:
    """As the worker does: every check that has become too old since, once."""
    with world.db.work() as session:
        found = logging_ends.to_age(session, now=world.clock(), limit=10)
        return [
            logging_ends.age_logged(session, instruction_id=InstructionId(one), by=AGEING, now=world.clock())
            for one in found
        ]


def state(world: World) -> list[str]:
    with world.db.read() as session:
        return list(session.scalars(sa.text("SELECT state FROM logged_payments ORDER BY recorded_at")))


def written(world: World, *, days_ago: int = 0) -> InstructionId:
    instruction = billed(world)
    write_down(world, instruction, proved=False, paid_on=here(world) - timedelta(days=days_ago))
    return instruction


def verified(world: World) -> InstructionId:
    instruction = billed(world)
    write_down(world, instruction)
    check(world, instruction)
    return instruction


def test_without_a_paper_or_a_message_nobody_verifies_and_neither_does_the_table(world: World) -> None:
    instruction = written(world)
    with pytest.raises(logging_policy.ProofMissing, match="partner's own confirmation"):
        check(world, instruction)
    said = "UPDATE logged_payments SET state = 'verified', verifier = :carla, verified_at = now()"
    with Session(world.db.engine) as session, pytest.raises(sa.exc.IntegrityError, match="_proved"):
        session.execute(sa.text(said), {"carla": world.staff["carla"].id})
    assert world.books(world.cents)[3] == 0


def test_a_pdf_counts_once_it_is_scanned_and_never_when_malware_was_found(world: World) -> None:
    instruction = written(world)
    ben, now = world.staff["ben"], world.clock()
    with world.db.work() as session:
        bill = kept_paper(session, world.request, by=ben, now=now, drawn_again=False)
        by_paper(session, instruction, bill, by=ben, now=now)
    with pytest.raises(logging_policy.NotAProof, match="not scanned for malware yet"):
        check(world, instruction)
    with world.db.work() as session:
        evidence.note_scan(session, evidence_id=bill, scanned=Infected("Eicar"), by=SCANNER, now=now)
    with pytest.raises(logging_policy.NotAProof, match="found malware"):
        check(world, instruction)
    with world.db.work() as session:
        photo = kept_paper(session, world.request, by=ben, now=now)
        by_paper(session, instruction, photo, by=ben, now=now)
        evidence.note_scan(session, evidence_id=photo, scanned=Clean(), by=SCANNER, now=now)
    check(world, instruction)
    assert world.instruction(instruction).state == "settled"


def test_whoever_checks_opens_that_paper_and_no_other_of_the_family(world: World) -> None:
    instruction = written(world)
    ben, carla, now = world.staff["ben"], world.staff["carla"], world.clock()
    with world.db.work() as session:
        theirs = kept_paper(session, world.request, by=ben, now=now, drawn_again=False)
        bill = kept_paper(session, world.request, by=ben, now=now)
        by_paper(session, instruction, bill, by=ben, now=now)
        opened = logging_proofs.show(session, instruction_id=instruction, evidence_id=bill, by=carla, now=now)
        assert opened.content == b"drawn again"
        with pytest.raises(Exception, match="not kept"):
            logging_proofs.show(session, instruction_id=instruction, evidence_id=theirs, by=carla, now=now)


def test_a_partners_message_is_sealed_and_kept_as_it_came(world: World) -> None:
    instruction = written(world)
    with world.db.work() as session:
        by_message(session, instruction, by=world.staff["ben"], now=world.clock())
        (row,) = session.scalars(sa.text("SELECT p::text FROM logged_proofs p"))
    assert "Prairie" not in row
    assert b"Prairie".hex() not in row
    check(world, instruction)
    with world.db.work() as session, pytest.raises(WrongState):
        by_message(session, instruction, by=world.staff["ben"], now=world.clock())


def test_a_check_clears_on_the_day_the_bank_paid_it(world: World) -> None:
    instruction = verified(world)

    def clear(days: int) -> None:
        with world.db.work() as session:
            logging_ends.clear_logged(
                session,
                instruction_id=instruction,
                cleared_on=here(world) + timedelta(days=days),
                reference="bank line 7",
                by=world.staff["carla"],
                now=world.clock(),
            )

    for day in (-9, 1):
        with pytest.raises(logging_policy.ClearedWhen, match="the day the bank paid it"):
            clear(day)
    clear(0)
    assert state(world) == ["cleared"]
    world.clock.later = timedelta(days=400)
    assert age(world) == []


def stop(world: World, instruction: InstructionId, how: logging_policy.Ended, *, days: int = 0) -> None:
    with world.db.work() as session:
        logging_ends.stop_logged(
            session,
            instruction_id=instruction,
            ended=how,
            ended_on=here(world) + timedelta(days=days),
            why="lost in the mail; the bank wrote that it is stopped",
            by=world.staff["ben"],
            now=world.clock(),
        )


def test_a_check_nobody_cashes_is_never_ended_without_a_person_however_old_it_is(world: World) -> None:
    instruction = verified(world)
    world.clock.later = timedelta(days=90)
    assert age(world) == []
    for days, word in ((92, troubles.STALE), (182, troubles.STALE_AT_BANK), (900, troubles.STALE_AT_BANK)):
        world.clock.later = timedelta(days=days)
        assert age(world) == ([True] if days == 92 else [])
        with world.db.read() as session:
            ((waiting, said),) = troubles.need_person(session, now=world.clock())
        assert (waiting.id, said) == (instruction, word)
        assert state(world) == ["stale"]
        assert world.books(world.cents) == (OPENING - 30_000, 0, 0, 30_000)
    stop(world, instruction, logging_policy.Ended.BANK_STOPPED)
    assert state(world) == ["voided"]
    assert world.instruction(instruction).state == "to_log"
    assert world.books(world.cents) == (OPENING - 30_000, 0, 30_000, 0)
    assert world.cash(Cash.BANK) == OPENING


def test_a_check_that_came_back_is_owed_again_and_written_down_anew(world: World) -> None:
    instruction = verified(world)
    for days in (-9, 1):
        with pytest.raises(logging_policy.EndedWhen, match="the day the bank confirmed the stop"):
            stop(world, instruction, logging_policy.Ended.CAME_BACK, days=days)
    stop(world, instruction, logging_policy.Ended.CAME_BACK)
    assert world.books(world.cents) == (OPENING - 30_000, 0, 30_000, 0)
    write_down(world, instruction, external_reference="check 1043")
    check(world, instruction)
    assert state(world) == ["voided", "verified"]
    assert world.books(world.cents) == (OPENING - 30_000, 0, 0, 30_000)
    assert world.cash(Cash.BANK) == OPENING - 30_000


def test_nobody_ends_a_verified_check_in_the_table_without_the_banks_word(world: World) -> None:
    verified(world)
    with Session(world.db.engine) as session, pytest.raises(sa.exc.IntegrityError, match="_ended_by_someone"):
        session.execute(sa.text("UPDATE logged_payments SET state = 'voided'"))


@pytest.mark.parametrize("how", ["insert", "update"])
def test_nobody_leaves_a_proof_out_by_saying_it_is_from_before_proofs(world: World, how: str) -> None:
    written(world)
    planted = {
        "update": "UPDATE logged_payments SET before_proofs = true",
        "insert": "INSERT INTO logged_payments (id, instruction_id, instrument, request_id, "
        "external_reference, paid_on, recorder, recorded_at, state, before_proofs) SELECT gen_random_uuid(), "
        "instruction_id, instrument, request_id, external_reference, paid_on, recorder, recorded_at, "
        "'voided', true FROM logged_payments",
    }[how]
    with (
        Session(world.db.engine) as session,
        pytest.raises(sa.exc.IntegrityError, match="before_proofs_kept"),
    ):
        session.execute(sa.text(planted))
