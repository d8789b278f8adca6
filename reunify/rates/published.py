"""The published tables: poverty guidelines, lodging and meals per diem, mileage. Looked up by date and place.

A missing year means the last published one, and the answer is provisional.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path

from reunify.kernel.money import Money
from reunify.kernel.refusals import Refused
from reunify.rates.places import CONUS, Names, Town, fold, names_of, rules_folder

STANDARD = 0


class NoPublishedRate(Refused):
    """No row speaks of this date or place; a member of staff must decide."""


@dataclass(frozen=True, slots=True)
class Guideline:
    """A year's poverty guideline for one household size and area."""

    amount: Money
    year: int
    provisional: bool
    cite: str


@dataclass(frozen=True, slots=True)
class LodgingRate:
    """The most for one room and one night, tax apart."""

    amount: Money
    place: str
    fiscal_year: int
    standard: bool
    provisional: bool
    cite: str


@dataclass(frozen=True, slots=True)
class MealRate:
    """Meals and incidentals of one day; `reduced` is the first or last day of travel (75%)."""

    full: Money
    reduced: Money
    place: str
    fiscal_year: int
    standard: bool
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


@dataclass(frozen=True, slots=True)
class _Season:
    start: date
    end: date
    lodging: Money
    meals: Money
    reduced: Money
    place: str
    fiscal_year: int


def guideline_area(state: str | None) -> str | None:
    """CONUS_DC, AK or HI; None when none is published (Puerto Rico, Guam, the Virgin Islands...)."""
    if state in CONUS:
        return "CONUS_DC"
    return state if state in ("AK", "HI") else None


def fiscal_year(day: date) -> int:
    return day.year + (day.month >= 10)


class Published:
    """All tables, indexed once. Every lookup is by date."""

    def __init__(self, folder: Path) -> None:
        self._load_guidelines(folder)
        self._load_per_diem(folder)
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
        """By the night's date and the place; a place not listed takes the standard rate (PD-007)."""
        found, season, provisional = self._season(place, night)
        return LodgingRate(
            season.lodging,
            season.place,
            season.fiscal_year,
            found == STANDARD,
            provisional,
            f"GSA per diem FY{season.fiscal_year}, {season.place} (lodging, tax apart)",
        )

    def mie(self, *, place: Town, day: date) -> MealRate:
        """By the day and the place. 75% on the first and last day of travel (PD-001)."""
        found, season, provisional = self._season(place, day)
        reduced = self._tiers.get((season.fiscal_year, season.meals.cents), season.reduced)
        return MealRate(
            season.meals,
            reduced,
            season.place,
            season.fiscal_year,
            found == STANDARD,
            provisional,
            f"GSA per diem FY{season.fiscal_year}, {season.place} (meals and incidentals)",
        )

    def mileage(self, *, day: date, mode: str = "pov_auto_no_gov_vehicle") -> MileageRate:
        """The rate of the day of driving."""
        rows = self._mileage.get(mode, [])
        at = bisect_right([r[0] for r in rows], day) - 1
        if at < 0:
            raise NoPublishedRate("No mileage rate is loaded for this date.")
        start, end, rate, cite = rows[at]
        return MileageRate(rate, start, day > end, cite)

    def _season(self, place: Town, day: date) -> tuple[int, _Season, bool]:
        if not place.in_conus:
            raise NoPublishedRate("This place is outside the continental per diem table.")
        year = min(fiscal_year(day), self._last_year)
        shifted = _same_day_in(day, year)
        destination = self._destination(year, place)
        for season in self._seasons.get((year, destination), ()):
            if season.start <= shifted <= season.end:
                return destination, season, shifted != day
        raise NoPublishedRate("No per diem rate is loaded for this date.")

    def _destination(self, year: int, place: Town) -> int:
        if place.state is None:
            raise NoPublishedRate("Without a state no rate can be found.")
        city = self._cities.get((year, place.state, fold(place.city)))
        if city is not None:
            return city
        if place.county is None:
            return STANDARD
        return self._counties.get((year, place.state, fold(place.county)), STANDARD)

    def _load_guidelines(self, folder: Path) -> None:
        starts = [
            (date.fromisoformat(r["effective_from"]), int(r["year"]))
            for r in _rows(folder, "poverty_guidelines_effective.csv")
        ]
        self._guideline_days = [day for day, _ in sorted(starts)]
        self._guideline_years = [year for _, year in sorted(starts)]
        self._last_guideline_year = self._guideline_years[-1]
        self._guidelines = {
            (int(r["year"]), r["area"], int(r["household_size"])): (
                _dollars(r["annual_usd"]),
                _dollars(r["each_additional_person_usd"]),
                r["source"],
            )
            for r in _rows(folder, "poverty_guidelines.csv")
        }

    def _load_per_diem(self, folder: Path) -> None:
        self._seasons: dict[tuple[int, int], list[_Season]] = {}
        self._cities: dict[tuple[int, str, str], int] = {}
        self._counties: dict[tuple[int, str, str], int] = {}
        named: dict[tuple[str, str, str], Names] = {}
        for r in _rows(folder, "per_diem.csv"):
            year, number = int(r["fiscal_year"]), int(r["destination_id"])
            standard = number == STANDARD
            season = _Season(
                date.fromisoformat(r["season_start"]),
                date.fromisoformat(r["season_end"]),
                _dollars(r["lodging_usd"]),
                _dollars(r["mie_usd"]),
                _dollars(r["mie_first_last_day_usd"]),
                "standard rate" if standard else f"{r['destination']}, {r['state']}",
                year,
            )
            self._seasons.setdefault((year, number), []).append(season)
            if not standard:
                key = (r["state"], r["destination"], r["location_defined"])
                names = named.setdefault(key, names_of(*key)) if key not in named else named[key]
                for state, name in names.cities:
                    self._cities.setdefault((year, state, name), number)
                for state, name in names.counties:
                    self._counties.setdefault((year, state, name), number)
        self._last_year = max(year for year, _ in self._seasons)
        self._tiers = {
            (int(r["fiscal_year"]), _dollars(r["mie_total_usd"]).cents): _dollars(r["first_last_day_usd"])
            for r in _rows(folder, "mie_tiers.csv")
        }

    def _load_mileage(self, folder: Path) -> None:
        self._mileage: dict[str, list[tuple[date, date, Decimal, str]]] = {}
        for r in _rows(folder, "mileage.csv"):
            self._mileage.setdefault(r["mode"], []).append(
                (
                    date.fromisoformat(r["effective_from"]),
                    date.fromisoformat(r["effective_to"]),
                    Decimal(r["usd_per_mile"]),
                    f"{r['authority']} mileage {r['effective_from'][:4]}: ${r['usd_per_mile']} a mile",
                )
            )
        for rows in self._mileage.values():
            rows.sort()


def _same_day_in(day: date, year: int) -> date:
    """The same month and day in another fiscal year; 29 February becomes the 28th."""
    calendar = year - 1 if day.month >= 10 else year
    try:
        return day.replace(year=calendar)
    except ValueError:
        return day.replace(year=calendar, day=28)


def _dollars(written: str) -> Money:
    return Money.from_dollars(Decimal(written))


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "parameters" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@lru_cache(maxsize=4)
def published(folder: Path | None = None) -> Published:
    """The tables of the rules folder, loaded once per process."""
    return Published(folder or rules_folder())
