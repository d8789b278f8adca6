"""Lodging and meals outside the 48 adjoining states: snapshots of April 2026, older than most travel.

Foreign places by the State Department's table, Alaska, Hawaii and the territories by the Defense
Department's. Both change every month, so a rate is always provisional, and after the snapshot's month a
person decides.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from reunify.kernel.money import Money
from reunify.rates.closed_yaml import RuleFileBroken
from reunify.rates.daily_rates import NEXT_MONTH, LodgingRate, MealParts, MealRate
from reunify.rates.parameter_rows import ParameterRow, parameter_rows
from reunify.rates.per_diem import NoPublishedRate
from reunify.rates.places import Town, fold
from reunify.rates.seasons import Season

FOREIGN_TABLE = "per_diem_foreign_2026-04.csv"
AREAS_TABLE = "per_diem_oconus_nonforeign_2026-04.csv"
SNAPSHOT = date(2026, 4, 1)
# Above this a day's meals divide 15/25/40 percent, the rest incidental (PD-004, 41 CFR 301-11.18).
_DIVIDES_ABOVE = Money(26_500)
_SHARES = (15, 25, 40)
# How the request writes them, as a state or as a country, and what the table calls them.
AREAS = {
    "AK": "ALASKA",
    "HI": "HAWAII",
    "PR": "PUERTO RICO",
    "VI": "VIRGIN ISLANDS (U.S.)",
    "GU": "GUAM",
    "AS": "AMERICAN SAMOA",
}
TERRITORIES = frozenset({"PR", "VI", "GU", "AS", "MP", "UM"})
_ELSEWHERE = "[other]"
_ASIDE = re.compile(r"\s*[(\[][^)\]]*[)\]]|\s*&.*$")


@dataclass(frozen=True, slots=True)
class _Rate:
    season: Season
    lodging: Money
    meals: Money
    effective: date
    place: str
    table: str


_Key = tuple[str, str]
_Index = dict[_Key, list[_Rate]]


def area_of(place: Town) -> str | None:
    """The two letters of a non-contiguous state or a territory; None elsewhere."""
    if place.country in TERRITORIES:
        return place.country
    if place.country == "US" and place.state in {*AREAS, *TERRITORIES}:
        return place.state
    return None


class Snapshots:
    """Read when the first place outside the continental table is asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def lodging(self, place: Town, night: date) -> LodgingRate:
        """Raises NoPublishedRate: no row, a row of another date, or no room rate printed in it."""
        found = self._find(place, night)
        if not found.lodging.cents:
            raise NoPublishedRate("The table prints no lodging rate for this place.")
        cite = f"{found.table}, {found.place} (lodging, tax apart)"
        return LodgingRate(
            found.lodging, found.place, SNAPSHOT.year, False, NEXT_MONTH, cite, stale=_after_snapshot(night)
        )

    def meals(self, place: Town, day: date) -> MealRate:
        found = self._find(place, day)
        reduced = Money(found.meals.cents * 3 // 4)
        return MealRate(
            found.meals,
            reduced,
            found.place,
            SNAPSHOT.year,
            False,
            NEXT_MONTH,
            f"{found.table}, {found.place} (meals and incidentals)",
            parts_above(found.meals),
            stale=_after_snapshot(day),
        )

    def check_rows(self) -> None:
        """Raises RuleFileBroken; so does a country that the foreign table does not know."""
        known = {where for where, _ in self._index}
        for country in self._countries.values():
            if country not in known:
                raise RuleFileBroken("countries.csv", f"`{country}`", "no such country", FOREIGN_TABLE)

    def _find(self, place: Town, day: date) -> _Rate:
        for key in self._keys(place):
            for rate in self._index.get(key, ()):
                if rate.season.holds(day):
                    if day < rate.effective:
                        raise NoPublishedRate("No per diem rate is loaded for this date.")
                    return rate
        raise NoPublishedRate("No per diem table speaks of this place.")

    def _keys(self, place: Town) -> list[_Key]:
        """Where to look, best first: the city, the county or island, the rest of the area."""
        area = area_of(place)
        where = AREAS.get(area) if area else self._countries.get(place.country)
        if where is None:
            raise NoPublishedRate("No per diem table speaks of this place.")
        names = [place.city, *([place.county] if place.county else []), where]
        return [(where, plain_name(n)) for n in names] + [(where, _ELSEWHERE)]

    @cached_property
    def _index(self) -> _Index:
        index: _Index = {}
        for r in parameter_rows(self._folder, FOREIGN_TABLE, _FOREIGN_COLUMNS):
            season = Season.between(r.day("season_start"), r.day("season_end"))
            table = f"State Department per diem, {r.text('publication_date')}"
            effective = r.day("rate_effective_date")
            rate = _rate(r, season, effective, f"{r.text('location')}, {r.text('country')}", table)
            _put(index, r, r.text("country"), [plain_name(r.text("location"))], rate)
        for r in parameter_rows(self._folder, AREAS_TABLE, _AREA_COLUMNS):
            season = Season.between(r.american_day("season_start_mdy"), r.american_day("season_end_mdy"))
            published = r.american_day("publication_date")
            table = f"Defense Department per diem, {published.isoformat()}"
            rate = _rate(
                r, season, r.american_day("effective_date"), f"{r.text('location')}, {r.text('area')}", table
            )
            _put(index, r, r.text("area"), _names_in(r.text("location")), rate)
        return index

    @cached_property
    def _countries(self) -> dict[str, str]:
        rows = parameter_rows(self._folder, "countries.csv", ("code", "per_diem_country", "effective_from"))
        return {r.text("code"): r.text("per_diem_country") for r in rows}


_FOREIGN_COLUMNS = (
    "country",
    "location",
    "season_start",
    "season_end",
    "lodging_usd",
    "mie_usd",
    "total_usd",
    "rate_effective_date",
    "publication_date",
    "location_code",
)
_AREA_COLUMNS = (
    "area",
    "location",
    "season_start_mdy",
    "season_end_mdy",
    "lodging_usd",
    "local_meals_usd",
    "local_incidental_usd",
    "mie_usd",
    "max_per_diem_usd",
    "effective_date",
    "publication_date",
)


def parts_above(total: Money) -> MealParts | None:
    """15, 25 and 40 percent, the rest incidental; None up to $265, where no division is loaded."""
    if total <= _DIVIDES_ABOVE:
        return None
    meals = [Money(total.cents * share // 100) for share in _SHARES]
    return MealParts(meals[0], meals[1], meals[2], Money(total.cents - sum(m.cents for m in meals)))


def plain_name(name: str) -> str:
    """One spelling, without accents: people write Bogotá, the table Bogota."""
    bare = unicodedata.normalize("NFKD", name)
    return fold("".join(c for c in bare if not unicodedata.combining(c)))


def _after_snapshot(day: date) -> bool:
    return day > SNAPSHOT.replace(day=monthrange(SNAPSHOT.year, SNAPSHOT.month)[1])


def _names_in(location: str) -> list[str]:
    """`ISLE OF HAWAII: HILO` is Hilo, `KENAI-SOLDOTNA` both towns, `SAN JUAN & NAV RES STA` San Juan."""
    if location == "[OTHER]":
        return [_ELSEWHERE]
    name = _ASIDE.sub("", location).rpartition(": ")[2].removeprefix("ISLE OF ")
    if name.startswith("LOCATIONS OTHER THAN"):
        name = location.partition(":")[0].removeprefix("ISLE OF ")
    parts = name.split("-") if "-" in name else []
    return [plain_name(n) for n in dict.fromkeys([name, *parts])]


def _rate(r: ParameterRow, season: Season, effective: date, place: str, table: str) -> _Rate:
    return _Rate(season, r.dollars("lodging_usd"), r.dollars("mie_usd"), effective, place, table)


def _put(index: _Index, r: ParameterRow, where: str, names: list[str], rate: _Rate) -> None:
    for name in names:
        kept = index.setdefault((where, name), [])
        if kept and kept[0].place != rate.place:
            continue  # another place of that name stands first in the table
        if any(rate.season.overlaps(other.season) for other in kept):
            column = "season_start" if "season_start" in r.values else "season_start_mdy"
            raise r.broken(
                column,
                f"`{r.values[column]}`, in a season of this place already",
                "seasons that do not overlap",
            )
        kept.append(rate)
