"""On which clock a town of the United States lives. Pure. Source: 49 CFR Part 71, its zone boundaries.

Where two clocks divide a state the ZIP code says which, by the longest beginning the table knows. A mail
region that the line cuts is nobody's guess: whoever writes the place down names its clock, as in
`Alpine, TX Central`. The Navajo Nation changes its clock in summer, Arizona around it does not. Of Alaska and
Nevada the few towns on another clock are known by their ZIP code alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

_EASTERN, _CENTRAL = "America/New_York", "America/Chicago"
_MOUNTAIN, _PACIFIC = "America/Denver", "America/Los_Angeles"
_ARIZONA = "America/Phoenix"
_Regions = Mapping[str, str | None]  # beginnings of ZIP codes; None: the line cuts the region

CLOCKS: Final[Mapping[str, str]] = {
    "Eastern": _EASTERN,
    "Central": _CENTRAL,
    "Mountain": _MOUNTAIN,
    "Pacific": _PACIFIC,
    "Arizona": _ARIZONA,
}


def _each(words: str, zone: str | None) -> dict[str, str | None]:
    return dict.fromkeys(words.split(), zone)


_ONE_CLOCK: Final[_Regions] = {
    **_each("CT DC DE GA MA MD ME NC NH NJ NY OH PA RI SC VA VT WV", _EASTERN),
    **_each("AL AR IA IL LA MN MO MS OK WI", _CENTRAL),
    **_each("CO MT NM UT WY", _MOUNTAIN),
    **_each("CA NV WA", _PACIFIC),
    "AK": "America/Anchorage",
    "HI": "Pacific/Honolulu",
    "PR": "America/Puerto_Rico",
    "VI": "America/Puerto_Rico",
    "GU": "Pacific/Guam",
    "MP": "Pacific/Guam",
    "AS": "Pacific/Pago_Pago",
}
_APART: Final[_Regions] = {**_each("89825 89883", _MOUNTAIN), **_each("99546 99547", "America/Adak")}
# By state the clocks it has, and its mail regions; a ZIP code of another state is in none of them.
_TWO_CLOCKS: Final[Mapping[str, tuple[tuple[str, str], _Regions]]] = {
    "AZ": ((_ARIZONA, _MOUNTAIN), _each("85 8600 86023 86025 86040 86046 86047 863 864", _ARIZONA)),
    "FL": (
        (_EASTERN, _CENTRAL),
        {**_each("32 33 34 32456 32457", _EASTERN), **_each("324 325", _CENTRAL)},
    ),
    "ID": ((_MOUNTAIN, _PACIFIC), {**_each("83 83549", _MOUNTAIN), **_each("835 838", _PACIFIC)}),
    "IN": (
        (_EASTERN, _CENTRAL),
        {
            **_each("46 47 4790", _EASTERN),
            **_each("463 464 476 477", _CENTRAL),
            **_each("465 475 479", None),
        },
    ),
    "KS": (
        (_CENTRAL, _MOUNTAIN),
        {
            **_each("66 67", _CENTRAL),
            **_each("67733 67735 67741 67758 67761 67762 67836 67857 67878 67879", _MOUNTAIN),
        },
    ),
    "KY": (
        (_EASTERN, _CENTRAL),
        {
            **_each("40 41 42 42701", _EASTERN),
            **_each("420 421 422 423 424", _CENTRAL),
            **_each("401 426 427", None),
        },
    ),
    "MI": (
        (_EASTERN, _CENTRAL),
        {
            **_each("48 49 49829 49855 49931", _EASTERN),
            **_each("49801 49802 49858 49935 49938", _CENTRAL),
            **_each("498 499", None),
        },
    ),
    "ND": (
        (_CENTRAL, _MOUNTAIN),
        {**_each("58 5850 58554 58631 58638", _CENTRAL), "586": _MOUNTAIN, "585": None},
    ),
    "NE": (
        (_CENTRAL, _MOUNTAIN),
        {
            **_each("68 69 69001 6910 69201", _CENTRAL),
            **_each("69153 69162 693", _MOUNTAIN),
            **_each("690 691 692", None),
        },
    ),
    "OR": ((_PACIFIC, _MOUNTAIN), {"97": _PACIFIC, "979": _MOUNTAIN}),
    "SD": (
        (_CENTRAL, _MOUNTAIN),
        {**_each("57 57501 57601", _CENTRAL), "577": _MOUNTAIN, **_each("575 576", None)},
    ),
    "TN": (
        (_CENTRAL, _EASTERN),
        {
            **_each("37 38 37388", _CENTRAL),
            **_each("374 376 377 378 379 37303 37311 37312 37320 37323", _EASTERN),
            "373": None,
        },
    ),
    "TX": (
        (_CENTRAL, _MOUNTAIN),
        {
            **_each("733 75 76 77 78 79 79830 79831 79832 79834 79842 79843 79845 79852 79855", _CENTRAL),
            **_each("799 885 79821 79835 79836 79837 79838 79839 79849 79851 79853", _MOUNTAIN),
            "798": None,
        },
    ),
}


def zone_of(state: str, zip_code: str | None, clock: str | None = None) -> str | None:
    """The IANA zone. `clock`: a word of CLOCKS; it counts before the ZIP code where the state has that clock.

    None where nothing told decides, for a clock this state has not, and for no state at all.
    """
    if state in _ONE_CLOCK:
        zone = _APART.get(zip_code or "") or _ONE_CLOCK[state]
        return zone if clock in (None, _word(zone)) else None
    if state not in _TWO_CLOCKS:
        return None
    clocks, regions = _TWO_CLOCKS[state]
    if clock is not None:
        return CLOCKS[clock] if CLOCKS[clock] in clocks else None
    told = zip_code or ""
    known = max((begin for begin in regions if told.startswith(begin)), key=len, default="")
    return regions.get(known)


def clocks_of(state: str) -> tuple[str, ...]:
    """The clocks of a state or territory; none for what is neither."""
    if state in _TWO_CLOCKS:
        return _TWO_CLOCKS[state][0]
    one = _ONE_CLOCK.get(state)
    return (one,) if one else ()


def on_a_clock_of(moment: datetime, state: str, zip_code: str | None) -> bool:
    """Whether the clock of a town there can show this; True for what is no state. `moment`: with its zone."""
    told = zone_of(state, zip_code)
    clocks = [told] if told is not None else [*clocks_of(state)]
    if not zip_code and state in ("AK", "NV"):
        clocks += [zone for zone in _APART.values() if zone]
    shown = {moment.replace(tzinfo=ZoneInfo(zone)).utcoffset() for zone in clocks}
    return not shown or moment.utcoffset() in shown


def _word(zone: str | None) -> str | None:
    return next((word for word, named in CLOCKS.items() if named == zone), None)
