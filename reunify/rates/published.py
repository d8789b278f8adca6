"""The published tables: poverty guidelines, lodging and meals per diem, mileage. Looked up by date and place.

A missing year means the last published one, and the answer is provisional.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path

from reunify.kernel.money import Money
from reunify.rates.daily_rates import LodgingRate, MealRate
from reunify.rates.minors import CarrierRules, Carriers
from reunify.rates.parameter_rows import parameter_rows
from reunify.rates.per_diem import (
    STANDARD,
    Continental,
    NoPublishedRate,
    PlaceUnclear,
    fiscal_year,
)
from reunify.rates.places import CONUS, Town, rules_folder
from reunify.rates.snapshots import Snapshots

__all__ = [
    "STANDARD",
    "Guideline",
    "LodgingRate",
    "MealRate",
    "MileageRate",
    "NoPublishedRate",
    "PlaceUnclear",
    "Published",
    "fiscal_year",
    "guideline_area",
    "published",
]
_GUIDELINE_COLUMNS = (
    "year",
    "area",
    "household_size",
    "annual_usd",
    "each_additional_person_usd",
    "pct125_usd",
    "pct150_usd",
    "pct200_usd",
    "pct300_usd",
)
_MILEAGE_COLUMNS = ("effective_from", "effective_to", "mode", "usd_per_mile", "authority", "confidence")


@dataclass(frozen=True, slots=True)
class Guideline:
    """A year's poverty guideline for one household size and area."""

    amount: Money
    year: int
    provisional: bool
    cite: str


@dataclass(frozen=True, slots=True)
class MileageRate:
    """Dollars a mile as published: a fraction of a cent is possible, so not Money."""

    dollars_per_mile: Decimal
    effective_from: date
    provisional: bool
    cite: str

    def for_miles(self, miles: int) -> Money:
        """Whole cents on the total, half a cent up."""
        cents = (self.dollars_per_mile * miles * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP)
        return Money(int(cents))


def guideline_area(state: str | None) -> str | None:
    """CONUS_DC, AK or HI; None when none is published (Puerto Rico, Guam, the Virgin Islands...)."""
    if state in CONUS:
        return "CONUS_DC"
    return state if state in ("AK", "HI") else None


class Published:
    """All tables, indexed once. Every lookup is by date."""

    def __init__(self, folder: Path) -> None:
        self._load_guidelines(folder)
        self._continental = Continental(folder)
        self._snapshots = Snapshots(folder)
        self._carriers = Carriers(folder)
        self._load_mileage(folder)

    def guideline(self, *, on: date, area: str, size: int) -> Guideline:
        """By the guideline in force on the date. Sizes above 8 add the published increment."""
        if size < 1 or (self._last_guideline_year, area, 1) not in self._guidelines:
            raise NoPublishedRate("No poverty guideline is published for this place or household size.")
        at = bisect_right(self._guideline_days, on) - 1
        if at < 0:
            raise NoPublishedRate("No poverty guideline is loaded for this date.")
        year = self._guideline_years[at]
        amount, increment, cite = self._guidelines[(year, area, min(size, 8))]
        extra = max(0, size - 8) * increment.cents
        return Guideline(
            Money(amount.cents + extra), year, on.year > self._last_guideline_year, f"{year}: {cite}"
        )

    def lodging(self, *, place: Town, night: date) -> LodgingRate:
        """By the night's date and the place; a place not listed takes the standard rate (PD-007).

        Raises NoPublishedRate, PlaceUnclear.
        """
        return self._table(place).lodging(place, night)

    def mie(self, *, place: Town, day: date) -> MealRate:
        """By the day and the place. 75% on the first and last day of travel (PD-001).

        Raises NoPublishedRate, PlaceUnclear.
        """
        return self._table(place).meals(place, day)

    def minor_rules(self, carrier: str, mode: str) -> CarrierRules | None:
        """What a carrier asks when a child travels without an adult; None where none is on file."""
        return self._carriers.find(carrier, mode)

    def check_whole(self) -> None:
        """Read what is otherwise read when first asked for. Raises RuleFileBroken."""
        self._continental.check_zips()
        self._snapshots.check_rows()
        self._carriers.check_rows()

    def _table(self, place: Town) -> Continental | Snapshots:
        zip_decides = place.country == "US" and place.state is None and place.zip is not None
        if place.in_conus or (zip_decides and self._continental.knows_zip(place.zip or "")):
            return self._continental
        return self._snapshots

    def mileage(self, *, day: date, mode: str = "pov_auto_no_gov_vehicle") -> MileageRate:
        """The rate of the day of driving."""
        rows = self._mileage.get(mode, [])
        at = bisect_right([r[0] for r in rows], day) - 1
        if at < 0:
            raise NoPublishedRate("No mileage rate is loaded for this date.")
        start, end, rate, cite = rows[at]
        return MileageRate(rate, start, day > end, cite)

    def _load_guidelines(self, folder: Path) -> None:
        starts = [
            (r.day("effective_from"), r.whole("year"))
            for r in parameter_rows(
                folder, "poverty_guidelines_effective.csv", ("year", "effective_from", "confidence")
            )
        ]
        self._guideline_days = [day for day, _ in sorted(starts)]
        self._guideline_years = [year for _, year in sorted(starts)]
        self._last_guideline_year = self._guideline_years[-1]
        self._guidelines = {
            (r.whole("year"), r.text("area"), r.whole("household_size")): (
                r.dollars("annual_usd"),
                r.dollars("each_additional_person_usd"),
                r.text("source"),
            )
            for r in parameter_rows(folder, "poverty_guidelines.csv", _GUIDELINE_COLUMNS)
        }

    def _load_mileage(self, folder: Path) -> None:
        self._mileage: dict[str, list[tuple[date, date, Decimal, str]]] = {}
        for r in parameter_rows(folder, "mileage.csv", _MILEAGE_COLUMNS):
            start, end, rate = r.day("effective_from"), r.day("effective_to"), r.rate("usd_per_mile")
            rows = self._mileage.setdefault(r.text("mode"), [])
            if end < start:
                raise r.broken("effective_to", f"`{end}`", f"a day on or after {start}")
            if any(start <= other[1] and other[0] <= end for other in rows):
                found = f"`{start}`, in a period of this mode already"
                raise r.broken("effective_from", found, "periods that do not overlap")
            cite = f"{r.text('authority')} mileage {start.year}: ${r.text('usd_per_mile')} a mile"
            rows.append((start, end, rate, cite))
        for rows in self._mileage.values():
            rows.sort()


@lru_cache(maxsize=4)
def published(folder: Path | None = None) -> Published:
    """The tables of the rules folder, loaded once per process."""
    return Published(folder or rules_folder())
