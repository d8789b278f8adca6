"""A beancount plugin: what plain bean-check cannot see of a fund ledger. Written beside every export.

Each book may balance alone and still contradict the other: 400 dollars spent of the budget, 390 paid. For
every transaction this checks that the budget, the units and the money balance each for itself and fund by
fund, and that what the budget calls expended is what the money calls an expense; and at the end that nothing
is promised, owed or spent that was not there (within a day the file's order is not the order of writing).
It imports nothing of beancount's, so that it runs wherever beancount does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

__plugins__ = ("check",)

Place = tuple[str, ...]
_NEVER_BELOW_ZERO = (":Available", ":Reserved", ":Obligated", ":Expended")


class FundError(NamedTuple):
    """As beancount shows errors."""

    source: dict[str, Any]
    message: str
    entry: Any


def check(entries: Sequence[Any], options: Any) -> tuple[Sequence[Any], list[FundError]]:
    """The entries as they are, and an error for each contradiction."""
    left: dict[Place, Decimal] = defaultdict(Decimal)
    last: dict[Place, Any] = {}
    errors: list[FundError] = []
    for entry in entries:
        if type(entry).__name__ != "Transaction":
            continue
        errors += [FundError(entry.meta, said, entry) for said in _contradictions(entry.postings)]
        for posting in entry.postings:
            if posting.account.startswith("Equity:") and posting.account.endswith(_NEVER_BELOW_ZERO):
                at: Place = (posting.account, posting.units[1])
                left[at] += posting.units[0]
                last[at] = entry
    for place, amount in sorted(left.items()):
        if amount < 0:
            said = f"{place[0]} is below zero: {amount} {place[1]}"
            errors.append(FundError(last[place].meta, said, last[place]))
    return entries, errors


def _contradictions(postings: Iterable[Any]) -> Iterator[str]:
    books: dict[Place, Decimal] = defaultdict(Decimal)
    spent: dict[Place, Decimal] = defaultdict(Decimal)
    for posting in postings:
        parts = posting.account.split(":")
        number, currency = posting.units
        books[(_book(parts), _fund(parts), currency)] += number
        if parts[:2] == ["Equity", "Budget"] and parts[4] == "Expended":
            spent[(parts[2], parts[3])] += number
        elif parts[0] == "Expenses":
            spent[(parts[2], parts[3])] -= number
    for (book, fund, currency), left in sorted(books.items()):
        if left:
            yield f"The {book} book of {fund} does not balance: {left} {currency}"
    for (fund, category), left in sorted(spent.items()):
        if left:
            yield f"{fund} {category}: expended in the budget and paid in money differ by {left} USD"


def _book(parts: Sequence[str]) -> str:
    return parts[1].lower() if parts[0] == "Equity" else "actual"


def _fund(parts: Sequence[str]) -> str:
    return parts[2]
