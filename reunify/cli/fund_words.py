"""Amounts and words of the sources, as they are typed at the command line."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

from reunify.kernel.money import Money, NotMoney
from reunify.kernel.refusals import Refused
from reunify.ledger.policy import BudgetCategory, Unit

E = TypeVar("E", bound=StrEnum)


class NotRead(Refused):
    """An option that cannot be read as what it should be."""


def choice(kinds: type[E], said: str, option: str) -> E:
    """Raises NotRead with what may be said."""
    try:
        return kinds(said)
    except ValueError:
        raise NotRead(f"{option}: one of {', '.join(kinds)}.", field=option) from None


def category(said: str | None) -> BudgetCategory | None:
    return None if said is None else choice(BudgetCategory, said, "--category")


def amount(said: str, unit: Unit) -> int:
    """Dollars as cents, or whole units. Raises NotRead."""
    return cents(said) if unit is Unit.CENTS else whole(said)


def whole(said: str) -> int:
    """Raises NotRead."""
    plain = said.replace(",", "")
    if not (plain.isascii() and plain.isdigit() and len(plain) <= 13):
        raise NotRead("Write a whole number, like 400.", field="amount")
    return int(plain)


def cents(said: str) -> int:
    try:
        return Money.parse(said).cents
    except NotMoney as wrong:
        raise NotRead(f"{str(wrong).capitalize()}.", field="amount") from None


def amounts_of(said: Sequence[str], unit: Unit) -> dict[BudgetCategory, int]:
    """`meals=1500.00` and so on. Raises NotRead."""
    found: dict[BudgetCategory, int] = {}
    for one in said:
        name, equals, value = one.partition("=")
        if not equals:
            raise NotRead("--amount: write a category and an amount, like meals=1500.00.", field="--amount")
        found[choice(BudgetCategory, name, "--amount")] = amount(value, unit)
    return found
