"""One function per business event: the entries it makes, always balanced. Pure.

A budget account's balance is the sum of its entries; `authorized` is the contra account, so its balance is
minus the sum. Hence authorized = available + reserved + obligated + expended, whenever entries sum to zero.
Terms: 2 CFR 200.1 (financial obligation, unobligated balance).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple
from uuid import UUID

from reunify.kernel.ids import FundId
from reunify.ledger.policy import Account, Book, BudgetCategory, Cash, Unit

Entries = tuple["Entry", ...]


class BalanceKey(NamedTuple):
    fund_id: FundId
    budget_category: BudgetCategory
    unit: Unit


@dataclass(frozen=True, slots=True)
class Part:
    """An amount of one balance, on one hold if it belongs to an award line."""

    key: BalanceKey
    amount: int
    hold_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """`amount` is signed: debit positive, credit negative; cents or whole units."""

    book: Book
    fund_id: FundId
    budget_category: BudgetCategory | None
    account: Account
    unit: Unit
    amount: int
    hold_id: UUID | None = None

    def fingerprint(self, entry_id: UUID, event_id: UUID) -> str:
        """SHA-256 hex over the row as it is stored; `ledger check` computes the same in SQL."""
        said = (
            entry_id,
            event_id,
            self.book,
            self.fund_id,
            self.budget_category or "",
            self.account,
            self.unit,
            self.amount,
            self.hold_id or "",
        )
        return hashlib.sha256("|".join(str(s) for s in said).encode()).hexdigest()


@dataclass(slots=True)
class Shift:
    """What an event changes in one balance."""

    authorized: int = 0
    reserved: int = 0
    obligated: int = 0
    expended: int = 0


class Unbalanced(Exception):
    """A posting of ours does not sum to zero: a mistake in the code, never in the data."""


def authorise(part: Part) -> Entries:
    """Spending authority given, or taken back when the amount is negative."""
    return _move(part, Account.AUTHORIZED, Account.AVAILABLE)


def draw_down(fund_id: FundId, cash: Cash, amount: int) -> Entries:
    """Money arrives from the funder. Not by budget category."""
    return _of_fund(fund_id, Account(cash), Account.GRANT_REVENUE, amount)


def top_up(fund_id: FundId, source: Cash, target: Cash, amount: int) -> Entries:
    """Our own money from one of our accounts to another."""
    return _of_fund(fund_id, Account(target), Account(source), amount)


def suspend(fund_id: FundId, cash: Cash, amount: int) -> Entries:
    """Money left that nobody can explain yet; a negative amount came in."""
    return _of_fund(fund_id, Account.SUSPENSE, Account(cash), amount)


def reserve(part: Part) -> Entries:
    return _move(part, Account.AVAILABLE, Account.RESERVED)


def unreserve(part: Part) -> Entries:
    """A reservation is given up."""
    return _move(part, Account.RESERVED, Account.AVAILABLE)


def obligate(part: Part) -> Entries:
    return _move(part, Account.RESERVED, Account.OBLIGATED)


def unobligate(part: Part) -> Entries:
    """An obligation was written down in error: it is a reservation again."""
    return _move(part, Account.OBLIGATED, Account.RESERVED)


def expend(part: Part, cash: Cash) -> Entries:
    """Paid. In-kind units are expended in their own book; no money moved."""
    return _move(part, Account.OBLIGATED, Account.EXPENDED) + _actual(part, Account.EXPENSE, Account(cash))


def fail(part: Part) -> Entries:
    """Failed, cancelled or withdrawn: the obligation is void."""
    return _move(part, Account.OBLIGATED, Account.AVAILABLE)


def give_back(part: Part, cash: Cash, *, pay_again: bool) -> Entries:
    """Money came back: a new event, never an edit. `pay_again` keeps it obligated."""
    target = Account.OBLIGATED if pay_again else Account.AVAILABLE
    return _move(part, Account.EXPENDED, target) + _actual(part, Account(cash), Account.EXPENSE)


def move_cost(source: Part, target: Part, cash: Cash) -> Entries:
    """A cost is borne by another fund or category: the one gets money and budget back, the other pays.

    Both parts have the same amount. In all, no cash moves: the new bearer's share of the account shrinks by
    what the old bearer's grows.
    """
    return give_back(source, cash, pay_again=False) + spend_at_once(target, cash)


def spend_at_once(part: Part, cash: Cash) -> Entries:
    """Available becomes expended, because it was paid long ago."""
    return _move(part, Account.AVAILABLE, Account.EXPENDED) + _actual(part, Account.EXPENSE, Account(cash))


def reversed_of(entries: Iterable[Entry]) -> Entries:
    """The same accounts, the other way round."""
    return tuple(replace(e, amount=-e.amount) for e in entries)


def fee(part: Part, cash: Cash) -> Entries:
    """A bank or processor fee, out of the fund that bears fees."""
    return _move(part, Account.AVAILABLE, Account.EXPENDED) + _actual(part, Account.BANK_FEES, Account(cash))


def check_balanced(entries: Iterable[Entry]) -> Entries:
    """Sum zero per book, fund and unit; in-kind units in their own book. Raises Unbalanced."""
    entries = tuple(entries)
    sums: dict[tuple[Book, FundId, Unit], int] = {}
    for e in entries:
        if (e.book is Book.UNITS) == (e.unit is Unit.CENTS):
            raise Unbalanced(f"{e.unit} do not belong in the {e.book} book")
        place = (e.book, e.fund_id, e.unit)
        sums[place] = sums.get(place, 0) + e.amount
    wrong = [place for place, amount in sums.items() if amount]
    if wrong or not entries:
        raise Unbalanced(f"entries do not sum to zero in {wrong}")
    return entries


def shifts(entries: Iterable[Entry]) -> dict[BalanceKey, Shift]:
    """What the entries change in the cached balances: a function of the entries alone."""
    found: dict[BalanceKey, Shift] = {}
    for e in entries:
        if e.book is Book.ACTUAL or e.budget_category is None:
            continue
        shift = found.setdefault(BalanceKey(e.fund_id, e.budget_category, e.unit), Shift())
        match e.account:
            case Account.AUTHORIZED:
                shift.authorized -= e.amount
            case Account.RESERVED:
                shift.reserved += e.amount
            case Account.OBLIGATED:
                shift.obligated += e.amount
            case Account.EXPENDED:
                shift.expended += e.amount
    return found


def _move(part: Part, source: Account, target: Account) -> Entries:
    book = Book.BUDGET if part.key.unit is Unit.CENTS else Book.UNITS

    def entry(account: Account, amount: int) -> Entry:
        return Entry(book, *part.key[:2], account, part.key.unit, amount, part.hold_id)

    return (entry(target, part.amount), entry(source, -part.amount))


def _of_fund(fund_id: FundId, debit: Account, credit: Account, amount: int) -> Entries:
    """Money of one source as a whole, of no budget category."""

    def entry(account: Account, cents: int) -> Entry:
        return Entry(Book.ACTUAL, fund_id, None, account, Unit.CENTS, cents)

    return (entry(debit, amount), entry(credit, -amount))


def _actual(part: Part, debit: Account, credit: Account) -> Entries:
    if part.key.unit is not Unit.CENTS:
        return ()

    def entry(account: Account, cents: int) -> Entry:
        return Entry(Book.ACTUAL, *part.key[:2], account, Unit.CENTS, cents, part.hold_id)

    return (entry(debit, part.amount), entry(credit, -part.amount))
