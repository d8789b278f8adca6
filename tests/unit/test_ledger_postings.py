"""Each business event makes entries that sum to zero, and the caches follow from the entries alone."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reunify.kernel.ids import FundId, StaffId
from reunify.kernel.people import Family, Staff, System, written_by
from reunify.kernel.refusals import OutOfStep
from reunify.ledger import policy, postings
from reunify.ledger.policy import Account, Book, BudgetCategory, Cash, Hold, Unit
from reunify.ledger.postings import BalanceKey, Entries, Entry, Part, Shift

FUND = FundId(UUID(int=1))
HOLD = UUID(int=2)
AIR = BalanceKey(FUND, BudgetCategory.TRANSPORT, Unit.CENTS)
ROOM = BalanceKey(FUND, BudgetCategory.LODGING, Unit.NIGHT)

EVENTS: dict[str, tuple[Callable[[Part], Entries], Shift]] = {
    "authorise": (postings.authorise, Shift(authorized=1)),
    "reserve": (postings.reserve, Shift(reserved=1)),
    "unreserve": (postings.unreserve, Shift(reserved=-1)),
    "obligate": (postings.obligate, Shift(reserved=-1, obligated=1)),
    "unobligate": (postings.unobligate, Shift(reserved=1, obligated=-1)),
    "expend": (lambda p: postings.expend(p, Cash.STRIPE), Shift(obligated=-1, expended=1)),
    "fail": (postings.fail, Shift(obligated=-1)),
    "give back": (lambda p: postings.give_back(p, Cash.BANK, pay_again=False), Shift(expended=-1)),
    "pay again": (
        lambda p: postings.give_back(p, Cash.BANK, pay_again=True),
        Shift(expended=-1, obligated=1),
    ),
    "fee": (lambda p: postings.fee(p, Cash.STRIPE), Shift(expended=1)),
}


def times(shift: Shift, n: int) -> Shift:
    return Shift(shift.authorized * n, shift.reserved * n, shift.obligated * n, shift.expended * n)


@pytest.mark.parametrize("event", EVENTS)
@given(amount=st.integers(1, 10**12), key=st.sampled_from([AIR, ROOM]))
def test_every_event_balances_and_moves_exactly_its_amount(event: str, amount: int, key: BalanceKey) -> None:
    entries_of, expected = EVENTS[event]
    entries = postings.check_balanced(entries_of(Part(key, amount, HOLD)))
    assert postings.shifts(entries) == {key: times(expected, amount)}


@pytest.mark.parametrize("event", ["expend", "give back", "fee"])
def test_nights_never_touch_money(event: str) -> None:
    entries = EVENTS[event][0](Part(ROOM, 2, HOLD))
    assert {e.book for e in entries} == {Book.UNITS}


def test_a_payment_leaves_the_cash_account_it_was_paid_from() -> None:
    entries = postings.expend(Part(AIR, 500, HOLD), Cash.BANK)
    assert {(e.account, e.amount) for e in entries if e.book is Book.ACTUAL} == {
        (Account.EXPENSE, 500),
        (Account.CASH_BANK, -500),
    }


def test_a_moved_cost_changes_two_budgets_and_no_account_of_ours() -> None:
    other = BalanceKey(FundId(UUID(int=9)), BudgetCategory.LODGING, Unit.CENTS)
    entries = postings.move_cost(Part(AIR, 500, HOLD), Part(other, 500, UUID(int=3)), Cash.BANK)
    assert postings.shifts(postings.check_balanced(entries)) == {
        AIR: Shift(expended=-500),
        other: Shift(expended=500),
    }
    assert sum(e.amount for e in entries if e.account is Account.CASH_BANK) == 0


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_and_its_reverse_leave_nothing(event: str) -> None:
    entries = EVENTS[event][0](Part(AIR, 500, HOLD))
    both = [*entries, *postings.check_balanced(postings.reversed_of(entries))]
    assert set(vars_of(postings.shifts(both)[AIR])) == {0}


def vars_of(shift: Shift) -> tuple[int, ...]:
    return shift.authorized, shift.reserved, shift.obligated, shift.expended


def test_a_drawdown_moves_cash_and_no_budget() -> None:
    entries = postings.check_balanced(postings.draw_down(FUND, Cash.STRIPE, 1000))
    assert postings.shifts(entries) == {}


def test_a_posting_one_cent_off_is_refused_before_the_database_sees_it() -> None:
    good = postings.reserve(Part(AIR, 500, HOLD))
    off = Entry(Book.BUDGET, FUND, BudgetCategory.TRANSPORT, Account.AVAILABLE, Unit.CENTS, -499, HOLD)
    with pytest.raises(postings.Unbalanced):
        postings.check_balanced([good[0], off])


def test_nights_in_a_money_book_are_refused() -> None:
    wrong = [
        Entry(Book.BUDGET, FUND, BudgetCategory.LODGING, Account.AVAILABLE, Unit.NIGHT, n) for n in (1, -1)
    ]
    with pytest.raises(postings.Unbalanced):
        postings.check_balanced(wrong)


@pytest.mark.parametrize("amount", [0, -5, True, 1.0])
def test_an_amount_is_a_positive_whole_number(amount: int) -> None:
    with pytest.raises(policy.AmountNotWhole):
        policy.check_amount(amount)


@pytest.mark.parametrize(
    ("source", "refusal"),
    [
        (Account.RESERVED, policy.MoreThanReserved),
        (Account.OBLIGATED, policy.MoreThanObligated),
        (Account.EXPENDED, policy.MoreThanExpended),
    ],
)
def test_no_more_is_moved_than_is_there(source: Account, refusal: type[OutOfStep]) -> None:
    hold = Hold(HOLD, FUND, BudgetCategory.MEALS, Unit.CENTS, 100, 10, 10, 10)
    policy.check_holds_enough(hold, source, 10)
    with pytest.raises(refusal, match="10 cents are"):
        policy.check_holds_enough(hold, source, 11)


def test_an_event_says_who_acted_without_a_name() -> None:
    someone = uuid4()
    assert written_by(Staff(StaffId(someone), "Ana", frozenset())) == f"staff:{someone}"
    assert written_by(System("assess")) == "system:assess"
    assert written_by(Family(someone)) == f"family:{someone}"


def test_a_changed_entry_has_another_fingerprint() -> None:
    entry, _ = postings.reserve(Part(AIR, 500, HOLD))
    other, _ = postings.reserve(Part(AIR, 501, HOLD))
    where = (uuid4(), uuid4())
    assert entry.fingerprint(*where) == entry.fingerprint(*where)
    assert entry.fingerprint(*where) != other.fingerprint(*where)
