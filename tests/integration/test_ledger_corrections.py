"""What was written down wrongly is reversed, once; what was written is never changed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from reunify.db import Database
from reunify.kernel.money import Money
from reunify.ledger import actions as ledger
from reunify.ledger import correcting_policy, policy, queries
from reunify.ledger.policy import Cash
from tests.integration.ledger_world import BY, LODGING, MEALS, TRANSPORT, Books, open_books


@pytest.fixture
def books(db: Database, now: datetime) -> Books:
    books = open_books(db, now)
    books.open("gift", {TRANSPORT: 50_000, LODGING: 50_000})
    return books


@pytest.fixture
def paid(books: Books) -> UUID:
    return books.spent(40_000)


def test_a_payment_written_down_wrongly_is_reversed_once(books: Books) -> None:
    line = books.line(40_000)
    books.reserve(line)
    books.do("obligate", line.hold_id, 40_000)
    wrong = books.do("expend", line.hold_id, 40_000)
    first = books.correct(wrong, ref="c")
    assert books.correct(wrong, ref="c") == first
    assert books.amounts() == (60_000, 0, 40_000, 0)
    assert books.money() == (Money(0), Money(0))
    with pytest.raises(correcting_policy.AlreadyCorrected):
        books.correct(wrong)
    assert books.sound()


def test_what_was_reversed_is_not_taken_for_posted(books: Books) -> None:
    """Said again under its reference it would change nothing, while its answer would say that it was paid."""
    line = books.line(40_000)
    books.reserve(line)
    books.do("obligate", line.hold_id, 40_000)
    books.correct(books.do("expend", line.hold_id, 40_000, ref="obp_1:posted"))
    with pytest.raises(policy.ReferenceUsed, match="obp_1:posted was reversed"):
        books.do("expend", line.hold_id, 40_000, ref="obp_1:posted")
    books.do("expend", line.hold_id, 40_000, ref="obp_1:posted_anew")
    assert books.amounts() == (60_000, 0, 0, 40_000)


def test_drawdowns_fees_returns_recoveries_and_transfers_are_reversed(books: Books, paid: UUID) -> None:
    given: dict[str, object] = {"by": BY, "now": books.now, "cash": Cash.BANK}
    with books.db.work() as session:
        fund = books.funds["cash"]
        wrong = [
            ledger.draw_down(session, external_ref="d", fund_id=fund, amount=500, **given),  # type: ignore[arg-type]
            ledger.charge_fee(
                session,
                external_ref="f",
                fund_id=fund,
                budget_category=MEALS,
                amount=5,
                **given,  # type: ignore[arg-type]
            ),
            ledger.recover(session, external_ref="r", amounts={paid: 7}, **given),  # type: ignore[arg-type]
        ]
    wrong.append(books.transfer(books.cost(paid, 9_000)))
    wrong.append(books.give_back(paid, 10_000, pay_again=True).event)
    for event in reversed(wrong):
        books.correct(event)
        assert books.sound()
    assert books.amounts() == (60_000, 0, 0, 40_000)
    assert books.amounts(code="gift") == (50_000, 0, 0, 0)
    assert books.money() == (Money(-40_000), Money(0))
    with books.db.read() as session:
        assert queries.moved(session, [paid]) == []


def test_a_decision_is_undone_by_a_decision_never_by_a_correction(books: Books) -> None:
    line = books.line(10)
    events = [books.reserve(line), books.do("obligate", line.hold_id, 10), books.do("fail", line.hold_id, 10)]
    for event, remedy in zip(events, ("reservation up", "obligation back", "reserve anew"), strict=True):
        with pytest.raises(correcting_policy.CannotBeCorrected, match=remedy):
            books.correct(event)
    with pytest.raises(correcting_policy.NoSuchEvent):
        books.correct(uuid4())


def test_a_correction_is_not_corrected(books: Books, paid: UUID) -> None:
    correction = books.correct(books.give_back(paid, 1, pay_again=True).event)
    with pytest.raises(correcting_policy.CannotBeCorrected, match="new reference"):
        books.correct(correction)


def test_what_is_used_since_cannot_be_taken_back_by_a_correction(books: Books, paid: UUID) -> None:
    """Balances, holds and caps are checked as at any posting."""
    back = books.give_back(paid, 40_000, pay_again=False).event
    books.reserve(books.line(70_000))
    with pytest.raises(policy.InsufficientFunds):
        books.correct(back)
    other = books.spent(20_000)
    moved = books.transfer(books.cost(other, 20_000))
    books.give_back(other, 1, pay_again=False)
    with pytest.raises(policy.MoreThanExpended):
        books.correct(moved)
    assert books.sound()


@pytest.mark.parametrize("table", ["ledger_cost_moves", "ledger_periods"])
def test_what_came_later_is_never_changed_not_even_by_the_owner(
    books: Books, paid: UUID, owner_url: str, table: str
) -> None:
    books.move(paid, 1)
    books.close("2026-11-01")
    owner = sa.create_engine(owner_url)
    for engine, said in ((books.db.engine, "permission denied"), (owner, "keeps what was written")):
        for change in ("UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"):
            text = change.format(table).replace("id = id", "amount = 2" if "moves" in table else "events = 2")
            with pytest.raises(sa.exc.DBAPIError, match=said), engine.begin() as connection:
                connection.execute(sa.text(text))
    owner.dispose()
    assert books.sound()
