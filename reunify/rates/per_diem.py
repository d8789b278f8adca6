"""Lodging and meals in the 48 adjoining states and DC, by the date and the place. GSA's tables.

A place's city decides, else its county, else the standard rate; a city not listed may sit in a listed county,
so where neither county nor ZIP is told, the county is asked for (PD-007). A ZIP code narrows it; where a ZIP
spans several places, the city or the county decides, and where they do not, a person is asked. The ZIP table
is of fiscal year 2027: of another year it decides only where no name does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from reunify.kernel.money import Money
from reunify.kernel.refusals import Refused
from reunify.rates.daily_rates import NEXT_YEAR, LodgingRate, MealParts, MealRate
from reunify.rates.parameter_rows import ParameterRow, parameter_rows
from reunify.rates.places import CONUS, Names, Town, fold, names_of
from reunify.rates.seasons import same_day_in

STANDARD = 0
ZIP_TABLE = "per_diem_zip_fy2027.csv"
ZIP_YEAR = 2027


class NoPublishedRate(Refused):
    """No row speaks of this date or place; a member of staff must decide."""


class PlaceUnclear(Refused):
    """More than one rate fits. `part` of the place settles it: county or zip."""

    def __init__(self, message: str, part: str) -> None:
        super().__init__(message)
        self.part = part


@dataclass(frozen=True, slots=True)
class _Season:
    start: date
    end: date
    lodging: Money
    meals: Money
    reduced: Money
    place: str
    fiscal_year: int


def fiscal_year(day: date) -> int:
    return day.year + (day.month >= 10)


_COLUMNS = (
    "fiscal_year",
    "destination_id",
    "state",
    "destination",
    "location_defined",
    "season_start",
    "season_end",
    "lodging_usd",
    "mie_usd",
    "mie_first_last_day_usd",
    "is_standard",
)
_TIER_COLUMNS = (
    "fiscal_year",
    "mie_total_usd",
    "breakfast_usd",
    "lunch_usd",
    "dinner_usd",
    "incidental_usd",
    "first_last_day_usd",
)


class Continental:
    """Indexed once; the ZIP table is read when the first ZIP is asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seasons: dict[tuple[int, int], list[_Season]] = {}
        self.cities: dict[tuple[int, str, str], int] = {}
        self._counties: dict[tuple[int, str, str], int] = {}
        self._with_counties: set[tuple[int, str]] = set()  # (year, state) with a listed county
        self._states: dict[int, set[str]] = {}  # of a destination: one may cross state lines
        self._load_seasons()
        self._last_year = max(year for year, _ in self._seasons)
        self._tiers = self._load_tiers()

    def lodging(self, place: Town, night: date) -> LodgingRate:
        found, season, awaits = self._season(place, night)
        cite = f"GSA per diem FY{season.fiscal_year}, {season.place} (lodging, tax apart)"
        return LodgingRate(season.lodging, season.place, season.fiscal_year, found == STANDARD, awaits, cite)

    def meals(self, place: Town, day: date) -> MealRate:
        found, season, awaits = self._season(place, day)
        reduced, parts = self._tiers.get((season.fiscal_year, season.meals.cents), (season.reduced, None))
        return MealRate(
            season.meals,
            reduced,
            season.place,
            season.fiscal_year,
            found == STANDARD,
            awaits,
            f"GSA per diem FY{season.fiscal_year}, {season.place} (meals and incidentals)",
            parts,
        )

    def knows_zip(self, zip_code: str) -> bool:
        return zip_code in self._zips

    def check_zips(self) -> None:
        """Raises RuleFileBroken."""
        self._zips  # noqa: B018 - reading it is the check

    def _season(self, place: Town, day: date) -> tuple[int, _Season, str]:
        year = min(fiscal_year(day), self._last_year)
        shifted = same_day_in(day, year)
        destination = self.destination(year, place)
        for season in self._seasons.get((year, destination), ()):
            if season.start <= shifted <= season.end:
                return destination, season, NEXT_YEAR if shifted != day else ""
        raise NoPublishedRate("No per diem rate is loaded for this date.")

    def destination(self, year: int, place: Town) -> int:
        """Which row of the year's table speaks of the place. Raises NoPublishedRate, PlaceUnclear."""
        if place.zip is None or place.zip not in self._zips:
            return self._by_name(year, place)
        listed = self._zips[place.zip]
        states = {s for one in listed for s in (self._states[one] if isinstance(one, int) else {one})}
        if place.state is not None and place.state not in states:
            raise PlaceUnclear("The ZIP code is of another state.", "zip")
        by_name = self._named(year, place) if year != ZIP_YEAR else None
        if by_name is not None:
            return by_name
        if any(isinstance(one, int) and (year, one) not in self._seasons for one in listed):
            return self._by_name(year, place)
        found = {one if isinstance(one, int) else STANDARD for one in listed}
        if len(found) == 1:
            return found.pop()
        return self._among(found, year, place, states)

    def _among(self, found: set[int], year: int, place: Town, states: set[str]) -> int:
        """A ZIP of several places: the city named in the table decides, else the county."""
        named = {
            number
            for state in ((place.state,) if place.state else sorted(states))
            if (number := self.cities.get((year, state, fold(place.city)))) in found and number is not None
        }
        if not named and place.county is not None:
            named = {
                self._counties.get((year, state, fold(place.county)), STANDARD)
                for state in ((place.state,) if place.state else sorted(states))
            } & found
        if len(named) == 1:
            return named.pop()
        if place.county is None:
            raise PlaceUnclear("This ZIP code spans several places with rates of their own.", "county")
        raise NoPublishedRate("The ZIP code and the county do not lead to one rate.")

    def _by_name(self, year: int, place: Town) -> int:
        """Raises NoPublishedRate, PlaceUnclear."""
        if place.state is None:
            raise NoPublishedRate("Without a state no rate can be found.")
        found = self._named(year, place)
        if found is None and (year, place.state) in self._with_counties:
            raise PlaceUnclear("This city may sit in a county with a rate of its own.", "county")
        return STANDARD if found is None else found

    def _named(self, year: int, place: Town) -> int | None:
        """By the city, else by the county. None: the city is not listed and no county is told."""
        if place.state is None:
            return None
        name = "washington" if place.state == "DC" else fold(place.city)  # the District is one place
        city = self.cities.get((year, place.state, name))
        if city is not None or place.county is None:
            return city
        return self._counties.get((year, place.state, fold(place.county)), STANDARD)

    def _load_seasons(self) -> None:
        named: dict[tuple[str, str, str], Names] = {}
        for r in parameter_rows(self._folder, "per_diem.csv", _COLUMNS):
            year, number = r.whole("fiscal_year"), r.whole("destination_id")
            self._add(r, year, number)
            if number == STANDARD:
                continue
            key = (r.text("state"), r.text("destination"), r.text("location_defined"))
            names = named.setdefault(key, names_of(*key)) if key not in named else named[key]
            for state, name in names.cities:
                self.cities.setdefault((year, state, name), number)
            for state, name in names.counties:
                self._counties.setdefault((year, state, name), number)
                self._with_counties.add((year, state))
            self._states.setdefault(number, set()).update(s for s, _ in names.cities | names.counties)

    def _add(self, r: ParameterRow, year: int, number: int) -> None:
        standard = r.one_of("is_standard", ("Y", "N")) == "Y"
        season = _Season(
            r.day("season_start"),
            r.day("season_end"),
            r.dollars("lodging_usd"),
            r.dollars("mie_usd"),
            r.dollars("mie_first_last_day_usd"),
            "standard rate" if standard else f"{r.text('destination')}, {r.text('state')}",
            year,
        )
        if season.end < season.start:
            raise r.broken("season_end", f"`{season.end}`", f"a day on or after {season.start}")
        for other in self._seasons.setdefault((year, number), []):
            if season.start <= other.end and other.start <= season.end:
                found = f"`{season.start}`, in a season of this place already"
                raise r.broken("season_start", found, "seasons that do not overlap")
        self._seasons[year, number].append(season)

    def _load_tiers(self) -> dict[tuple[int, int], tuple[Money, MealParts | None]]:
        tiers: dict[tuple[int, int], tuple[Money, MealParts | None]] = {}
        for r in parameter_rows(self._folder, "mie_tiers.csv", _TIER_COLUMNS):
            total = r.dollars("mie_total_usd")
            parts = MealParts(
                *(r.dollars(f"{p}_usd") for p in ("breakfast", "lunch", "dinner", "incidental"))
            )
            together = sum(p.cents for p in (parts.breakfast, parts.lunch, parts.dinner, parts.incidental))
            if together != total.cents:
                raise r.broken("mie_total_usd", f"`{total}`", f"the sum of its parts, {Money(together)}")
            tiers[r.whole("fiscal_year"), total.cents] = (r.dollars("first_last_day_usd"), parts)
        return tiers

    @cached_property
    def _zips(self) -> Mapping[str, tuple[int | str, ...]]:
        """ZIP -> destination ids; two letters are that state's standard rate."""
        found: dict[str, tuple[int | str, ...]] = {}
        columns = ("zip_from", "zip_to", "destination_ids", "effective_from")
        for r in parameter_rows(self._folder, ZIP_TABLE, columns):
            r.day("effective_from")
            first, last = r.whole("zip_from"), r.whole("zip_to")
            if not first <= last <= 99_999:
                raise r.broken("zip_to", f"`{last}`", f"a ZIP code from {first:05} to 99999")
            ids = tuple(self._listed(r, one) for one in r.text("destination_ids").split("|"))
            for number in range(first, last + 1):
                if f"{number:05}" in found:
                    raise r.broken("zip_from", f"`{number:05}` twice", "each ZIP code once")
                found[f"{number:05}"] = ids
        return found

    def _listed(self, r: ParameterRow, one: str) -> int | str:
        if one in CONUS:
            return one
        if one.isdecimal() and (ZIP_YEAR, int(one)) in self._seasons:
            return int(one)
        raise r.broken("destination_ids", f"`{one[:20]}`", f"ids of per_diem.csv {ZIP_YEAR}, or a state")
