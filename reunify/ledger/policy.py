"""Words of the ledger, and how much of a hold may be moved. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from reunify.kernel.ids import FundId
from reunify.kernel.refusals import NotFound, OutOfStep, Refused


class Unit(StrEnum):
    CENTS = "cents"
    NIGHT = "night"
    MILE = "mile"  # of an airline's loyalty scheme


class Book(StrEnum):
    """`budget`: what may be spent, in cents. `actual`: money moved. `units`: given in kind, never money."""

    BUDGET = "budget"
    ACTUAL = "actual"
    UNITS = "units"


class BudgetCategory(StrEnum):
    TRANSPORT = "transport"
    LODGING = "lodging"
    MEALS = "meals"
    OTHER = "other"


class Account(StrEnum):
    """The first five are of the budget and the units books, the rest of the actual book."""

    AUTHORIZED = "authorized"
    AVAILABLE = "available"
    RESERVED = "reserved"
    OBLIGATED = "obligated"
    EXPENDED = "expended"
    CASH_STRIPE = "cash_stripe"
    CASH_BANK = "cash_bank"
    GRANT_REVENUE = "grant_revenue"
    EXPENSE = "expense"
    BANK_FEES = "bank_fees"


BUDGET_ACCOUNTS = (
    Account.AUTHORIZED,
    Account.AVAILABLE,
    Account.RESERVED,
    Account.OBLIGATED,
    Account.EXPENDED,
)


class Cash(StrEnum):
    """Which account money left: ours at Stripe, or the organisation's own bank (logged payments)."""

    STRIPE = "cash_stripe"
    BANK = "cash_bank"


class Kind(StrEnum):
    """The business events."""

    AUTHORISE = "authorise"
    DRAW_DOWN = "draw_down"
    RESERVE = "reserve"
    UNRESERVE = "unreserve"
    OBLIGATE = "obligate"
    UNOBLIGATE = "unobligate"
    EXPEND = "expend"
    FAIL = "fail"
    GIVE_BACK = "give_back"
    FEE = "fee"
    COST_TRANSFER = "cost_transfer"
    RECOVER = "recover"
    CORRECT = "correct"


class Scope(StrEnum):
    """What a cap counts over."""

    TRIP = "trip"
    FAMILY = "family"
    CHILD = "child"
    CATEGORY = "category"
    LIFETIME = "lifetime"


@dataclass(frozen=True, slots=True)
class Hold:
    """What one allocation line holds of one fund. Live is what may be or has been spent of it."""

    id: UUID
    fund_id: FundId
    budget_category: BudgetCategory
    unit: Unit
    ceiling: int
    reserved: int
    obligated: int
    expended: int

    @property
    def live(self) -> int:
        return self.reserved + self.obligated + self.expended


class InsufficientFunds(Refused):
    """A fund has less in a budget category than was asked of it."""

    def __init__(
        self, fund_id: FundId, budget_category: BudgetCategory, unit: Unit, available: int, asked: int
    ) -> None:
        self.fund_id, self.budget_category, self.unit = fund_id, budget_category, unit
        self.available, self.asked = available, asked
        super().__init__(
            f"Fund {fund_id} has {available} {unit} available for {budget_category} and {asked} were asked: "
            "reserve less, or from another fund."
        )


class CapReached(Refused):
    """A cap would be passed."""

    def __init__(self, cap_id: UUID, scope: Scope, at_most: int, used: int, asked: int) -> None:
        self.cap_id, self.scope, self.at_most, self.used, self.asked = cap_id, scope, at_most, used, asked
        super().__init__(
            f"The {scope} cap is {at_most}, {used} of it is used and {asked} more were asked: "
            "reserve less, or from another fund."
        )


class ReferenceUsed(OutOfStep):
    """The same reference was posted before with other content."""


class AmountNotWhole(Refused):
    """An amount that is not a positive whole number of cents or units."""


class NoSuchHold(NotFound):
    """The reservation does not exist."""


class MoreThanReserved(OutOfStep):
    """More than is reserved."""


class MoreThanObligated(OutOfStep):
    """More than is obligated. Nothing is paid beyond what was obligated."""


class MoreThanExpended(OutOfStep):
    """More comes back than ever went out."""


class StillInUse(OutOfStep):
    """A cap or an authorization would fall below what is used of it."""


class NothingPosted(Refused):
    """An event without an amount."""


def check_amount(amount: int) -> int:
    """Raises AmountNotWhole."""
    if type(amount) is not int or amount <= 0:
        raise AmountNotWhole("An amount is a whole number of cents or units, above zero.")
    return amount


_TOO_MUCH: Mapping[Account, type[OutOfStep]] = {
    Account.RESERVED: MoreThanReserved,
    Account.OBLIGATED: MoreThanObligated,
    Account.EXPENDED: MoreThanExpended,
}


def check_holds_enough(hold: Hold, source: Account, amount: int) -> None:
    """Raises MoreThanReserved, MoreThanObligated, MoreThanExpended."""
    check_amount(amount)
    there = {
        Account.RESERVED: hold.reserved,
        Account.OBLIGATED: hold.obligated,
        Account.EXPENDED: hold.expended,
    }[source]
    if amount > there:
        raise _TOO_MUCH[source](
            f"Of this line {there} {hold.unit} are {source}, so {amount} cannot be moved from there."
        )
