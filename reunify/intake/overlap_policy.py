"""Where a child, a traveler or a night of a request is, to be found again in another request. Pure.

A trip for the same child within NEAR of this one is an overlap however its times lie: both custody sides file
for one seat with days of their own. Any other traveler overlaps only where two things want them at one time.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from reunify.intake.form import Category, Traveler, TravelerRole, TravelRequest
from reunify.intake.intervals import Span, hull
from reunify.kernel.refusals import BadInput, Problem

NEAR = timedelta(days=14)
SHORTEST_REASON = 10
_EVENING, _MORNING = time(18), time(6)  # of a night, on the clock of the place


class Item(StrEnum):
    CHILD = "child"  # the whole trip of the child it is for
    LEG = "leg"
    NIGHT = "night"


class OverlapsAnother(BadInput):
    """The same child, traveler or night stands in another request; whoever goes on says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__([Problem("/overlap_reason", sentence)])
        self.args = (sentence,)


@dataclass(frozen=True, slots=True)
class Place:
    """One item of a request. `person`: what names them (never kept, only its blind index).

    `number`: the traveler's place in the list, 0 for the child itself; `item_number`: the leg's or line's.
    """

    person: tuple[str, ...]
    role: str
    number: int
    item: Item
    item_number: int
    span: Span


@dataclass(frozen=True, slots=True)
class Found:
    """One overlap, in codes. `theirs_visible`: the reader may open the other case whole."""

    reference: str
    theirs_visible: bool
    to_call: str
    role: str
    number: int
    item: Item
    item_number: int
    their_item: Item
    span: Span


def places(request: TravelRequest) -> list[Place]:
    """Every item that can stand in another request too; none where no time can be read."""
    child, case = request.case.child, request.case.number
    found = [p for n, t in enumerate(request.travelers, start=1) for p in _of_traveler(request, n, t)]
    trip = hull(p.span for p in found)
    if trip is not None:
        # By the case too: of two sides one may not know the birth date, or write another.
        named = dict.fromkeys([_named(child.name, child.birth_date, (case,)), (_plain(child.name), case)])
        found[:0] = [Place(one, "child", 0, Item.CHILD, 0, trip) for one in named]
    return found


def _of_traveler(request: TravelRequest, number: int, traveler: Traveler) -> Iterator[Place]:
    child = request.case.child
    birth = traveler.birth_date
    if traveler.role is TravelerRole.CHILD and _plain(traveler.name) == _plain(child.name):
        birth = birth or child.birth_date
    # Who has no birth date told is the same only beside the same child: a name alone is many people's.
    beside = (_plain(child.name), child.birth_date.isoformat() if child.birth_date else "")
    person = _named(traveler.name, birth, beside)
    role = traveler.role.value
    for n, leg in enumerate(request.legs, start=1):
        if traveler.key in leg.travelers:
            starts = _at(leg.departs, leg.departs_zone)
            ends = _at(leg.arrives, leg.arrives_zone)
            if starts < ends:
                yield Place(person, role, number, Item.LEG, n, Span(starts, ends))
    for n, line in enumerate(request.cost_lines, start=1):
        if line.category is Category.LODGING and line.night and line.traveler in (None, traveler.key):
            zone = _zone_on(request, traveler.key, line.night)
            yield Place(person, role, number, Item.NIGHT, n, night(line.night, zone))


def night(first: date, zone: str) -> Span:
    """From evening to morning on that place's clock, in UTC."""
    starts = _at(datetime.combine(first, _EVENING), zone)
    return Span(starts, _at(datetime.combine(first + timedelta(days=1), _MORNING), zone))


def _zone_on(request: TravelRequest, traveler: str, day: date) -> str:
    """The clock of where the traveler last arrived by then; before the first leg, of where it begins."""
    own = sorted((leg for leg in request.legs if traveler in leg.travelers), key=lambda leg: leg.departs)
    own = own or sorted(request.legs, key=lambda leg: leg.departs)
    zone = own[0].departs_zone
    for leg in own:
        if leg.arrives.date() <= day:
            zone = leg.arrives_zone
    return zone


def _named(name: str, birth: date | None, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    return (_plain(name), birth.isoformat()) if birth is not None else (_plain(name), *otherwise)


def _plain(name: str) -> str:
    """Without accents, case and what stands between words: "José Peña-Ruiz" is "jose pena ruiz"."""
    bare = (s for s in unicodedata.normalize("NFKD", name) if not unicodedata.combining(s))
    return " ".join("".join(s if s.isalnum() else " " for s in bare).casefold().split())


def _at(local: datetime, zone: str) -> datetime:
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def check_reason(reason: str) -> str:
    """The reason without blanks around it; empty if none is given. Raises OverlapsAnother."""
    said = reason.strip()
    if said and len(said) < SHORTEST_REASON:
        raise OverlapsAnother("Say in a sentence why the request goes on; whoever approves it reads it.")
    return said


def in_words(found: Sequence[Found], zone: ZoneInfo) -> list[str]:
    """One sentence for each: who, which item, when. Of a case the reader may not open, its reference and whom
    to call; no name of a family in any of them."""
    said = []
    for one in found:
        if not one.theirs_visible:
            said.append(
                f"Request {one.reference} of another team overlaps with this one: call {one.to_call}."
            )
            continue
        who = "The child" if one.number == 0 else f"Traveler {one.number} ({one.role})"
        if one.item is Item.CHILD:
            said.append(f"{who} has a trip in request {one.reference} too, {_when(one.span, zone)}.")
        else:
            what = "leg" if one.item is Item.LEG else "night"
            said.append(
                f"{who}, {what} {one.item_number if one.item is Item.LEG else f'of line {one.item_number}'}: "
                f"a {one.their_item.value} of request {one.reference} wants the same person "
                f"{_when(one.span, zone)}."
            )
    return list(dict.fromkeys(said))


def _when(span: Span, zone: ZoneInfo) -> str:
    starts, ends = span.starts.astimezone(zone), span.ends.astimezone(zone)
    return f"{starts:%Y-%m-%d %H:%M} to {ends:%Y-%m-%d %H:%M} ({starts:%Z})"
