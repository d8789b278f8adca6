"""How far a trip goes: by the miles of its drive, or at least by the straight line between two airports."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache

import airportsdata

from reunify.intake.form import Category, Mode, Place, TravelRequest
from reunify.rates.places import fold

SURELY_FAR = 100  # a lower bound this long settles every road limit of today's rules (20 and 60 miles)
_EARTH_MILES = 3958.8  # mean radius
_STATES = """
AL Alabama, AK Alaska, AZ Arizona, AR Arkansas, CA California, CO Colorado, CT Connecticut, DE Delaware,
DC District-of-Columbia, FL Florida, GA Georgia, HI Hawaii, ID Idaho, IL Illinois, IN Indiana, IA Iowa,
KS Kansas, KY Kentucky, LA Louisiana, ME Maine, MD Maryland, MA Massachusetts, MI Michigan, MN Minnesota,
MS Mississippi,
MO Missouri, MT Montana, NE Nebraska, NV Nevada, NH New-Hampshire, NJ New-Jersey, NM New-Mexico, NY New-York,
NC North-Carolina, ND North-Dakota, OH Ohio, OK Oklahoma, OR Oregon, PA Pennsylvania, RI Rhode-Island,
SC South-Carolina, SD South-Dakota, TN Tennessee, TX Texas, UT Utah, VT Vermont, VA Virginia, WA Washington,
WV West-Virginia, WI Wisconsin, WY Wyoming
"""
_NAMES = {
    part.split()[0]: part.split()[1].replace("-", " ") for part in _STATES.replace("\n", " ").split(",")
}
_TERRITORIES = frozenset({"US", "PR", "GU", "VI", "AS", "MP"})
Spot = tuple[float, float]  # latitude, longitude


def abroad(place: Place) -> bool:
    """Outside the United States and its territories."""
    return place.country not in _TERRITORIES


def driven_one_way(request: TravelRequest) -> int | None:
    """By the miles of its cost lines, of a trip that is driven on every leg; a drive of one leg is exact.

    Of several legs the miles are shared among them: a lower bound, which counts from SURELY_FAR on. None
    where any leg is flown or ridden (the drive is then a part of the way only), or the miles are not told.
    """
    lines = [line.miles for line in request.cost_lines if line.category is Category.MILEAGE]
    told = [miles for miles in lines if miles is not None]
    if not told or len(told) < len(lines) or any(leg.mode is not Mode.CAR for leg in request.legs):
        return None
    each = sum(told) // len(request.legs)
    return each if len(request.legs) == 1 or each >= SURELY_FAR else None


def straight_miles(one: Place, other: Place) -> int | None:
    """The shortest line between any airports of the two cities; None where a city has no airport on the list.

    Cities of the 50 states and DC only, by city and state. Airports: airportsdata (IATA codes).
    """
    pairs = [(a, b) for a in _spots(one) for b in _spots(other)]
    return math.floor(min(_line(a, b) for a, b in pairs)) if pairs else None


def farthest(start: Place, places: Iterable[Place]) -> int | None:
    """The longest of the straight lines from `start` that can be told."""
    told = [miles for place in places if (miles := straight_miles(start, place)) is not None]
    return max(told) if told else None


def _spots(place: Place) -> tuple[Spot, ...]:
    name = _NAMES.get(place.state or "") if place.country == "US" else None
    return _airports().get((fold(name), fold(place.city)), ()) if name else ()


@cache
def _airports() -> dict[tuple[str, str], tuple[Spot, ...]]:
    """(state, city) -> where its airports are. Read once per process, when first asked."""
    found: dict[tuple[str, str], tuple[Spot, ...]] = {}
    for airport in airportsdata.load("IATA").values():
        if airport["country"] == "US":
            key = (fold(airport["subd"]), fold(airport["city"]))
            found[key] = (*found.get(key, ()), (airport["lat"], airport["lon"]))
    return found


def _line(one: Spot, other: Spot) -> float:
    """Great-circle distance by the haversine formula, in miles."""
    (lat, lon), (to_lat, to_lon) = (tuple(map(math.radians, spot)) for spot in (one, other))
    half = math.sin((to_lat - lat) / 2) ** 2
    half += math.cos(lat) * math.cos(to_lat) * math.sin((to_lon - lon) / 2) ** 2
    return 2 * _EARTH_MILES * math.asin(min(1.0, math.sqrt(half)))
