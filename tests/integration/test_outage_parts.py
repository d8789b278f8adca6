"""One slip may have paid several payments, or more than awards hold; its paper is seen; it counts once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from reunify.db import Database
from reunify.disbursement import outage_proofs
from reunify.disbursement.logging_policy import NotAProof
from reunify.disbursement.outage_policy import (
    BearerIsReporter,
    NoPaper,
    NotHeldForIt,
    RatifierIsRecorder,
    SameSlip,
)
from reunify.files import evidence
from reunify.files.evidence_policy import NoLongerKept
from reunify.files.ports import Clean
from reunify.funds import actions as funds
from reunify.funds import queries as known_funds
from reunify.funds.policy import FundKind
from reunify.intake import actions as intake
from reunify.intake.form import Settlement
from reunify.kernel.ids import RequestId
from reunify.kernel.moves import WrongState
from reunify.kernel.people import System
from reunify.kernel.refusals import Refused
from reunify.ledger.policy import BudgetCategory, Cash, Unit
from reunify.reconciliation import suspense
from reunify.reconciliation.cash_settings import NobodyBears
from reunify.reporting import invariants
from tests.integration.outage_world import CENTS, attach, bear, propose, ratify, record, report, strike
from tests.integration.payment_world import OPENING, World, make_world
from tests.integration.test_cash_accounts import own_money, sets
from tests.integration.test_disbursement_logged import billed
from tests.proofs import kept_paper

OVER = 1_999
OWN = 10_000  # what `own_money` may spend


@pytest.fixture
def world(db: Database, superuser: str) -> World:
    world = make_world(db, superuser)
    sets(world, "suspense_fund", own_money(world))
    return world


def in_suspense(world: World, found: UUID) -> int:
    with world.db.read() as session:
        return suspense.left(session, f"outage:{found}")


def refused(world: World, what: str, error: type[Refused], call: Callable[[], object]) -> None:
    with pytest.raises(error, match=what):
        call()


def outage_rules_broken(world: World) -> list[str]:
    with world.db.read() as session:
        return [str(f) for f in invariants.check(session) if f.rule.startswith("outage payment")]


def federal(world: World) -> str:
    with world.db.work() as session:
        funds.open_fund(
            session,
            code="federal",
            name="Federal award",
            public_name="Travel fund",
            kind=FundKind.HELD,
            unit=Unit.CENTS,
            amounts={BudgetCategory.OTHER: OWN},
            period_start=date(2026, 1, 1),
            period_end=date(2099, 12, 31),
            organisation_set=False,
            award_number="2026-MC-FX-K001",
            assistance_listing="16.543",
            by=System("setup"),
            now=world.clock(),
        )
    return "federal"


def test_one_slip_paid_several_payments_and_what_no_award_bears_the_organisation_bears(world: World) -> None:
    lines = [world.line("airline", Settlement.VENDOR_BILLED, cents) for cents in (12_000, 8_000)]
    (ticket,) = world.instruct(*lines)  # one payment of two lines
    (other,) = world.instruct(world.line("mother", Settlement.REPAID, 5_000), rail_on=False)
    found = record(world, cents=25_000 + OVER, payee_key=None, to_whom="the agency's desk")
    refused(world, r"other \$69.99", NotHeldForIt, lambda: propose(world, found, ticket))
    refused(world, r"other \$19.99", NotHeldForIt, lambda: propose(world, found, ticket, other))
    propose(world, found, ticket, other, ticket, why_rest="A meal on board, which no award allows.")
    second = record(world, cents=20_000, reference="slip 78")
    refused(world, "is proposed as one of these", NotHeldForIt, lambda: propose(world, second, ticket))
    report(world, second)

    ratify(world, found)
    assert {world.instruction(one).state for one in (ticket, other)} == {"settled"}
    assert world.books(world.cents) == (OPENING - 25_000, 0, 0, 25_000)
    assert in_suspense(world, found) == OVER
    assert outage_rules_broken(world) == []

    refused(world, "unallowable_costs", NobodyBears, lambda: bear(world, found))
    sets(world, "unallowable_costs", f"{federal(world)} other")
    refused(world, "organisation's own money", NobodyBears, lambda: bear(world, found))
    sets(world, "unallowable_costs", "own other")
    refused(world, "reported this", BearerIsReporter, lambda: bear(world, found, by="ben"))
    refused(world, "another colleague", Refused, lambda: bear(world, second, by="ben"))
    bear(world, found)
    assert in_suspense(world, found) == 0
    with world.db.read() as session:
        own = known_funds.fund_called(session, "own").id
    assert world.books(own) == (OWN - OVER, 0, 0, OVER)
    assert world.books(world.cents)[3] == 25_000, "no award bears a cent of it"
    assert world.cash(Cash.BANK) == OPENING - 25_000 - OVER - 20_000
    refused(world, "is borne", WrongState, lambda: bear(world, found))
    assert outage_rules_broken(world) == []


def test_nobody_ratifies_without_a_paper_they_can_open(world: World) -> None:
    instruction = billed(world)
    found = record(world, proved=False)
    propose(world, found, instruction)
    refused(world, "check copy, slip or receipt", NoPaper, lambda: ratify(world, found))
    bill = attach(world, found, drawn_again=False)
    refused(world, "not scanned for malware", NotAProof, lambda: ratify(world, found))
    carla, now = world.staff["carla"], world.clock()
    with world.db.work() as session:
        evidence.note_scan(session, evidence_id=bill, scanned=Clean(), by=System("scan_evidence"), now=now)
        theirs = kept_paper(session, world.request, by=world.staff["ana"], now=now)
    with world.db.work() as session:
        assert outage_proofs.show(session, outage_id=found, evidence_id=bill, by=carla, now=now).content
        with pytest.raises(NoLongerKept):
            outage_proofs.show(session, outage_id=found, evidence_id=theirs, by=carla, now=now)
    ratify(world, found)
    refused(world, "It is over", NotAProof, lambda: attach(world, found))


def test_the_same_slip_is_written_down_once_and_says_the_way_on(world: World) -> None:
    record(world, reference="Slip No. 77")
    refused(world, "finance finds it", SameSlip, lambda: record(world, reference="slip-no 77", cents=1))
    with world.db.work() as session:
        draft = intake.create(session, draft={}, by=world.staff["ana"], now=world.clock())
    elsewhere: dict[str, Any] = {"request": RequestId(draft.id), "payee_key": None, "to_whom": "the desk"}
    refused(
        world, "for another request", SameSlip, lambda: record(world, reference="SLIP NO 77", **elsewhere)
    )
    record(world, reference="Slip No. 77", proved=False, cents=CENTS + 1, **elsewhere)
    record(world, reference="Slip No. 77, second receipt")


def test_what_was_written_down_wrongly_is_struck_by_somebody_else_and_written_down_anew(world: World) -> None:
    instruction = billed(world)
    found = record(world, "carla", cents=10 * CENTS)
    refused(world, "wrote this payment down", RatifierIsRecorder, lambda: strike(world, found, "carla"))
    propose(world, found, instruction, why_rest="It is too much.")
    strike(world, found)
    assert (in_suspense(world, found), world.cash(Cash.BANK)) == (0, OPENING)
    refused(world, "is struck", WrongState, lambda: report(world, found, "ben"))
    again = record(world)
    propose(world, again, instruction)
    ratify(world, again)
    assert world.cash(Cash.BANK) == OPENING - CENTS
    assert outage_rules_broken(world) == []


def test_of_two_who_do_the_same_at_once_one_does_it(world: World) -> None:
    instruction = billed(world)

    def race(call: Callable[[], object]) -> list[str]:
        told: list[str] = []
        together = threading.Barrier(2)

        def one() -> None:
            together.wait()
            try:
                call()
                told.append("done")
            except Refused as why:
                told.append(type(why).__name__)

        threads = [threading.Thread(target=one) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        return sorted(told)

    assert race(lambda: record(world, proved=False)) == ["SameSlip", "done"]
    found = record(world, reference="slip 78")
    propose(world, found, instruction)
    assert race(lambda: ratify(world, found)) == ["WrongState", "done"]
    assert world.books(world.cents) == (OPENING - CENTS, 0, 0, CENTS)
