"""Costs move to another fund, and what comes back follows them there."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

import pytest

from reunify.db import Database
from reunify.kernel.money import Money
from reunify.ledger import actions as ledger
from reunify.ledger import policy, queries
from reunify.ledger.actions import CostMove
from reunify.ledger.policy import Cash, Scope, Unit
from tests.integration.ledger_world import BY, LODGING, TRANSPORT, Books, open_books


@pytest.fixture
def books(db: Database, now: datetime) -> Books:
    books = open_books(db, now)
    books.open("gift", {TRANSPORT: 50_000, LODGING: 50_000})
    return books


@pytest.fixture
def paid(books: Books) -> UUID:
    """A hold of the cash fund that has spent 40,000 cents from our account at Stripe."""
    return books.spent(40_000)


def available(books: Books) -> tuple[int, int]:
    """What the old and the new fund have left for transport."""
    return books.amounts()[0], books.amounts(code="gift")[0]


# Cost transfers ------------------------------------------------------------------------------------------
def test_a_moved_cost_is_spent_by_the_new_fund_and_no_cash_moves(books: Books, paid: UUID) -> None:
    before = books.money()
    new = books.move(paid, 25_000)
    assert books.amounts() == (85_000, 0, 0, 15_000)
    assert books.amounts(code="gift") == (25_000, 0, 0, 25_000)
    assert (books.hold(new).ceiling, books.hold(new).expended) == (25_000, 25_000)
    assert books.money() == before
    with books.db.read() as session:
        (moved,) = queries.moved(session, [paid])
    assert (moved.from_hold, moved.to_hold, moved.amount) == (paid, new, 25_000)
    assert books.sound()


def test_a_cost_paid_from_two_accounts_is_moved_in_both(books: Books) -> None:
    line = books.line(30_000)
    books.reserve(line)
    books.do("obligate", line.hold_id, 30_000)
    books.do("expend", line.hold_id, 10_000, cash=Cash.STRIPE)
    books.do("expend", line.hold_id, 20_000, cash=Cash.BANK)
    new = books.move(line.hold_id, 15_000)
    with books.db.read() as session:
        lines = queries.history(session, [new])
    left = {e.account: e.amount for e in lines if e.account in (Cash.STRIPE, Cash.BANK)}
    assert left == {"cash_stripe": -10_000, "cash_bank": -5_000}
    assert books.sound()


def test_a_cost_transfer_is_whole_or_not_at_all(books: Books, paid: UUID) -> None:
    moves = [books.cost(paid, 20_000), books.cost(paid, 20_000, LODGING), books.cost(paid, 1, LODGING)]
    with pytest.raises(policy.MoreThanExpended):
        books.transfer(*moves)
    books.transfer(*moves[:2])
    assert available(books) == (100_000, 30_000)
    with books.db.read() as session:
        assert {m.amount for m in queries.moved(session, [paid])} == {20_000}


def test_a_fund_that_has_not_enough_left_takes_no_cost(books: Books) -> None:
    hold = books.spent(60_000)
    with pytest.raises(policy.InsufficientFunds) as short:
        books.move(hold, 50_001)
    assert (short.value.fund_id, short.value.asked) == (books.funds["gift"], 50_001)
    assert available(books) == (40_000, 50_000)
    assert books.sound()


def test_caps_follow_the_cost(books: Books, now: datetime) -> None:
    with books.db.work() as session:
        old, new = (
            ledger.set_cap(
                session,
                fund_id=books.funds[code],
                scope=Scope.FAMILY,
                scope_id="f",
                unit=Unit.CENTS,
                at_most=most,
            )
            for code, most in (("cash", 40_000), ("gift", 10_000))
        )
    hold = books.spent(40_000, caps=(old,))
    with pytest.raises(policy.CapReached):
        books.transfer(books.cost(hold, 10_001, caps=(new,)))
    books.transfer(books.cost(hold, 10_000, caps=(new,)))
    books.spent(10_000, caps=(old,))
    assert books.sound()


def test_a_cost_that_stays_where_it_is_or_cost_no_money_is_not_moved(books: Books, paid: UUID) -> None:
    with pytest.raises(policy.MovesNowhere):
        books.transfer(CostMove(paid, uuid4(), books.funds["cash"], TRANSPORT, 1))
    night = books.line(1, LODGING, code="nights", unit=Unit.NIGHT)
    books.reserve(night)
    books.do("obligate", night.hold_id, 1)
    books.do("expend", night.hold_id, 1)
    with pytest.raises(policy.OnlyCents):
        books.move(night.hold_id, 1)
    with pytest.raises(policy.NoSuchHold):
        books.move(uuid4(), 1)
    with pytest.raises(policy.NothingPosted):
        books.transfer()


def test_a_cost_may_change_its_category_within_one_fund(books: Books, paid: UUID) -> None:
    books.transfer(CostMove(paid, uuid4(), books.funds["cash"], LODGING, 5_000))
    assert (books.amounts()[3], books.amounts(LODGING)[3]) == (35_000, 5_000)
    assert books.sound()


def test_the_same_transfer_posted_again_is_one_transfer(books: Books, paid: UUID) -> None:
    move = books.cost(paid, 10_000)
    first = books.transfer(move, ref="t")
    assert books.transfer(move, ref="t") == first
    with pytest.raises(policy.ReferenceUsed):
        books.transfer(books.cost(paid, 10_000), ref="t")
    assert available(books) == (70_000, 40_000)


# What comes back -----------------------------------------------------------------------------------------
def test_a_return_follows_the_part_that_was_moved_and_says_so(books: Books, paid: UUID) -> None:
    """The moved part is never owed again on the old award: its fund has it back."""
    books.move(paid, 25_000)
    back = books.give_back(paid, 40_000, pay_again=True)
    assert back.followed == {paid: 25_000}
    assert books.amounts() == (85_000, 0, 15_000, 0)
    assert books.amounts(code="gift") == (50_000, 0, 0, 0)
    assert books.money() == (Money(0), Money(0))
    with pytest.raises(policy.MoreThanObligated):
        books.do("expend", paid, 15_001)
    assert books.sound()


def test_a_return_of_a_part_takes_the_newest_move_first(books: Books, paid: UUID) -> None:
    first, second = books.move(paid, 10_000), books.move(paid, 10_000)
    assert books.give_back(paid, 15_000, pay_again=False).followed == {paid: 15_000}
    left = sorted(books.hold(h).expended for h in (first, second))
    assert left == [0, 5_000]
    assert books.hold(paid).expended == 20_000


def test_a_cost_moved_twice_is_followed_to_where_it_lies_now(books: Books, paid: UUID) -> None:
    books.open("other", {TRANSPORT: 40_000})
    second = uuid4()
    books.transfer(CostMove(books.move(paid, 40_000), second, books.funds["other"], TRANSPORT, 40_000))
    assert books.hold(second).expended == 40_000
    assert books.give_back(paid, 40_000, pay_again=True).followed == {paid: 40_000}
    assert [books.amounts(code=code)[0] for code in ("cash", "gift", "other")] == [100_000, 50_000, 40_000]
    assert books.sound()


def test_no_more_comes_back_than_went_out_wherever_it_lies(books: Books, paid: UUID) -> None:
    books.move(paid, 25_000)
    with pytest.raises(policy.MoreThanExpended):
        books.give_back(paid, 40_001, pay_again=False)
    assert books.amounts(code="gift") == (25_000, 0, 0, 25_000)


def test_the_same_return_posted_again_says_the_same(books: Books, paid: UUID) -> None:
    books.move(paid, 25_000)
    first = books.give_back(paid, 40_000, pay_again=True, ref="r")
    assert books.give_back(paid, 40_000, pay_again=True, ref="r") == first
    assert available(books) == (85_000, 50_000)


def test_money_recovered_from_elsewhere_returns_to_the_fund_that_bears_the_cost(
    books: Books, paid: UUID
) -> None:
    books.move(paid, 25_000)
    with books.db.work() as session:
        ledger.recover(
            session, external_ref="r", amounts={paid: 30_000}, cash=Cash.BANK, by=BY, now=books.now
        )
    assert books.amounts() == (90_000, 0, 0, 10_000)
    assert books.amounts(code="gift") == (50_000, 0, 0, 0)
    assert books.money() == (Money(-40_000), Money(30_000))
    assert books.sound()


def test_nights_are_not_recovered(books: Books) -> None:
    night = books.line(1, LODGING, code="nights", unit=Unit.NIGHT)
    books.reserve(night)
    books.do("obligate", night.hold_id, 1)
    books.do("expend", night.hold_id, 1)
    with pytest.raises(policy.OnlyCents):
        books.do("recover", night.hold_id, 1, cash=Cash.BANK)
