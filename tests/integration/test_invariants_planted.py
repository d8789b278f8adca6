"""A fault planted behind every lock is found and named; sound books give no finding."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import pytest
import sqlalchemy as sa

from reunify.db import Database
from reunify.ledger import actions as ledger
from reunify.ledger.policy import Scope, Unit
from reunify.reporting import invariants
from reunify.reporting.invariants import Finding
from tests.integration.ledger_world import Books, open_books


@pytest.fixture
def books(db: Database, now: datetime) -> Books:
    books = open_books(db, now)
    with db.work() as session:
        cap = ledger.set_cap(
            session,
            fund_id=books.funds["cash"],
            scope=Scope.CHILD,
            scope_id="child",
            unit=Unit.CENTS,
            at_most=60_000,
        )
    line = books.line(40_000, caps=(cap,))
    books.reserve(line, ref="reserve-1")
    books.do("obligate", line.hold_id, 40_000, ref="obligate-1")
    books.do("expend", line.hold_id, 30_000, ref="expend-1")
    return books


@pytest.fixture
def owner(owner_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(owner_url)
    yield engine
    engine.dispose()


def found(books: Books) -> dict[str, list[Finding]]:
    result: dict[str, list[Finding]] = {}
    with books.db.read() as session:
        for finding in invariants.check(session):
            result.setdefault(finding.rule, []).append(finding)
    return result


def plant(owner: sa.Engine, table: str, *changes: str) -> None:
    """As nobody but the database's owner can: with the triggers off."""
    with owner.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for change in changes:
            connection.exec_driver_sql(change)
        connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def entry(books: Books, ref: str, account: str) -> UUID:
    asked = sa.text(
        "SELECT e.id FROM ledger_entries e JOIN ledger_events v ON v.id = e.event_id "
        "WHERE v.external_ref = :ref AND e.account = :account"
    )
    with books.db.read() as session:
        found: UUID = session.scalars(asked, {"ref": ref, "account": account}).one()
    return found


def test_sound_books_have_no_finding(books: Books) -> None:
    assert found(books) == {}


def test_an_entry_changed_by_a_cent_is_named(books: Books, owner: sa.Engine) -> None:
    wrong = entry(books, "expend-1", "expended")
    plant(owner, "ledger_entries", f"UPDATE ledger_entries SET amount = amount + 1 WHERE id = '{wrong}'")
    findings = found(books)
    assert [f.entry_id for f in findings["entry changed"]] == [wrong]
    assert "expend-1" in str(findings["entry changed"][0])
    assert findings["event not balanced"][0].sentence == (
        "Event expend-1 is off by 1 cents in the budget book."
    )
    assert set(findings) >= {
        "balance is not its entries",
        "hold is not its entries",
        "spent is not what left",
    }


def test_both_sides_changed_together_are_still_found(books: Books, owner: sa.Engine) -> None:
    pair = [entry(books, "reserve-1", a) for a in ("reserved", "available")]
    plant(
        owner,
        "ledger_entries",
        f"UPDATE ledger_entries SET amount = amount + 100 WHERE id = '{pair[0]}'",
        f"UPDATE ledger_entries SET amount = amount - 100 WHERE id = '{pair[1]}'",
    )
    findings = found(books)
    assert {f.entry_id for f in findings["entry changed"]} == set(pair)
    assert "event not balanced" not in findings


def test_a_removed_entry_is_found(books: Books, owner: sa.Engine) -> None:
    plant(
        owner,
        "ledger_entries",
        f"DELETE FROM ledger_entries WHERE id = '{entry(books, 'expend-1', 'expended')}'",
    )
    assert {"event not balanced", "balance is not its entries"} <= set(found(books))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("UPDATE ledger_balances SET reserved = reserved + 1", "balance is not its entries"),
        ("UPDATE ledger_balances SET authorized = authorized + 1", "balance is not its entries"),
        ("UPDATE ledger_holds SET expended = expended - 1", "hold is not its entries"),
        ("UPDATE ledger_caps SET used = used - 1", "cap miscounted"),
    ],
)
def test_a_cache_changed_by_the_application_itself_is_found(books: Books, change: str, rule: str) -> None:
    with books.db.work() as session:
        session.execute(sa.text(change))
    assert rule in found(books)


def test_a_fund_below_zero_is_named(books: Books, owner: sa.Engine) -> None:
    change = "UPDATE ledger_entries SET amount = 2 * amount WHERE account = 'reserved' AND amount < 0"
    plant(owner, "ledger_entries", change)
    assert [f.sentence for f in found(books)["below zero"]] == ["cash transport is below zero."]


def test_money_that_left_in_another_amount_than_the_budget_says_is_found(
    books: Books, owner: sa.Engine
) -> None:
    """Each book balances by itself; only comparing them shows it."""
    expense, cash = (entry(books, "expend-1", a) for a in ("expense", "cash_stripe"))
    plant(
        owner,
        "ledger_entries",
        f"UPDATE ledger_entries SET amount = 29000 WHERE id = '{expense}'",
        f"UPDATE ledger_entries SET amount = -29000 WHERE id = '{cash}'",
    )
    findings = found(books)
    assert "event not balanced" not in findings
    assert "spends 30000 cents" in findings["spent is not what left"][0].sentence


def test_findings_name_ids_codes_and_amounts_only(books: Books, owner: sa.Engine) -> None:
    plant(owner, "ledger_entries", "UPDATE ledger_entries SET amount = amount + 1")
    for findings in found(books).values():
        for finding in findings:
            assert str(finding).startswith(finding.rule + ": ")
            assert "Public" not in finding.sentence
