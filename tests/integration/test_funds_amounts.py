"""Sources are opened, amended with a reason, frozen and closed; the ledger follows each change."""

from __future__ import annotations

from datetime import date, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.db import Database
from reunify.funds import actions, history, policy, queries, typed
from reunify.funds.amending import LessThanInUse, apply_due_amendments
from reunify.kernel.ids import StaffId, new_id
from reunify.kernel.moves import WrongState
from reunify.kernel.people import Role, Staff, System
from reunify.kernel.refusals import NotAllowed
from reunify.ledger.policy import BudgetCategory, Unit
from tests.integration.ledger_world import BY, LODGING, TRANSPORT, Books, open_books


@pytest.fixture
def books(db: Database, now: datetime) -> Books:
    return open_books(db, now)


TODAY = date(2026, 11, 25)
IN_DECEMBER = date(2026, 12, 1)


def amend(
    books: Books,
    authorized: int,
    category: BudgetCategory = TRANSPORT,
    reason: str = "amendment 1",
    starts: date = TODAY,
) -> None:
    with books.db.work() as session:
        actions.amend(
            session,
            code="cash",
            budget_category=category,
            authorized=authorized,
            effective_from=starts,
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
    with pytest.raises(LessThanInUse, match=r"\$600.00 are reserved") as refused:
        amend(books, 59_999)
    assert refused.value.field == "/authorized"
    amend(books, 60_000)
    assert books.amounts() == (0, 60_000, 0, 0)


def begin(books: Books, day: date) -> int:
    """What the worker does on that day."""
    at = datetime.combine(day, books.now.timetz())
    with books.db.work() as session:
        return apply_due_amendments(
            session, fund_id=books.funds["cash"], by=System("fund amendments"), now=at
        )


def states(books: Books, day: date) -> list[tuple[int, str]]:
    with books.db.read() as session:
        found = history.amendments(session, books.funds["cash"], on=day)
        return [(a.authorized, a.state) for a in found if a.budget_category is TRANSPORT]


def test_an_amendment_of_a_later_day_is_available_on_that_day(books: Books) -> None:
    amend(books, 150_000, starts=IN_DECEMBER)
    assert books.amounts() == (100_000, 0, 0, 0)
    assert begin(books, date(2026, 11, 30)) == 0
    assert states(books, TODAY) == [(150_000, "later"), (100_000, "in_force")]
    assert begin(books, IN_DECEMBER) == 1
    assert books.amounts() == (150_000, 0, 0, 0)
    assert begin(books, IN_DECEMBER) == 0
    assert states(books, IN_DECEMBER) == [(150_000, "in_force"), (100_000, "replaced")]


def test_an_amendment_made_in_between_holds_until_the_later_one_begins(books: Books) -> None:
    amend(books, 150_000, starts=IN_DECEMBER)
    amend(books, 120_000)
    assert books.amounts() == (120_000, 0, 0, 0)
    begin(books, IN_DECEMBER)
    assert books.amounts() == (150_000, 0, 0, 0)


def test_less_authority_waits_until_it_is_not_in_use_any_more(books: Books) -> None:
    line = books.line(60_000)
    books.reserve(line)
    amend(books, 50_000, starts=IN_DECEMBER)
    assert begin(books, IN_DECEMBER) == 0
    assert states(books, IN_DECEMBER)[0] == (50_000, "waits")
    books.do("unreserve", line.hold_id, 20_000)
    assert begin(books, IN_DECEMBER) == 1
    assert books.amounts() == (10_000, 40_000, 0, 0)


def test_what_holds_already_is_not_rewritten_by_an_earlier_day(books: Books) -> None:
    with pytest.raises(policy.NotInOrder) as refused:
        amend(books, 1, starts=date(2025, 12, 31))
    assert refused.value.field == "/effective_from"


def test_the_award_of_a_period_to_come_is_available_when_it_begins(books: Books) -> None:
    with books.db.work() as session:
        books.funds["next"] = actions.open_fund(
            session,
            code="next",
            name="Next year",
            public_name="Next",
            kind=policy.FundKind.HELD,
            unit=Unit.CENTS,
            amounts={LODGING: 500},
            period_start=date(2027, 1, 1),
            period_end=None,
            organisation_set=True,
            by=BY,
            now=books.now,
        )
        assert [b for b in queries.held_balances(session) if b.fund.code == "next"] == []
        assert queries.open_held(session, on=TODAY)[0].code != "next"
    at = datetime(2027, 1, 1, 15, tzinfo=books.now.tzinfo)
    with books.db.work() as session:
        apply_due_amendments(session, fund_id=books.funds["next"], by=System("fund amendments"), now=at)
    assert books.amounts(LODGING, "next") == (500, 0, 0, 0)


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
    with pytest.raises(typed.ReasonNeeded):
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


def test_a_fund_manager_changes_a_source_and_finance_does_not(books: Books) -> None:
    move(books, "freeze", by=Staff(StaffId(new_id()), "Fay", frozenset({Role.FUND_MANAGER})))
    finance = Staff(StaffId(new_id()), "Ben", frozenset({Role.FINANCE_APPROVER, Role.FINANCE_RELEASER}))
    with pytest.raises(NotAllowed):
        move(books, "thaw", by=finance)


def test_a_code_is_used_once(books: Books) -> None:
    with pytest.raises(policy.CodeTaken):
        books.open("cash", {LODGING: 1})


def test_an_unknown_code_is_refused(books: Books) -> None:
    with pytest.raises(policy.NoSuchFund), books.db.work() as session:
        actions.move(session, code="nope", verb="freeze", reason="as agreed", by=BY, now=books.now)
