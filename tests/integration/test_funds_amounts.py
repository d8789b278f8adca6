"""Sources are opened, amended with a reason, frozen and closed; the ledger follows each change."""

from __future__ import annotations

from datetime import date, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.db import Database
from reunify.funds import actions, policy, queries
from reunify.kernel.ids import StaffId, new_id
from reunify.kernel.moves import WrongState
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotAllowed
from reunify.ledger.policy import BudgetCategory, InsufficientFunds
from tests.integration.ledger_world import BY, LODGING, TRANSPORT, Books, open_books


@pytest.fixture
def books(db: Database, now: datetime) -> Books:
    return open_books(db, now)


def amend(
    books: Books, authorized: int, category: BudgetCategory = TRANSPORT, reason: str = "amendment 1"
) -> None:
    with books.db.work() as session:
        actions.amend(
            session,
            code="cash",
            budget_category=category,
            authorized=authorized,
            effective_from=date(2026, 12, 1),
            reason=reason,
            by=BY,
            now=books.now,
        )


def fund(session: Session, code: str) -> queries.Fund:
    return next(f for f in queries.all_funds(session) if f.code == code)


def move(books: Books, verb: str, by: Staff | None = None) -> None:
    with books.db.work() as session:
        actions.move(session, code="cash", verb=verb, reason="as agreed", by=by or BY, now=books.now)


def test_a_new_source_has_what_it_was_authorized(books: Books) -> None:
    with books.db.read() as session:
        shown = {
            (b.fund.code, b.budget_category.value): (b.authorized, b.available)
            for b in queries.held_balances(session)
        }
        assert fund(session, "nights").unit == "night"
    assert shown == {
        ("cash", "lodging"): (50_000, 50_000),
        ("cash", "meals"): (10_000, 10_000),
        ("cash", "transport"): (100_000, 100_000),
        ("nights", "lodging"): (5, 5),
    }


def test_more_or_less_authority_is_available_at_once(books: Books) -> None:
    amend(books, 150_000)
    assert books.amounts() == (150_000, 0, 0, 0)
    amend(books, 20_000)
    assert books.amounts() == (20_000, 0, 0, 0)


def test_authority_in_use_is_not_taken_back(books: Books) -> None:
    books.reserve(books.line(60_000))
    with pytest.raises(InsufficientFunds):
        amend(books, 59_999)
    amend(books, 60_000)
    assert books.amounts() == (0, 60_000, 0, 0)


def test_every_amount_ever_set_is_kept_with_its_reason(books: Books) -> None:
    amend(books, 150_000)
    with books.db.read() as session:
        kept = session.execute(
            sa.text(
                "SELECT number, authorized, reason FROM fund_amounts "
                "WHERE budget_category = 'transport' ORDER BY number"
            )
        ).all()
    assert [tuple(row) for row in kept] == [(1, 100_000, "opened"), (2, 150_000, "amendment 1")]
    with pytest.raises(policy.ReasonNeeded):
        amend(books, 1, reason=" ")


def test_a_source_is_frozen_thawed_and_closed(books: Books) -> None:
    for verb, state in (("freeze", "frozen"), ("thaw", "open"), ("close", "closed")):
        move(books, verb)
        with books.db.read() as session:
            assert fund(session, "cash").state == state
            held = {f.code for f in queries.open_held(session, on=books.now.date())}
            assert ("cash" in held) == (state == "open")
    with pytest.raises(WrongState):
        move(books, "thaw")


def test_only_an_administrator_changes_a_source(books: Books) -> None:
    finance = Staff(StaffId(new_id()), "Ben", frozenset({Role.FINANCE_APPROVER, Role.FINANCE_RELEASER}))
    with pytest.raises(NotAllowed):
        move(books, "freeze", by=finance)


def test_a_code_is_used_once(books: Books) -> None:
    with pytest.raises(policy.CodeTaken):
        books.open("cash", {LODGING: 1})


def test_an_unknown_code_is_refused(books: Books) -> None:
    with pytest.raises(policy.NoSuchFund), books.db.work() as session:
        actions.move(session, code="nope", verb="freeze", reason="as agreed", by=BY, now=books.now)
