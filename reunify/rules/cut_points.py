"""A fact's domain cut at every limit some cells name: inside one stretch no cell can tell two values apart.

So one value per stretch is enough to know what any value does: exact, never sampled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, cast

from reunify.kernel.money import LARGEST_CENTS
from reunify.rates.fields import FactValue, Field
from reunify.rules.kleene import Truth

if TYPE_CHECKING:
    from reunify.rules.cells import Cell

_ENDLESS = 10**12  # of a whole number without a range


@dataclass(frozen=True, slots=True)
class Stretch:
    """Values from `low` to `high`, both included; of a choice or a yes/no always one value."""

    low: FactValue
    high: FactValue


def ends(field: Field) -> tuple[int, int]:
    """The least and greatest value of an ordered fact, dates as ordinals, money in cents."""
    match field.type:
        case "money":
            return 0, LARGEST_CENTS
        case "date":
            return date.min.toordinal(), date.max.toordinal()
        case _:
            low = -_ENDLESS if field.low is None else field.low
            return low, _ENDLESS if field.high is None else field.high


def stretches(field: Field, cells: Iterable[Cell]) -> tuple[Stretch, ...]:
    """The whole domain in order, without a gap. Every cell is of this fact."""
    if field.type == "yes_no":
        return Stretch(False, False), Stretch(True, True)
    if field.type == "choice":
        return tuple(Stretch(value, value) for value in field.values)
    return tuple(_ordered(field, cells))


def alike(field: Field, cells: Sequence[Cell]) -> dict[tuple[Truth, ...], tuple[Stretch, ...]]:
    """The stretches put together that every one of the cells answers in the same way, by those answers."""
    found: dict[tuple[Truth, ...], tuple[Stretch, ...]] = {}
    for part in stretches(field, cells):
        answers = tuple([cell.holds(part.low) for cell in cells])
        found[answers] = (*found.get(answers, ()), part)
    return found


def _ordered(field: Field, cells: Iterable[Cell]) -> Iterator[Stretch]:
    low, high = ends(field)
    starts = {low}
    for cell in cells:
        for want in cell.wants:
            point = number(want)
            starts.update(p for p in (point, point + 1) if low <= p <= high)
    listed = sorted(starts)
    for start, following in zip(listed, [*listed[1:], high + 1], strict=True):
        yield Stretch(typed(field, start), typed(field, following - 1))


def number(value: FactValue) -> int:
    """An ordered value as a whole number."""
    return value.toordinal() if isinstance(value, date) else cast(int, value)


def typed(field: Field, value: int) -> FactValue:
    return date.fromordinal(value) if field.type == "date" else value
