"""Money is whole cents of one currency. It refuses floats, mixed currencies and lost cents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

_WRITTEN = re.compile(r"\$?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.([0-9]{2}))?")
LARGEST_CENTS = 10**13


class NotMoney(ValueError):
    """The value cannot be an amount of money."""


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in whole cents. May be negative only as the result of a subtraction."""

    cents: int
    currency: str = "USD"

    def __post_init__(self) -> None:
        if type(self.cents) is not int:
            raise NotMoney(f"cents must be a whole number, not {type(self.cents).__name__}")
        if abs(self.cents) > LARGEST_CENTS:
            raise NotMoney("the amount is larger than any this programme pays")
        if len(self.currency) != 3 or not self.currency.isupper():
            raise NotMoney("a currency is three capital letters")

    @classmethod
    def parse(cls, written: str) -> Money:
        """Read `1,284.50`, `$1284.50` or `1284`. Raises NotMoney with the remedy."""
        found = _WRITTEN.fullmatch(written.strip())
        if not found:
            raise NotMoney("write dollars and cents, like 1284.50")
        return cls(int(found[1].replace(",", "")) * 100 + int(found[2] or 0))

    @classmethod
    def from_dollars(cls, dollars: Decimal) -> Money:
        """Published rates are decimal dollars; a fraction of a cent is refused, not rounded."""
        cents = dollars * 100
        if cents != cents.to_integral_value():
            raise NotMoney("the amount has a fraction of a cent")
        return cls(int(cents))

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise NotMoney(f"cannot combine {self.currency} with {other.currency}")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.cents + other.cents, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.cents - other.cents, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.cents < other.cents

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.cents <= other.cents

    def __gt__(self, other: Money) -> bool:
        return other < self

    def __ge__(self, other: Money) -> bool:
        return other <= self

    def __bool__(self) -> bool:
        return self.cents != 0

    def __str__(self) -> str:
        """For staff and letters in English: `$1,284.50`."""
        sign = "-" if self.cents < 0 else ""
        dollars, cents = divmod(abs(self.cents), 100)
        symbol = "$" if self.currency == "USD" else f"{self.currency} "
        return f"{sign}{symbol}{dollars:,}.{cents:02d}"

    def split(self, weights: Sequence[int]) -> list[Money]:
        """Divide by weights so that the parts sum exactly (largest remainder, then first)."""
        total = sum(weights)
        if total <= 0 or min(weights) < 0:
            raise NotMoney("weights must be positive")
        parts = [self.cents * w // total for w in weights]
        left = self.cents - sum(parts)
        by_remainder = sorted(range(len(weights)), key=lambda i: (-(self.cents * weights[i] % total), i))
        for i in by_remainder[:left]:
            parts[i] += 1
        return [Money(p, self.currency) for p in parts]


def total(amounts: Iterable[Money]) -> Money:
    """The sum; zero dollars for none."""
    result = Money(0)
    for amount in amounts:
        result = result + amount
    return result
