"""Which source is which, what may happen to it, and who may do it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from reunify.funds import typed
from reunify.kernel.money import Money
from reunify.kernel.moves import START, Move, Moves
from reunify.kernel.people import Actor, Role, System, check_role
from reunify.kernel.refusals import NotFound, OutOfStep, Refused
from reunify.ledger.policy import BudgetCategory, Unit


class FundKind(StrEnum):
    """`held`: our balance. `asked`: the funder decides per family. `elsewhere`: someone else pays."""

    HELD = "held"
    ASKED = "asked"
    ELSEWHERE = "elsewhere"


class Release(StrEnum):
    """`FIRST_COME`: all of it at once. `PACED`: in equal tranches over the period, by need within each."""

    FIRST_COME = "first_come"
    PACED = "paced"


# Whoever keeps the funds, and whoever sets the house up. Neither approves or releases a payment (roles).
MANAGES = (Role.FUND_MANAGER, Role.ADMINISTRATOR)
_WHO = "fund manager or administrator"
FUND_MOVES = Moves(
    "funding source",
    Move(START, "open", "open", _WHO),
    Move("open", "freeze", "frozen", _WHO),
    Move("frozen", "thaw", "open", _WHO),
    Move("open", "close", "closed", _WHO),
    Move("frozen", "close", "closed", _WHO),
)
LIQUIDATION = timedelta(days=120)  # 2 CFR 200.344 (2024): every obligation is paid within so many days


class NoSuchFund(NotFound):
    """There is no funding source with this code."""


class CodeTaken(Refused):
    """Another funding source has this code."""


class FundDoesNotFit(Refused):
    """The kind, unit, period and amounts contradict each other."""


class NotHeld(OutOfStep):
    """Only a held source has amounts of its own."""


class NotInOrder(OutOfStep):
    """A row would begin before the one that holds, and never hold itself."""


class Closed(OutOfStep):
    """A closed source stays as it is."""


class PeriodOver(OutOfStep):
    """The day is outside the period of performance: nothing new is obligated (2 CFR 200.403(h))."""


class CashOnHand(OutOfStep):
    """Money of the source is in our accounts, and what becomes of it was not said."""


class ChangedMeanwhile(OutOfStep):
    """Somebody set the same since the form was opened."""


class LiquidationOver(OutOfStep):
    """The last day to pay what was obligated has passed (2 CFR 200.344)."""


@dataclass(frozen=True, slots=True)
class OpenHold:
    """What still lies on a source, in cents or units. `what` it is for is said to whoever reads the case."""

    hold_id: UUID
    what: str
    budget_category: BudgetCategory
    unit: Unit
    reserved: int
    obligated: int

    @property
    def number(self) -> str:
        """How people who may and who may not read the case speak of the same hold."""
        return f"hold {str(self.hold_id)[:8]}"

    def __str__(self) -> str:
        parts = [
            f"{written(amount, self.unit)} {state}"
            for amount, state in ((self.reserved, "reserved"), (self.obligated, "obligated"))
            if amount
        ]
        return f"{self.what or self.number}, {self.budget_category}: {' and '.join(parts)}"


class StillOpen(OutOfStep):
    """The source is not done with: what is open is listed."""

    def __init__(self, holds: Sequence[OpenHold], elsewhere: Sequence[str]) -> None:
        self.holds, self.elsewhere = tuple(holds), tuple(elsewhere)
        listed = [*map(str, holds), *elsewhere]
        more = [f"and {len(listed) - _LISTED} more"] if len(listed) > _LISTED else []
        super().__init__(
            "This source cannot be closed while something on it is open. Pay, decline or withdraw first: "
            + "; ".join([*listed[:_LISTED], *more])
            + "."
        )


class Period(Protocol):
    """What of a source says when it may be obligated and paid."""

    @property
    def name(self) -> str: ...
    @property
    def period_start(self) -> date: ...
    @property
    def period_end(self) -> date | None: ...
    @property
    def liquidation_date(self) -> date | None: ...


@dataclass(frozen=True, slots=True)
class Award:
    """What makes a source a federal award; both or neither."""

    number: str | None = None
    listing: str | None = None


_LISTED = 20
_TAKEN = ("new", "forecast", "duplicates")  # pages of their own at /funds/...
_LISTING = re.compile(r"\d{2}\.[0-9A-Z]{2,3}")


def check_can_manage(by: Actor) -> None:
    """Fund managers and administrators, and the system where it acts by rule. Raises NotAllowed."""
    if not isinstance(by, System):
        check_role(by, *MANAGES)


def check_code(code: str) -> str:
    """It stands in addresses and names a folder of rules. Raises FundDoesNotFit."""
    if not typed.is_code(code) or code in _TAKEN:
        raise FundDoesNotFit(
            "A code is small letters, digits, - and _, such as domestic_reunification; not the words "
            "new, forecast or duplicates.",
            field="/code",
        )
    return code


def check_fits(
    kind: FundKind, unit: Unit, amounts: Mapping[BudgetCategory, int], period: tuple[date, date | None]
) -> None:
    """Raises FundDoesNotFit with the remedy, DayOutOfRange, TooMuch."""
    starts, ends = period
    typed.check_day(starts, "/period_start")
    typed.check_day(ends, "/period_end")
    if ends is not None and ends < starts:
        raise FundDoesNotFit("The period ends before it starts.", field="/period_end")
    if kind is not FundKind.HELD and amounts:
        raise FundDoesNotFit("Only a held source has amounts; leave them out.", field="/amounts")
    if any(type(amount) is not int or amount < 0 for amount in amounts.values()):
        raise FundDoesNotFit("Amounts are whole cents or units, zero or more.", field="/amounts")
    for amount in amounts.values():
        typed.check_most(amount, unit, "/amounts")
    only = given_for(unit)
    if only is not None and set(amounts) - {only}:
        raise FundDoesNotFit(_ONLY[unit], field="/amounts")


_ONLY = {
    Unit.NIGHT: "Nights are given for lodging only.",
    Unit.MILE: "Airline miles are given for transport only.",
}


def given_for(unit: Unit) -> BudgetCategory | None:
    """The one budget category this unit pays for; None: money pays for any."""
    return {Unit.NIGHT: BudgetCategory.LODGING, Unit.MILE: BudgetCategory.TRANSPORT}.get(unit)


def check_award(
    award: Award, kind: FundKind, unit: Unit, ends: date | None, *, organisation_set: bool
) -> None:
    """A federal award is money for a time, under its listing and its own rules. Raises FundDoesNotFit."""
    if award.number is None:
        if award.listing is not None:
            raise FundDoesNotFit("A listing goes with an award number.", field="/award_number")
        return
    if award.listing is None or not _LISTING.fullmatch(award.listing):
        raise FundDoesNotFit("Write the assistance listing, like 12.345.", field="/assistance_listing")
    if kind is FundKind.ELSEWHERE:
        raise FundDoesNotFit("What someone else pays is no award of ours.", field="/award_number")
    if unit is not Unit.CENTS:
        raise FundDoesNotFit("A federal award is money, in cents.", field="/unit")
    if ends is None:
        raise FundDoesNotFit("A federal award has a last day.", field="/period_end")
    if organisation_set:
        raise FundDoesNotFit(
            "An award has its own rules: it is not organisation-set.", field="/organisation_set"
        )


def liquidation(ends: date | None, said: date | None, *, federal: bool) -> date | None:
    """The last day to pay; of a federal award 120 days after the period unless said otherwise.

    Raises FundDoesNotFit, DayOutOfRange.
    """
    typed.check_day(said, "/liquidation_date")
    if said is None:
        return ends + LIQUIDATION if federal and ends is not None else None
    if ends is None:
        raise FundDoesNotFit("Without a last day of the period there is none to pay by.", field="/period_end")
    if said < ends:
        raise FundDoesNotFit("Paying may not end before the period does.", field="/liquidation_date")
    return said


def check_held(kind: FundKind) -> None:
    if kind is not FundKind.HELD:
        raise NotHeld("This source is not held by the organisation, so it has no amounts here.")


def check_not_closed(state: str) -> None:
    if state == "closed":
        raise Closed("This source is closed and stays as it is: open another one.")


def check_in_order(effective_from: date, in_force_from: date | None) -> None:
    """Raises NotInOrder: what holds already is not rewritten."""
    if in_force_from is not None and effective_from < in_force_from:
        raise NotInOrder(
            f"What holds now began on {in_force_from.isoformat()}: name that day or a later one.",
            field="/effective_from",
        )


def check_may_obligate(fund: Period, on: date) -> None:
    """Raises PeriodOver. `on` in the organisation's time zone."""
    if on < fund.period_start:
        raise PeriodOver(f"{fund.name}: its period begins on {fund.period_start.isoformat()}.")
    if fund.period_end is not None and on > fund.period_end:
        raise PeriodOver(
            f"{fund.name}: its period ended on {fund.period_end.isoformat()}, so nothing new is obligated. "
            "Pay it from another source, or enter the funder's extension."
        )


