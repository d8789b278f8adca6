"""What the details of costs must hold together: tax, meals given by others, fare, airline miles, and that no
night and no day of meals stands twice or outside the trip. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from reunify.intake.form import Category, CostLine, Settlement, TravelRequest
from reunify.kernel.refusals import Problem

_TAXED = (Category.LODGING, Category.UNACCOMPANIED_MINOR_FEE)
_BY_RATE = (Category.LODGING, Category.MEALS)


def problems(number: int, line: CostLine) -> list[Problem]:
    """Each with the remedy, at its field."""
    found = [*_tax(line), *_meals(line), *_fare(line), *_others(line)]
    return [Problem(f"/cost_lines/{number}/{field}", remedy) for field, remedy in found]


def problems_together(request: TravelRequest) -> list[Problem]:
    """Of the lines beside each other and beside the trip; each at the line that has to change."""
    found = [*_twice(request.cost_lines), *_outside(request)]
    return [Problem(f"/cost_lines/{number}/{field}", remedy) for number, field, remedy in found]


_MARGIN = timedelta(days=1)  # a night before an early start, a meal after a late arrival
_Found = Iterator[tuple[int, str, str]]


def _twice(lines: list[CostLine]) -> _Found:
    for number, line in enumerate(lines):
        for before, other in enumerate(lines[:number]):
            if _same_meals(line, other):
                yield (
                    number,
                    "first_day",
                    f"Cost {before + 1} has meals of the same traveler on the same day; "
                    "take the day out of one of them, or name each one's traveler.",
                )
            elif _same_room(line, other):
                yield (
                    number,
                    "night",
                    f"Cost {before + 1} is the same room for the same night; take one of them out, "
                    "or say in each what the room is and whom it is for.",
                )


def _same_meals(line: CostLine, other: CostLine) -> bool:
    if not line.category is other.category is Category.MEALS or line.traveler != other.traveler:
        return False
    if line.first_day is None or line.last_day is None or other.first_day is None or other.last_day is None:
        return False
    return line.first_day <= other.last_day and other.first_day <= line.last_day


def _same_room(line: CostLine, other: CostLine) -> bool:
    """A traveler sleeps in one room a night; rooms for nobody by name are told apart by what is written."""
    if not line.category is other.category is Category.LODGING or line.night is None:
        return False
    if line.night != other.night or line.traveler != other.traveler:
        return False
    if line.traveler is not None:
        return True
    return (line.what, line.payee, line.household) == (other.what, other.payee, other.household)


def _outside(request: TravelRequest) -> _Found:
    start = min(leg.departs for leg in request.legs).date()
    end = max(leg.arrives for leg in request.legs).date()
    for number, line in enumerate(request.cost_lines):
        for field in ("night", "first_day", "last_day"):
            day = getattr(line, field)
            if day is not None and not start - _MARGIN <= day <= end + _MARGIN:
                yield (
                    number,
                    field,
                    f"This day is not of the trip, which is from {start} to {end}; check the day, "
                    "or add the leg that is missing.",
                )


def _tax(line: CostLine) -> Iterator[tuple[str, str]]:
    if line.tax_cents and line.category not in _TAXED:
        yield "tax_cents", "Tax stands apart for rooms and airline fees only; leave it empty here."
    elif line.tax_cents > line.quote_cents:
        yield "tax_cents", "The tax is more than the whole quote; check both."


def _meals(line: CostLine) -> Iterator[tuple[str, str]]:
    if line.provided_meals and line.category is not Category.MEALS:
        yield "provided_meals", "Meals given by others belong to a line for meals; take them out here."
        return
    for said in line.provided_meals:
        try:
            day = date.fromisoformat(said.split()[0])
        except ValueError:
            yield "provided_meals", "One of the days is not in the calendar; write it like 2026-11-26."
            return
        before = line.first_day is not None and day < line.first_day
        after = line.last_day is not None and day > line.last_day
        if before or after:
            yield "provided_meals", "A meal given by others falls outside the days of this line; check both."
            return


def _fare(line: CostLine) -> Iterator[tuple[str, str]]:
    if line.category is not Category.AIR_FARE:
        if line.fare_class is not None:
            yield "fare_class", "The fare class belongs to an air fare; leave it empty here."
        if line.fare_exception is not None:
            yield "fare_exception", "A reason for the fare class belongs to an air fare; leave it empty here."
    elif line.fare_exception is not None and line.fare_class != "above_economy":
        yield "fare_exception", "A reason is given, but not that the fare is above economy; mend one of them."


def _others(line: CostLine) -> Iterator[tuple[str, str]]:
    given = line.settled is Settlement.PARTNER_GIVES and line.category is Category.AIR_FARE
    if line.units is not None and not given:
        yield "units", "Miles are of a flight a partner gives; leave them empty here."
    if line.actual_expense and line.category not in _BY_RATE:
        yield "actual_expense", "Only rooms and meals have a published rate to go beyond; untick it here."
