"""A small trip for tests of costs: one child, one mother, a flight there and a flight home."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from reunify.eligibility.costs import LineFacts, LineTest, line_facts, try_line
from reunify.intake.form import TravelRequest
from reunify.rates.published import published
from reunify.rules.library import shipped
from reunify.rules.model import Decision, Rulebook

Draft = dict[str, Any]
ATLANTA = {"city": "Atlanta", "state": "GA", "county": "Fulton"}
EL_PASO = {"city": "El Paso", "state": "TX", "county": "El Paso"}
JOPLIN = {"city": "Joplin", "state": "MO", "county": "Jasper"}
PARIS = {"city": "Paris", "country": "FR"}
TORONTO = {"city": "Toronto", "country": "CA"}
_TRIP: Draft = {
    "asked_by": {"kind": "family", "name": "Sample Asker"},
    "case": {
        "number": "SAMPLE-1",
        "case_type": "endangered_runaway",
        "child": {"name": "Sample Child", "age_when_missing": 9, "age_now": 9},
    },
    "travelers": [
        {"key": "mother", "name": "Sample Mother", "role": "parent"},
        {"key": "child", "name": "Sample Child", "role": "child"},
    ],
    "purpose": "bring_child_home",
    "legs": [],
    "payees": [{"key": "vendor", "kind": "vendor", "name": "Sample Vendor"}],
    "cost_lines": [],
}


_ZONES = {"El Paso": "America/Denver", "Atlanta": "America/New_York"}


def leg(key: str, day: str, travelers: list[str], **more: Any) -> Draft:
    """A flight at noon from El Paso to Atlanta, unless told otherwise."""
    ends = {"origin": EL_PASO, "destination": ATLANTA} | more
    return {
        "key": key,
        "travelers": travelers,
        "mode": "air",
        "departs": f"{day}T12:00",
        "departs_zone": _ZONES.get(ends["origin"]["city"], "America/Denver"),
        "arrives": f"{day}T17:00",
        "arrives_zone": _ZONES.get(ends["destination"]["city"], "America/New_York"),
        **ends,
    }


def cost(category: str, quote: int, **more: Any) -> Draft:
    """`quote` in cents, which is the ceiling too, unless told otherwise."""
    return {
        "key": category.replace("_", "-"),
        "category": category,
        "what": "sample",
        "settled": "vendor_billed",
        "payee": "vendor",
        "quote_cents": quote,
        "ceiling_cents": quote,
        **more,
    }


def trip(*lines: Draft, legs: list[Draft] | None = None, **more: Any) -> TravelRequest:
    draft = copy.deepcopy(_TRIP)
    draft["legs"] = legs or [
        leg("out", "2026-11-05", ["mother"]),
        leg("home", "2026-11-07", ["mother", "child"], origin=ATLANTA, destination=EL_PASO),
    ]
    draft["cost_lines"] = list(lines)
    return TravelRequest.model_validate(draft | more)


def facts_of_lines(request: TravelRequest) -> tuple[LineFacts, ...]:
    return line_facts(request, published=published())


def book(source: str = "domestic_reunification", **changed: Any) -> Rulebook:
    return replace(shipped().versions[source][-1], **changed)


def decided(request: TravelRequest, word: str, number: int = 0, **changed: Any) -> LineTest:
    """The line once a person has said met or not_met to all that waits for one."""
    said = Decision(word, date(2026, 11, 1))
    waiting = tried(request, number, **changed).decides
    return tried(request, number, decisions=dict.fromkeys(waiting, said), **changed)


def waiting_rules(found: LineTest) -> list[str]:
    """The rules a person is asked about."""
    return [name.split(":")[2] for name in found.decides]


def tried(
    request: TravelRequest,
    number: int = 0,
    *,
    decisions: Mapping[str, Decision] | None = None,
    **changed: Any,
) -> LineTest:
    """One line by the domestic fund, or by a fund like it but for what is changed."""
    return try_line(facts_of_lines(request)[number], book(**changed), decisions or {})
