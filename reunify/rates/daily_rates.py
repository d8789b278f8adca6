"""What a published table says of one night or one day: the rate, where it stands, and what it awaits."""

from __future__ import annotations

from dataclasses import dataclass

from reunify.kernel.money import Money

NEXT_YEAR = "the rate of that year is not published yet, so the last one was used"
NEXT_MONTH = "the table on file is of April 2026, and a new one is published every month"


@dataclass(frozen=True, slots=True)
class MealParts:
    """What one day's meals and incidentals are made of: they sum to the full rate."""

    breakfast: Money
    lunch: Money
    dinner: Money
    incidental: Money


@dataclass(frozen=True, slots=True)
class LodgingRate:
    """The most for one room and one night, tax apart. `awaits`: what makes it provisional, for staff.

    `stale`: read from a snapshot older than the night, so a person decides (never with `standard`).
    """

    amount: Money
    place: str
    fiscal_year: int
    standard: bool
    awaits: str
    cite: str
    stale: bool = False

    @property
    def provisional(self) -> bool:
        return bool(self.awaits)


@dataclass(frozen=True, slots=True)
class MealRate:
    """Meals and incidentals of one day; `reduced` is the first or last day of travel (75%).

    `parts` None: how the rate divides among the meals is not published.
    """

    full: Money
    reduced: Money
    place: str
    fiscal_year: int
    standard: bool
    awaits: str
    cite: str
    parts: MealParts | None = None
    stale: bool = False

    @property
    def provisional(self) -> bool:
        return bool(self.awaits)