def check_may_pay(fund: Period, on: date) -> None:
    """Raises LiquidationOver. `on` in the organisation's time zone."""
    if fund.liquidation_date is not None and on > fund.liquidation_date:
        raise LiquidationOver(
            f"{fund.name}: what was obligated could be paid until {fund.liquidation_date.isoformat()}. "
            "Pay it from another source, or enter the funder's extension."
        )


def lapses(fund: Period, on: date) -> bool:
    """Whether what is still available can no longer be used: the period is over."""
    return fund.period_end is not None and on > fund.period_end


def days_left(fund: Period, on: date) -> int | None:
    """Of the period, the last day included; 0 when it is over, None without an end."""
    return None if fund.period_end is None else max(0, (fund.period_end - on).days + 1)


def check_nothing_open(holds: Sequence[OpenHold], elsewhere: Sequence[str]) -> None:
    """Raises StillOpen with the list. `elsewhere`: in words, what other rooms still wait for."""
    if holds or elsewhere:
        raise StillOpen(holds, elsewhere)


def written(amount: int, unit: Unit) -> str:
    """Cents as dollars, units counted: `$120.00`, `2 nights`."""
    return str(Money(amount)) if unit is Unit.CENTS else f"{amount:,} {unit}{'' if amount == 1 else 's'}"
