"""What a frozen version says of its lines, as far as duplicates are looked for: whose, when, which leg. Pure.

Names become keyed fingerprints here and go no further; so do the days and places a suspicion is told by.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

Fingerprint = Callable[..., str]  # of the parts of what a person is known by


@dataclass(frozen=True, slots=True)
class ToldLine:
    """`number`: its place in the request, from one."""

    number: int
    category: str
    ceiling: int
    whose: frozenset[str] = field(repr=False)
    first: date
    last: date
    leg: tuple[str, str, str] | None = field(repr=False)
    when: str = field(default="", repr=False)  # a keyed fingerprint of its days and its leg


def told_lines(
    content: Mapping[str, Any], *, child: str | None, fingerprint: Fingerprint
) -> dict[str, ToldLine]:
    """By key. `child`: the id of the case's child, as text."""
    people = _people(content, child, fingerprint)
    everybody = frozenset().union(*people.values(), {child} if child else set())
    legs = {leg["key"]: leg for leg in content["legs"]}
    start = min(_day(leg["departs"]) for leg in legs.values())
    end = max(_day(leg["arrives"]) for leg in legs.values())
    found = {}
    for number, line in enumerate(content["cost_lines"], start=1):
        leg = legs.get(line.get("leg") or "")
        first, last = _days(line, leg, start, end)
        of_leg = _leg(leg) if leg is not None else None
        found[line["key"]] = ToldLine(
            number=number,
            category=line["category"],
            ceiling=line["ceiling_cents"],
            whose=people.get(line.get("traveler") or "", everybody),
            first=first,
            last=last,
            leg=of_leg,
            when=fingerprint(first.isoformat(), last.isoformat(), *(of_leg or ())),
        )
    return found


def _people(
    content: Mapping[str, Any], child: str | None, fingerprint: Fingerprint
) -> dict[str, frozenset[str]]:
    """What each traveler is known by: the case's child by its id, the others as persons are found again."""
    case = content["case"]
    found = {}
    for traveler in content["travelers"]:
        if child and traveler["role"] == "child" and traveler["name"] == case["child"]["name"]:
            found[traveler["key"]] = frozenset({child})
            continue
        known = {fingerprint(traveler["name"], case["number"])}
        if traveler.get("birth_date"):
            known.add(fingerprint(traveler["name"], traveler["birth_date"]))
        found[traveler["key"]] = frozenset(known)
    return found


def _days(
    line: Mapping[str, Any], leg: Mapping[str, Any] | None, start: date, end: date
) -> tuple[date, date]:
    """Its night, its days, the day of its leg; else the whole trip."""
    if line.get("night"):
        return _day(line["night"]), _day(line["night"])
    if line.get("first_day"):
        return _day(line["first_day"]), _day(line.get("last_day") or line["first_day"])
    if leg is not None:
        return _day(leg["departs"]), _day(leg["departs"])
    return start, end


def _leg(leg: Mapping[str, Any]) -> tuple[str, str, str]:
    return leg["departs"][:10], _place(leg["origin"]), _place(leg["destination"])


def _place(place: Mapping[str, Any]) -> str:
    parts = (place["city"], place.get("state") or "", place.get("country") or "US")
    return " ".join(" ".join(parts).casefold().split())


def _day(written: str) -> date:
    return date.fromisoformat(written[:10])
