"""Which source is which, what may happen to it, and who may do it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from reunify.kernel.moves import START, Move, Moves
from reunify.kernel.people import Actor, Role, System, check_role
from reunify.kernel.refusals import NotFound, OutOfStep, Refused
from reunify.ledger.policy import BudgetCategory, Unit


class FundKind(StrEnum):
    """`held`: our balance. `asked`: the funder decides per family. `elsewhere`: someone else pays."""

    HELD = "held"
    ASKED = "asked"
    ELSEWHERE = "elsewhere"


FUND_MOVES = Moves(
    "funding source",
    Move(START, "open", "open", "administrator"),
    Move("open", "freeze", "frozen", "administrator"),
    Move("frozen", "thaw", "open", "administrator"),
    Move("open", "close", "closed", "administrator"),
    Move("frozen", "close", "closed", "administrator"),
)


class NoSuchFund(NotFound):
    """There is no funding source with this code."""


class CodeTaken(Refused):
    """Another funding source has this code."""


class FundDoesNotFit(Refused):
    """The kind, unit, period and amounts contradict each other."""


class NotHeld(OutOfStep):
    """Only a held source has amounts of its own."""


class ReasonNeeded(Refused):
    """A change of spending authority carries a reason."""


def check_can_manage(by: Actor) -> None:
    """Administrators, and the system when it sets a new house up. Raises NotAllowed."""
    if not isinstance(by, System):
        check_role(by, Role.ADMINISTRATOR)


def check_fits(
    kind: FundKind, unit: Unit, amounts: Mapping[BudgetCategory, int], period: tuple[date, date | None]
) -> None:
    """Raises FundDoesNotFit with the remedy."""
    starts, ends = period
    if ends is not None and ends < starts:
        raise FundDoesNotFit("The period ends before it starts.", field="/period_end")
    if kind is not FundKind.HELD and amounts:
        raise FundDoesNotFit("Only a held source has amounts; leave them out.", field="/amounts")
    if any(type(amount) is not int or amount < 0 for amount in amounts.values()):
        raise FundDoesNotFit("Amounts are whole cents or units, zero or more.", field="/amounts")
    if unit is Unit.NIGHT and set(amounts) - {BudgetCategory.LODGING}:
        raise FundDoesNotFit("Nights are given for lodging only.", field="/amounts")
    if unit is Unit.MILE and set(amounts) - {BudgetCategory.TRANSPORT}:
        raise FundDoesNotFit("Airline miles are given for transport only.", field="/amounts")


def check_held(kind: FundKind) -> None:
    if kind is not FundKind.HELD:
        raise NotHeld("This source is not held by the organisation, so it has no amounts here.")


def check_reason(reason: str) -> str:
    if len(reason.strip()) < 3:
        raise ReasonNeeded("Say why, in a few words.", field="/reason")
    return reason.strip()
