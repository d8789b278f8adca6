"""Where the rules folder is, and which published place a town or county belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

# The 48 adjoining states and DC: what the continental tables speak of.
_CONUS_CODES = """
AL AR AZ CA CO CT DC DE FL GA IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM NV NY OH OK OR PA
RI SC SD TN TX UT VA VT WA WI WV WY
"""
CONUS = frozenset(re.findall(r"[A-Z]{2}", _CONUS_CODES))


def rules_folder() -> Path:
    """`eligibility_rules/`, next to the package."""
    package = Path(__file__).resolve().parent.parent
    beside, inside = package.parent / "eligibility_rules", package / "eligibility_rules"
    return inside if inside.is_dir() and not beside.is_dir() else beside


@dataclass(frozen=True, slots=True)
class Town:
    """A place as told: a city, a two-letter state, perhaps a county and a five-digit ZIP code."""

    city: str
    state: str | None
    country: str = "US"
    county: str | None = None
    zip: str | None = None

    @property
    def in_conus(self) -> bool:
        """Whether the continental per diem table speaks of it (48 states and DC)."""
        return self.country == "US" and self.state in CONUS


@dataclass(frozen=True, slots=True)
class Names:
    """What one destination of the per diem table covers: (state, name) pairs, folded."""

    cities: frozenset[tuple[str, str]]
    counties: frozenset[tuple[str, str]]


_SPACE = re.compile(r"[\s.'’]+")
_CITY = re.compile(r"^(?:city limits of|city of)\s+", re.IGNORECASE)
_LESS = re.compile(r"\s+(?:less|excluding)\s+.*$", re.IGNORECASE)
# The one destination that crosses state lines; its text is prose in the published file.
_DC_CITIES = (("VA", "Alexandria"), ("VA", "Falls Church"), ("VA", "Fairfax"))
_DC_COUNTIES = (("VA", "Arlington"), ("VA", "Fairfax"), ("MD", "Montgomery"), ("MD", "Prince George's"))
# Names people write for a place that the table spells otherwise.
_ALSO = {
    ("NY", "New York City"): ("New York", "Manhattan", "Brooklyn", "Bronx", "Queens", "Staten Island"),
    ("MD", "Baltimore City"): ("Baltimore",),
}


def fold(name: str) -> str:
    """One spelling: lower case, no dots or apostrophes, `saint` and `county` shortened away."""
    words = _SPACE.sub(" ", name.casefold().replace(".", " ").replace("'", "").replace("’", "")).split()
    words = ["st" if w == "saint" else "ft" if w == "fort" else w for w in words]
    while len(words) > 1 and words[-1] in ("county", "counties", "parish", "parishes"):
        words.pop()
    return " ".join(words)


def names_of(state: str, destination: str, location: str) -> Names:
    """The cities and counties a published row names, in `destination` and `location_defined`."""
    if state == "DC":
        cities = [("DC", "Washington"), ("DC", "Washington DC"), ("DC", destination), *_DC_CITIES]
        return _names(cities, [*_DC_COUNTIES, ("DC", "District of Columbia")])
    cities = [(state, part) for part in destination.split(" / ")]
    cities += [(state, also) for also in _ALSO.get((state, destination), ())]
    counties: list[tuple[str, str]] = []
    for part in re.split(r" / |, ", location):
        if _CITY.match(part):
            cities.append((state, _CITY.sub("", part)))
        else:
            counties.append((state, _LESS.sub("", part)))
    return _names(cities, counties)


def _names(cities: list[tuple[str, str]], counties: list[tuple[str, str]]) -> Names:
    return Names(
        frozenset((s, fold(n)) for s, n in cities),
        frozenset((s, fold(n)) for s, n in counties),
    )
