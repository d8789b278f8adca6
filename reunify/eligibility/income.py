"""A household's income against the HHS poverty guideline: whole percents, rounded up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from reunify.intake.form import Household
from reunify.rates.published import NoPublishedRate, Published, guideline_area


@dataclass(frozen=True, slots=True)
class IncomePercent:
    """Whole percents, rounded up: whatever is over the limit by one cent reads 101 or more."""

    of_guideline: int | None
    of_limit: int | None
    provisional: bool


_UNKNOWN = IncomePercent(None, None, False)


def household_area(house: Household | None) -> str | None:
    """The poverty guideline area of the household's state (HHS publishes three)."""
    state = house.state if house else None
    return (guideline_area(state) or "none_published") if state else None


def income_percent(
    house: Household | None, *, on: date, published: Published, limit_percent: int
) -> IncomePercent:
    """Yearly income against the HHS poverty guideline in force on that day (the first travel day).

    The limit is the guideline times the organisation's own percent. Rounded up to the whole percent.
    """
    area = household_area(house)
    if house is None or house.size is None or house.yearly_income_cents is None or area is None:
        return _UNKNOWN
    try:
        guideline = published.guideline(on=on, area=area, size=house.size)
    except NoPublishedRate:
        return _UNKNOWN
    cents, income = guideline.amount.cents, house.yearly_income_cents
    return IncomePercent(
        _percent_up(income, cents),
        _percent_up(income * 100, cents * limit_percent),
        guideline.provisional,
    )


def _percent_up(part: int, whole: int) -> int:
    return -(-part * 100 // whole)
