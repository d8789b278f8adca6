"""Whether a source may take a cost over: what it is, its period, its conditions, what it has left. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from reunify.funds.policy import FundKind
from reunify.funds.queries import Condition, Fund
from reunify.kernel.money import Money
from reunify.kernel.refusals import OutOfStep, Refused
from reunify.ledger.policy import BudgetCategory, Unit


class TargetUnfit(Refused):
    """This kind of source bears no cost that was paid in money."""

    field = "/to"


class TargetNotOpen(OutOfStep):
    """The source is frozen or closed."""

    field = "/to"


class OutsidePeriod(Refused):
    """The cost is of a day outside the source's period of performance (2 CFR 200.403(h))."""

    field = "/to"


class TooLateToMove(OutOfStep):
    """The last day on which the source may be charged has passed (2 CFR 200.344)."""

    field = "/to"


class NeedsPriorApproval(Refused):
    """A condition of the source's award stands in the way."""

    field = "/to"


class NotGranted(Refused):
    """The funder has granted this request nothing of the kind."""

    field = "/to"


class OverALimit(Refused):
    """The source has less left, as a whole or for this trip, family or child."""

    field = "/amount"


@dataclass(frozen=True, slots=True)
class Room:
    """How many cents one rule still leaves. `name`: the rule, in words."""

    name: str
    left: int
    cap: UUID | None = None
    counts_trips: bool = False


def check_target(fund: Fund) -> None:
    """A source that holds money, or one whose funder grants it, and that is open.

    Raises TargetUnfit, TargetNotOpen.
    """
    if fund.kind is FundKind.ELSEWHERE:
        raise TargetUnfit(f"{fund.name} pays by itself: what it pays back is recorded as a recovery.")
    if fund.unit is not Unit.CENTS:
        raise TargetUnfit(f"{fund.name} gives in kind, so no cost paid in money can be moved to it.")
    if fund.state != "open":
        raise TargetNotOpen(f"{fund.name} is {fund.state}, so nothing more is charged to it.")


def check_period(fund: Fund, *, incurred_on: date, on: date) -> None:
    """The cost's own day lies in the period of performance, and `on` is not past the last day to pay (without
    one, the last of the period). Raises OutsidePeriod, TooLateToMove."""
    if incurred_on < fund.period_start:
        raise OutsidePeriod(
            f"The cost is of {incurred_on.isoformat()}, and the period of {fund.name} began on "
            f"{fund.period_start.isoformat()}."
        )
    if fund.period_end is None:
        return
    if incurred_on > fund.period_end:
        raise OutsidePeriod(
            f"The cost is of {incurred_on.isoformat()}, and the period of {fund.name} ended on "
            f"{fund.period_end.isoformat()}."
        )
    last = fund.liquidation_date or fund.period_end
    if on > last:
        raise TooLateToMove(f"{fund.name} could be charged until {last.isoformat()}: choose another source.")


def check_conditions(fund: Fund, conditions: Sequence[Condition], category: BudgetCategory) -> None:
    """Raises NeedsPriorApproval in the condition's own words."""
    for condition in conditions:
        if condition.covers(category):
            raise NeedsPriorApproval(
                f"{fund.name} needs its funder's prior approval first: {condition.text} ({condition.cite})."
            )


def check_rooms(rooms: Sequence[Room], amount: int) -> None:
    """Raises OverALimit by the rule that leaves least."""
    tightest = min(rooms, key=lambda room: room.left, default=None)
    if tightest is None or amount <= tightest.left:
        return
    if tightest.left <= 0:
        raise OverALimit(f"{tightest.name}: nothing is left. Choose another source.")
    raise OverALimit(f"{tightest.name}: {Money(tightest.left)} is left. Ask for that or less.")
