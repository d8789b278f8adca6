"""Words of the ledger, and how much of a hold may be moved. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
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
    CASH_CARD = "cash_card"
    SUSPENSE = "suspense"
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
    """Which account money left: the balance payouts are made from at Stripe, the organisation's own bank
    (logged payments), or the balance its travel cards draw on."""

    STRIPE = "cash_stripe"
    BANK = "cash_bank"
    CARD = "cash_card"


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
    TOP_UP = "top_up"
    SUSPEND = "suspend"
    EXPLAIN = "explain"
    CORRECT = "correct"


class Scope(StrEnum):
    """What a cap counts over. All count cents or units, but `LIFETIME`: that one counts distinct trips."""

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


class NoSuchCap(NotFound):
    """The cap does not exist, or counts trips where an amount was to be counted, or the reverse."""


class CapMisused(Refused):
    """A cap of another source or unit than the line, or one that was to count an amount and a trip."""


class OnlyCents(Refused):
    """Nights and miles are not moved between funds, nor recovered: no money left for them."""


class MovesNowhere(Refused):
    """A cost transfer that leaves the cost where it is, or money that stays in its account."""


class NotYet(Refused):
    """A day that has not come, or a period that is not over."""


class PeriodClosed(OutOfStep):
    """The accounting period is closed: nothing more is dated into it."""

    def __init__(self, through: date) -> None:
        self.through = through
        super().__init__(
            f"The books are closed through {through}: post it today, and say on which day it happened."
        )


class WhyMissing(Refused):
    """Closing a period needs a reason."""


class TripMissing(Refused):
    """A cap of trips counts a trip, and none is named."""


def check_trip(use_ref: str, uses: Sequence[UUID]) -> str:
    """The trip a hold is counted for. Raises TripMissing."""
    if uses and not use_ref:
        raise TripMissing("A cap of trips counts this line: name the trip.")
    return use_ref


def check_caps(caps: Sequence[UUID], uses: Sequence[UUID]) -> None:
    """One cap counts amounts or trips, never both. Raises CapMisused."""
    if not set(caps).isdisjoint(uses):
        raise CapMisused("The same cap is named for the amount and for the trip: name it once.")


def check_days(*, day: date, happened_on: date, today: date) -> None:
    """Nothing is dated later than today, and nothing happened after the day it is posted. Raises NotYet."""
    if day > today:
        raise NotYet(f"{day} has not come yet: post it on {today} or before.", field="/day")
    if happened_on > day:
        raise NotYet(
            f"It is posted on {day} and cannot have happened on {happened_on}: give the day it happened.",
            field="/happened_on",
        )


def check_money(hold: Hold) -> None:
    """Raises OnlyCents."""
    if hold.unit is not Unit.CENTS:
        raise OnlyCents(f"This line is in {hold.unit}s, which cost no money: choose a line in cents.")


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
