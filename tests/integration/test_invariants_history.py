"""Faults planted in what came later (moved costs, counted trips, reversals, closed periods) are found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
import sqlalchemy as sa

from reunify.db import Database
from reunify.ledger import actions as ledger
from reunify.ledger.policy import Scope, Unit
from tests.integration.ledger_world import TRANSPORT, Books, faults, open_books

LEDGER = ("ledger_events", "ledger_entries", "ledger_cost_moves", "ledger_periods")


@pytest.fixture
def books(db: Database, now: datetime) -> Books:
    """A payment of 40,000 for trip `one`, 25,000 of it moved to another fund; a return of 1,000 reversed."""
    books = open_books(db, now)
    books.open("gift", {TRANSPORT: 50_000})
    with db.work() as session:
        cap = ledger.set_cap(
            session,
            fund_id=books.funds["cash"],
            scope=Scope.LIFETIME,
            scope_id="child",
            unit=Unit.CENTS,
            at_most=2,
        )
    books.now = now.replace(day=1)
    line = books.line(40_000, uses=(cap,), use_ref="one")
    books.reserve(line, ref="reserve-1")
    books.do("obligate", line.hold_id, 40_000, ref="obligate-1")
    books.do("expend", line.hold_id, 40_000, ref="expend-1")
    books.transfer(books.cost(line.hold_id, 25_000), ref="transfer-1")
    books.now = now
    books.correct(
        books.give_back(line.hold_id, 1_000, pay_again=False, ref="return-1").event, ref="correct-1"
    )
    books.close("2026-11-10")
    return books


@pytest.fixture
def owner(owner_url: str) -> Iterator[sa.Engine]:
    """The owner, with the triggers and the constraints in the way taken off: only so can these be planted."""
    engine = sa.create_engine(owner_url)
    with engine.begin() as connection:
        for table in LEDGER:
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        connection.exec_driver_sql("ALTER TABLE ledger_events DROP CONSTRAINT uq_ledger_events_corrects")
        for name in ("kind_apart_from_cash", "account_of_book"):
            connection.exec_driver_sql(f"ALTER TABLE ledger_entries DROP CONSTRAINT ck_ledger_entries_{name}")
    yield engine
    engine.dispose()


def found(books: Books) -> dict[str, list[str]]:
    result: dict[str, list[str]] = {}
    with books.db.read() as session:
        for finding in faults(session):
            result.setdefault(finding.rule, []).append(finding.sentence)
    return result


def plant(owner: sa.Engine, change: str) -> None:
    with owner.begin() as connection:
        assert connection.exec_driver_sql(change).rowcount > 0, "nothing was planted"


def of(ref: str) -> str:
    return f"(SELECT id FROM ledger_events WHERE external_ref = '{ref}')"


def test_sound_books_with_a_history_have_no_finding(books: Books) -> None:
    assert found(books) == {}


FAULTS = {
    "a moved cost written down with another amount": (
        "UPDATE ledger_cost_moves SET amount = amount - 1",
        {"moved cost is not its entries", "moved cost is not its hold"},
    ),
    "a moved cost that is not written down": (
        "DELETE FROM ledger_cost_moves",
        {"moved cost is not its entries"},
    ),
    "a hold that was made for another cost": (
        "UPDATE ledger_cost_moves SET to_hold = from_hold, from_hold = to_hold",
        {"moved cost is not its entries", "moved cost is not its hold"},
    ),
    "cash that a cost transfer moved from one account to the other": (
        "UPDATE ledger_entries SET account = 'cash_bank' WHERE account = 'cash_stripe' AND amount > 0 "
        f"AND event_id = {of('transfer-1')}",
        {"cash moved by a cost transfer", "entry changed"},
    ),
    "a correction of something else": (
        f"UPDATE ledger_events SET corrects = {of('expend-1')} WHERE kind = 'correct'",
        {"correction is not the reverse", "event changed"},
    ),
    "a decision that was corrected": (
        f"UPDATE ledger_events SET corrects = {of('reserve-1')} WHERE kind = 'correct'",
        {"correction is not the reverse", "decision corrected", "event changed"},
    ),
    "an event that was reversed twice": (
        f"UPDATE ledger_events SET kind = 'correct', corrects = {of('return-1')} "
        "WHERE external_ref = 'expend-1'",
        {"correction is not the reverse", "corrected twice", "event changed"},
    ),
    "an event dated into a closed period": (
        "UPDATE ledger_events SET day = '2026-11-02', happened_on = '2026-11-02' "
        "WHERE external_ref = 'return-1'",
        {"closed period changed", "event changed"},
    ),
    "an event dated out of a closed period": (
        "UPDATE ledger_events SET day = '2026-11-12' WHERE external_ref = 'transfer-1'",
        {"closed period changed", "event changed"},
    ),
    "an event that happened on another day than was written": (
        "UPDATE ledger_events SET happened_on = '2025-12-01' WHERE external_ref = 'expend-1'",
        {"event changed"},
    ),
    "an event under another name, by somebody else": (
        "UPDATE ledger_events SET external_ref = 'nothing', by = 'staff:x' WHERE external_ref = 'expend-1'",
        {"event changed"},
    ),
    "an event of a closed period written anew with a fingerprint that fits": (
        "UPDATE ledger_events SET by = 'staff:x', fingerprint = encode(sha256(convert_to(concat_ws('|', id, "
        "kind, external_ref, content_hash, day, (extract(epoch FROM at) * 1000000)::bigint, 'staff:x', "
        "happened_on, ''), 'UTF8')), 'hex') WHERE external_ref = 'expend-1'",
        {"closed period changed"},
    ),
    "a trip counted too often": ("UPDATE ledger_caps SET used = 2", {"trips miscounted"}),
    "a trip not counted": ("UPDATE ledger_caps SET used = 0", {"trips miscounted"}),
    "a trip that is more than its holds": (
        "UPDATE ledger_uses SET live = live + 1",
        {"trip is not its holds"},
    ),
    "a hold that was of another trip": (
        "UPDATE ledger_holds SET use_ref = 'two' WHERE use_ref = 'one'",
        {"trip is not its holds"},
    ),
    "money in the books of nights": (
        "UPDATE funding_sources SET unit = 'night' WHERE code = 'gift'",
        {"units in the cash books"},
    ),
    "nights in the books of money": (
        "UPDATE funding_sources SET unit = 'cents' WHERE code = 'nights'",
        {"units in the cash books"},
    ),
}


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_planted_fault_is_named(books: Books, owner: sa.Engine, fault: str) -> None:
    change, rules = FAULTS[fault]
    plant(owner, change)
    assert set(found(books)) == rules


def test_an_event_added_to_a_closed_period_without_its_lock_is_found_by_its_entries(
    books: Books, owner: sa.Engine
) -> None:
    """The count of events alone would not show it: the one is taken out for the other."""
    plant(owner, "UPDATE ledger_events SET day = '2026-11-12' WHERE external_ref = 'transfer-1'")
    plant(
        owner,
        "UPDATE ledger_events SET day = '2026-11-02', happened_on = '2026-11-02' "
        "WHERE external_ref = 'return-1'",
    )
    (said,) = found(books)["closed period changed"]
    assert said.startswith(
        "The period through 2026-11-10 was closed with 4 events and has 4, or they are not as they were"
    )
