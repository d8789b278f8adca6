"""The journal as a beancount ledger: another bookkeeper's program reads it and finds the same balances. Pure.

Budget and units are accounts under Equity, money is under Assets, Income and Expenses. Every event is one
transaction; at the end each balance of the budget and the units, as our caches have it, is asserted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from typing import Final

from reunify.reporting.journal import Asserted, JournalLine

PLUGIN: Final = "fundcheck"
_MONEY: Final[Mapping[str, str]] = {
    "cash_stripe": "Assets:CashStripe",
    "cash_bank": "Assets:CashBank",
    "cash_card": "Assets:CashCard",
    "suspense": "Assets:Suspense",
    "grant_revenue": "Income:GrantRevenue",
    "expense": "Expenses:Travel",
    "bank_fees": "Expenses:BankFees",
}
_PARTED: Final = re.compile(r"[^A-Za-z0-9]+")
_PLAIN: Final = re.compile(r"[a-z]+(_[a-z]+)*")
_NO_CATEGORY: Final = "all"
# In the order of a cached balance: what it shows of the first is the contra account, so its sign turns.
_ASSERTED: Final = ("authorized", "available", "reserved", "obligated", "expended")


@dataclass(slots=True)
class _Seen:
    accounts: set[str] = field(default_factory=set)
    first: date | None = None
    last: date | None = None


def text(journal: Iterable[JournalLine], balances: Sequence[Asserted]) -> Iterator[str]:
    """The ledger in pieces. Accounts are opened at the end: beancount sorts by day, not by line."""
    yield 'option "title" "Reunify"\noption "operating_currency" "USD"\n'
    yield f'option "insert_pythonpath" "TRUE"\nplugin "{PLUGIN}"\n'
    seen = _Seen()
    for _, event in groupby(journal, key=lambda line: line.event_id):
        yield _transaction(list(event), seen)
    if seen.first is None or seen.last is None:
        return
    yield "\n" + "".join(f"{seen.first} open {account}\n" for account in sorted(seen.accounts))
    yield "\n" + "".join(_assertions(balances, seen.last + timedelta(days=1)))


def _transaction(event: Sequence[JournalLine], seen: _Seen) -> str:
    head = event[0]
    seen.first = min(seen.first or head.day, head.day)
    seen.last = max(seen.last or head.day, head.day)
    said = [f'\n{head.day} * "{head.kind}" ^{_tag(str(head.event_id))}']
    said.append(f'  ref: "{_quoted(head.external_ref)}"')
    if head.happened_on != head.day:
        said.append(f"  happened_on: {head.happened_on}")
    if head.corrects is not None:
        said.append(f'  corrects: "{head.corrects}"')
    for line in event:
        account = account_of(line.book, line.fund_code, line.budget_category, line.account)
        seen.accounts.add(account)
        said.append(f"  {account}  {_amount(line.amount, line.unit)}")
    return "\n".join(said) + "\n"


def _assertions(balances: Sequence[Asserted], day: date) -> Iterator[str]:
    for b in balances:
        book = "budget" if b.unit == "cents" else "units"
        for name, amount in zip(_ASSERTED, b.amounts, strict=True):
            signed = -amount if name == "authorized" else amount
            account = account_of(book, b.fund_code, b.budget_category, name)
            if signed:  # an account nothing was ever posted to is not opened
                number, commodity = _amount(signed, b.unit).split()
                # Exactly: of its own accord beancount would let a cent pass.
                yield f"{day} balance {account}  {number} ~ 0 {commodity}\n"


def account_of(book: str, fund_code: str, budget_category: str | None, account: str) -> str:
    """Components begin with a capital letter and hold no underscore (beancount's own rule)."""
    fund, category = _camel(fund_code), _camel(budget_category or _NO_CATEGORY)
    if book == "actual":
        return f"{_MONEY[account]}:{fund}:{category}"
    return f"Equity:{_camel(book)}:{fund}:{category}:{_camel(account)}"


def _camel(code: str) -> str:
    """Read back without doubt: a code that is more than words joined by `_` is spelt out, too."""
    words = [part for part in _PARTED.split(code) if part]
    said = "".join(word[:1].upper() + word[1:] for word in words)
    if _PLAIN.fullmatch(code):
        return said
    return f"X{said}-{code.encode().hex()}"


def _amount(amount: int, unit: str) -> str:
    if unit != "cents":
        return f"{amount} {unit.upper()}"
    return f"{'-' if amount < 0 else ''}{abs(amount) // 100}.{abs(amount) % 100:02d} USD"


def _tag(text: str) -> str:
    return _PARTED.sub("-", text)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
