"""A child the home state must return rides no bus or train alone, until a person found no other way.

Interstate Compact for Juveniles, Rule 7-106. It speaks of a juvenile whom the Compact covers: where the file
only does not rule that out, nothing is asked here, as a person says first whether it does.
"""

from __future__ import annotations

from collections.abc import Iterable

from reunify.eligibility.facts import Facts
from reunify.eligibility.lines import LineFacts, staff_check
from reunify.eligibility.ways import FARES, ways_alone
from reunify.intake.form import Mode, TravelRequest
from reunify.rates.fields import Words
from reunify.rates.published import Published

_ON_THE_GROUND = (Mode.BUS, Mode.RAIL)
_CITE = (
    "Interstate Compact for Juveniles, Rule 7-106: no commercial ground transport, unless all other options "
    "were considered or an adult accompanies"
)
_ALONE = Words(
    "Your child would ride this bus or train without an adult; "
    "a person on our team first looks at every other way.",
    "Su hijo o hija iría en este autobús o tren sin una persona adulta; "
    "antes, una persona de nuestro equipo revisa todas las demás maneras.",
)


def with_ground_rule(
    lines: tuple[LineFacts, ...], request: TravelRequest, facts: Facts, published: Published
) -> tuple[LineFacts, ...]:
    """The same lines; each fare of such a ride asks a person."""
    if facts.get("compact_applies") != "shown":
        return lines
    check = staff_check("IC-GROUND", _ALONE, _CITE)
    alone = list(_fares_alone(request, published))
    return tuple(line.checked(check) if line.number in alone else line for line in lines)


def _fares_alone(request: TravelRequest, published: Published) -> Iterable[int]:
    """By their place in the request."""
    ways = [w for w in ways_alone(request, published) if w.is_minor and w.legs[0].mode in _ON_THE_GROUND]
    for number, line in enumerate(request.cost_lines):
        if any(way.is_of(line) and FARES.get(line.category) is way.legs[0].mode for way in ways):
            yield number
