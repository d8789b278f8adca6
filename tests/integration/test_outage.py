"""What was paid in an outage is in suspense at once; two other people ratify it, or it is reported; once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.adapters.embedded_postgres import Urls
from reunify.db import Database
from reunify.disbursement import queries
from reunify.disbursement.outage_policy import (
    NotHeldForIt,
    NotWhatWasPaid,
    PaidInOutage,
    RatifierIsAuthor,
    RatifierIsFirst,
    RatifierIsRecorder,
)
from reunify.disbursement.policy import ApprovalChanged
from reunify.kernel.moves import WrongState
from reunify.kernel.refusals import NotAllowed
from reunify.ledger.policy import Cash
from reunify.reconciliation import suspense
from reunify.reconciliation.suspense_policy import NoSuspenseFund
from reunify.reporting import invariants
from reunify.reporting.invariants_outage import OUTAGE
from tests.integration.outage_world import CENTS, propose, ratify, record, report
from tests.integration.payment_world import (
    OPENING,
    World,
    here,
    make_world,
    payments_at,
    stripe_side,
    superuser_of,
)
from tests.integration.test_cash_accounts import own_money, sets
from tests.integration.test_disbursement_logged import billed, write_down
from tests.integration.test_invariants_planted import plant

OUTAGE_RULES = {rule.name for rule in OUTAGE}


@pytest.fixture
def owner(owner_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(owner_url)
    yield engine
    engine.dispose()


def broken(world: World) -> set[str]:
    with world.db.read() as session:
        return {finding.rule for finding in invariants.check(session)}


@pytest.fixture
def bare(db: Database, server: Urls, database_name: str) -> World:
    return make_world(db, superuser_of(server.superuser, database_name))


@pytest.fixture
def world(bare: World) -> World:
    sets(bare, "suspense_fund", own_money(bare))
    return bare


def in_suspense(world: World, found: object) -> int:
    with world.db.read() as session:
        return suspense.left(session, f"outage:{found}")


def test_it_is_in_suspense_at_once_until_two_people_ratify_it_and_the_award_bears_it_once(
    world: World,
) -> None:
    found = record(world)
    assert in_suspense(world, found) == CENTS
    assert world.cash(Cash.BANK) == OPENING - CENTS
    assert world.books(world.cents) == (OPENING, 0, 0, 0)
    instruction = billed(world)
    propose(world, found, instruction)
    assert in_suspense(world, found) == CENTS
    ratify(world, found)
    assert in_suspense(world, found) == 0
    assert world.instruction(instruction).state == "settled"
    assert world.books(world.cents) == (OPENING - CENTS, 0, 0, CENTS)
    assert world.cash(Cash.BANK) == OPENING - CENTS
    with pytest.raises(WrongState):
        ratify(world, found)


def test_nobody_who_wrote_it_down_entered_the_request_or_proposed_it_ratifies_it(world: World) -> None:
    instruction = billed(world)
    found = record(world, by="ben")
    with pytest.raises(RatifierIsRecorder):
        propose(world, found, instruction, by="ben")
    ben, ana = world.staff["ben"], world.staff["ana"]
    carla = world.staff["carla"]
    world.staff["carla"] = replace(carla, stands_for=frozenset({ben.id}))
    with pytest.raises(RatifierIsRecorder, match="stand in for"):
        propose(world, found, instruction, by="carla")
    world.staff["carla"] = replace(carla, stands_for=frozenset({ana.id}))
    with pytest.raises(RatifierIsAuthor):
        propose(world, found, instruction, by="carla")
    world.staff["carla"] = carla
    propose(world, found, instruction, by="carla")
    with pytest.raises(RatifierIsFirst):
        ratify(world, found, by="carla")
    with pytest.raises(RatifierIsRecorder):
        ratify(world, found, by="ben")
    with pytest.raises(RatifierIsRecorder):
        report(world, found, by="ben")
    with pytest.raises(NotAllowed):
        ratify(world, found, by="ana")
    assert in_suspense(world, found) == CENTS


def test_one_cent_more_or_less_than_is_held_is_not_simply_ratified(world: World) -> None:
    instruction = billed(world)
    for cents, said in ((CENTS + 1, r"no award can bear the other \$0.01"), (CENTS - 1, "choose fewer")):
        found = record(world, cents=cents, reference=f"slip {cents}")
        with pytest.raises(NotHeldForIt, match=said):
            propose(world, found, instruction)
    with pytest.raises(NotHeldForIt, match="payee that was paid"):
        propose(world, record(world, payee_key="mother"), instruction)
    with pytest.raises(NotHeldForIt, match="Choose payments"):
        propose(world, found)
    assert world.instruction(instruction).state == "to_log"


def test_an_award_changed_since_is_not_what_it_is_ratified_onto(world: World) -> None:
    instruction = billed(world)
    found = record(world)
    propose(world, found, instruction)
    world.digest = "another"
    with pytest.raises(ApprovalChanged):
        ratify(world, found)
    assert in_suspense(world, found) == CENTS


def test_nothing_pays_the_same_thing_while_it_is_open(world: World, tmp_path: Path) -> None:
    with stripe_side(tmp_path) as (simulator, gateway):
        instruction = world.advance(gateway, CENTS)
        bill = billed(world)
        found = record(world, payee_key="mother")
        with world.db.read() as session:
            assert queries.to_send(session, now=world.clock()) == []
        with pytest.raises(PaidInOutage, match="made in an outage"):
            world.send(gateway, instruction)
        write_down(world, bill, proved=False)  # the airline was not paid in the outage
        propose(world, found, instruction)
        ratify(world, found)
        with pytest.raises(WrongState):
            world.send(gateway, instruction)
        assert payments_at(simulator) == []


def test_paid_to_nobody_knows_whom_it_holds_back_the_whole_request_until_it_is_reported(world: World) -> None:
    bill = billed(world)
    found = record(world, payee_key=None, to_whom="the desk of the hostel")
    with pytest.raises(PaidInOutage):
        write_down(world, bill, proved=False)
    report(world, found)
    assert in_suspense(world, found) == CENTS, "a finding, until the organisation's own money bears it"
    write_down(world, bill, proved=False)


def test_what_cannot_have_been_paid_so_is_refused_with_its_field(world: World) -> None:
    wrong = (
        {"cents": 0},
        {"paid_on": here(world).replace(year=2099)},
        {"payee_key": "nobody"},
        {"to_whom": "and somebody"},
        {"reference": " "},
    )
    for changes in wrong:
        with pytest.raises(NotWhatWasPaid) as refused:
            record(world, **changes)
        assert refused.value.field


def test_without_books_that_hold_it_nothing_is_written_down(bare: World) -> None:
    with pytest.raises(NoSuspenseFund, match="suspense_fund"):
        record(bare)


TABLE_REFUSES = {
    "DELETE FROM outage_payments": "_stay",
    "UPDATE outage_payments SET cents = 1": "_stay",
    "UPDATE outage_parts SET cents = 1": "_stay",
    "UPDATE outage_payments SET state = 'ratified', ratifier = :carla, ratified_at = now()": "_proved",
    "UPDATE outage_payments SET state = 'ratified', ratifier = proposer, ratified_at = now(), "
    "proof_id = (SELECT id FROM outage_proofs)": "ratifier_is_another",
    "UPDATE outage_payments SET state = 'ratified', ratifier = recorder, "
    "ratified_at = now(), proof_id = (SELECT id FROM outage_proofs)": "(ratifier_is_another|no_author)",
    "UPDATE outage_payments SET state = 'ratified', ratifier = (SELECT requested_by FROM requests LIMIT 1), "
    "ratified_at = now()": "no_author",
}
REPORTED_REFUSES = {
    "UPDATE outage_payments SET reported_at = now()": "_stay",
    "UPDATE outage_payments SET state = 'borne', bearer = reporter, borne_at = now()": "bearer_is_another",
    "UPDATE outage_payments SET state = 'borne', bearer = recorder, "
    "borne_at = now()": "(bearer_is_another|no_author)",
}


def refuses(world: World, planted: str, said: str) -> None:
    with Session(world.db.engine) as session, pytest.raises(sa.exc.IntegrityError, match=said):
        session.execute(sa.text(planted), {"carla": world.staff["carla"].id} if ":carla" in planted else {})


def test_the_table_itself_refuses_a_change_and_fewer_than_two_other_people(world: World) -> None:
    found = record(world)
    propose(world, found, billed(world))
    for planted, said in TABLE_REFUSES.items():
        refuses(world, planted, said)
    report(world, found)
    for planted, said in REPORTED_REFUSES.items():
        refuses(world, planted, said)


def test_the_proof_finds_what_the_table_would_have_refused(world: World, owner: sa.Engine) -> None:
    instruction = billed(world)
    found = record(world)
    propose(world, found, instruction)
    ratify(world, found)
    for planted in ("UPDATE outage_payments SET ratified_at = now()", "DELETE FROM outage_parts"):
        refuses(world, planted, "_stay")
    assert broken(world).isdisjoint(OUTAGE_RULES)
    drop = "ALTER TABLE outage_payments DROP CONSTRAINT IF EXISTS ck_outage_payments_"
    checks = [drop + name for name in ("proposer_is_another", "ratifier_is_another", "borne_by_someone")]
    for planted, undone, rule in (
        ("SET cents = cents + 1", "SET cents = cents - 1", "outage payment is not in suspense"),
        (
            "SET recorded_for = ARRAY[ratifier]",
            "SET recorded_for = '{}'",
            "outage payment ratified, borne or struck by fewer than two people",
        ),
    ):
        plant(owner, "outage_payments", *checks, f"UPDATE outage_payments {planted}")
        assert broken(world) & OUTAGE_RULES == {rule}
        plant(owner, "outage_payments", f"UPDATE outage_payments {undone}")
    report(world, record(world, reference="slip 78"))
    planted = "UPDATE outage_payments SET state = 'borne' WHERE state = 'reported'"
    plant(owner, "outage_payments", planted)
    assert broken(world) & OUTAGE_RULES == {
        "outage payment borne is not in the books",
        "outage payment is not in suspense",
    }
