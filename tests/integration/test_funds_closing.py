"""A source is closed for good once nothing is open on it, whoever is at work on it meanwhile."""

from __future__ import annotations

from datetime import datetime
from threading import Thread
from typing import Any

import pytest
import sqlalchemy as sa

from reunify.db import Database
from reunify.funds import policy, queries
from reunify.funds.policy import FundKind
from reunify.kernel.money import Money
from reunify.ledger import actions as ledger
from reunify.ledger.policy import Scope, Unit
from tests.integration.ledger_world import BY, MEALS, TRANSPORT, Books, open_books
from tests.integration.test_funds_rows import TODAY, TOMORROW, award, do, draw, one, told

OVER = {"reason": "the year is over"}


@pytest.fixture
def books(db: Database, now: datetime) -> Books:
    return open_books(db, now)


def test_a_source_with_something_open_on_it_is_not_closed(books: Books) -> None:
    line = books.line(60_000)
    books.reserve(line)
    books.do("obligate", line.hold_id, 20_000)
    close = {"reason": "the year is over"}
    with pytest.raises(policy.StillOpen, match=r"\$400.00 reserved and \$200.00 obligated") as refused:
        do(books, "close", **close)
    assert f"hold {str(line.hold_id)[:8]}, transport" in str(refused.value)
    books.do("unreserve", line.hold_id, 40_000)
    books.do("expend", line.hold_id, 20_000)
    with pytest.raises(policy.StillOpen, match="a request to the funder waits"):
        do(books, "close", open_elsewhere=lambda: ["a request to the funder waits"], **close)
    do(books, "close", **close)
    assert one(books, "cash").state == "closed"


def test_a_return_after_closing_is_kept_and_nothing_else_changes_a_closed_source(books: Books) -> None:
    line = books.line(60_000)
    books.reserve(line)
    books.do("obligate", line.hold_id, 60_000)
    books.do("expend", line.hold_id, 60_000)
    do(books, "move", verb="close", reason="the year is over")
    books.do("give_back", line.hold_id, 60_000, pay_again=False)
    assert books.amounts() == (100_000, 0, 0, 0)
    with pytest.raises(policy.Closed):
        do(books, "limit", scope=Scope.TRIP, at_most=1, effective_from=TODAY)


def test_whoever_reserved_from_a_source_that_closes_meanwhile_learns_it(books: Books) -> None:
    """Closing waits for the reservation's transaction, and then is refused; or the reservation sees it."""
    with books.db.work() as session:
        reserved = books.line(100)
        ledger.reserve(session, external_ref="race", plan=[reserved], by=BY, now=books.now)
        assert queries.not_open(session, [books.funds["cash"]]) == []
        closer = Thread(target=lambda: refusals.append(closing(books)))
        refusals: list[str] = []
        closer.start()
        closer.join(0.3)
        assert closer.is_alive()
    closer.join()
    assert refusals == ["StillOpen"]
    do(books, "move", verb="freeze", reason="looked into")
    with books.db.read() as session:
        assert [f.code for f in queries.not_open(session, list(books.funds.values()))] == ["cash"]


def closing(books: Books) -> str:
    try:
        do(books, "move", verb="close", reason="the year is over")
    except policy.StillOpen as refused:
        return type(refused).__name__
    return "closed"


def test_what_waits_elsewhere_is_asked_once_nobody_can_add_to_it(books: Books) -> None:
    """Somebody asks the funder of it while closing waits: closing sees it and is refused."""
    open_now: list[str] = []
    refusals: list[str] = []

    def try_to_close() -> None:
        with pytest.raises(policy.StillOpen) as refused:
            do(books, "close", open_elsewhere=lambda: list(open_now), **OVER)
        refusals.append(str(refused.value))

    with books.db.work() as session:
        asked = sa.text("SELECT 1 FROM funding_sources WHERE code = 'cash' FOR KEY SHARE")
        session.execute(asked)  # as the foreign key of a new request to the funder does
        closer = Thread(target=try_to_close)
        closer.start()
        closer.join(0.3)
        assert closer.is_alive()
        open_now.append("1 request: asked of the funder")
    closer.join()
    assert "1 request: asked of the funder" in refusals[0]


def test_an_amendment_to_come_is_listed_until_it_is_taken_back(books: Books) -> None:
    later: dict[str, Any] = {"budget_category": MEALS, "effective_from": TOMORROW, "reason": "amendment 1"}
    do(books, "amend", authorized=40_000, **later)
    with pytest.raises(policy.StillOpen, match=rf"meals: \$400.00 is authorized from {TOMORROW}"):
        do(books, "close", **OVER)
    do(books, "amend", authorized=10_000, **later)
    do(books, "close", **OVER)
    assert one(books, "cash").state == "closed"


def test_what_becomes_of_the_cash_on_hand_is_said_and_kept(books: Books) -> None:
    award(books)
    draw(books, 10_000)
    with pytest.raises(policy.CashOnHand, match=r"\$100.00 of it is on hand") as refused:
        do(books, "close", "award", **OVER)
    assert refused.value.field == "/cash_goes"
    do(books, "close", "award", cash_goes="sent back on November 25, wire 17", **OVER)
    (kept,) = told(books, "close")
    assert (kept["cash_on_hand"], kept["cash_goes"]) == (10_000, "sent back on November 25, wire 17")


def test_a_grant_that_is_not_used_keeps_its_source_open(books: Books) -> None:
    program = do(
        books,
        "open_fund",
        "program",
        name="Sample program",
        public_name="Travel help",
        kind=FundKind.ASKED,
        unit=Unit.CENTS,
        amounts={},
        period_start=TODAY,
        period_end=None,
        organisation_set=False,
    )
    granted = {
        "fund_id": program,
        "budget_category": TRANSPORT,
        "unit": Unit.CENTS,
        "by": BY,
        "now": books.now,
    }
    with books.db.work() as session:
        ledger.authorise(session, external_ref="granted", amount=40_000, **granted)
    with pytest.raises(policy.StillOpen, match=f"transport: {Money(40_000)} is granted".replace("$", r"\$")):
        do(books, "close", "program", **OVER)
    with books.db.work() as session:
        ledger.authorise(session, external_ref="ended", amount=-40_000, **granted)
    do(books, "close", "program", **OVER)
