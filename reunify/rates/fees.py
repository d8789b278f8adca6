"""What the processor takes for one payout, as the organisation wrote it down. Pure.

Stripe's price page of 2025: standard $1.50, wire $25, instant $1.50 + 0.75%, at least $2. Fees are posted as
transactions of their own and never netted from the payment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from reunify.kernel.money import Money
from reunify.kernel.refusals import Refused

_DOLLARS = r"[0-9]{1,4}\.[0-9]{2}"
_WRITTEN = re.compile(rf"({_DOLLARS})(?: \+ ([0-9]{{1,2}}(?:\.[0-9]{{1,2}})?)%)?(?:, at least ({_DOLLARS}))?")


class NotAFee(Refused):
    """A fee that cannot be read."""


@dataclass(frozen=True, slots=True)
class Fee:
    """Cents for each payout, hundredths of a percent of its amount, and the least in cents."""

    cents: int
    basis_points: int = 0
    at_least: int = 0

    def of(self, amount: Money) -> Money:
        """Rounded up to the cent, so that an estimate is never too low."""
        share = -(-amount.cents * self.basis_points // 10_000)
        return Money(max(self.cents + share, self.at_least))


def read(written: str) -> Fee:
    """`1.50`, `1.50 + 0.75%` or `1.50 + 0.75%, at least 2.00`. Raises NotAFee."""
    found = _WRITTEN.fullmatch(written.strip())
    if found is None:
        raise NotAFee(
            "Write a fee like `1.50`, or `1.50 + 0.75%, at least 2.00`: dollars for each payout, a part of "
            "its amount, and the least.",
            field="/value",
        )
    fixed, percent, least = found.groups()
    whole, _, part = (percent or "0").partition(".")
    return Fee(_cents(fixed), int(whole) * 100 + int(part.ljust(2, "0")), _cents(least or "0.00"))


def _cents(dollars: str) -> int:
    whole, _, part = dollars.partition(".")
    return int(whole) * 100 + int(part)
