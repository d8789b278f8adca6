"""Scarce money: how much of a source is released by a day, and who of those that wait comes first. Pure.

A paced source is released in equal parts over its period of performance; what one part leaves unused
carries over. Pacing never costs a family its flight: a trip that begins before the next part could pay for it
draws on later ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from reunify.funds.policy import FundKind
from reunify.funds.queries import Fund
from reunify.funds.terms import Release, Terms
from reunify.kernel.ids import FundId

LEAD = timedelta(days=7)  # from the day a part begins: two people agree, and a seat is bought


@dataclass(frozen=True, slots=True)
class Pace:
    """On one day: so many of the parts have begun, and the next begins `next_on`; None: all have."""

    begun: int
    tranches: int
    next_on: date | None

    def released(self, authorized: int) -> int:
        """Of an authorised amount, in whole cents or units: what is begun of one comes when it is whole."""
        return authorized * self.begun // self.tranches

    def may_take(self, authorized: int, committed: int) -> int:
        """What a split may take now. `committed`: reserved, obligated and expended."""
        return max(0, self.released(authorized) - committed)


@dataclass(frozen=True, slots=True)
class Turn:
    """One that wants scarce money. `points`: of need, more first; None: not known. `arrived`: when it came.
    `next_on`: when the next part of what it wants begins."""

    id: UUID
    departs_on: date | None
    points: int | None
    arrived: datetime
    next_on: date | None = None


def begins(start: date, end: date, tranches: int) -> tuple[date, ...]:
    """The day each part begins: the days of the period, both ends counted, divided evenly, rounded down."""
    days = (end - start).days + 1
    return tuple(start + timedelta(days=days * k // tranches) for k in range(tranches))


def pace(start: date, end: date, tranches: int, on: date) -> Pace:
    """`on`: the organisation's day; a part begins at its midnight."""
    days = begins(start, end, tranches)
    begun = sum(day <= on for day in days)
    return Pace(begun, tranches, days[begun] if begun < tranches else None)


def paces(held: Iterable[Fund], terms: Mapping[FundId, Terms], on: date) -> dict[FundId, Pace]:
    """Of the sources whose terms release them in parts; what a funder granted to one request is not paced."""
    return {
        f.id: pace(f.period_start, f.period_end, terms[f.id].tranches, on)
        for f in held
        if f.kind is FundKind.HELD
        and f.period_end is not None
        and f.id in terms
        and terms[f.id].release is Release.PACED
    }


def draws_ahead(departs_on: date | None, next_on: date | None, on: date) -> bool:
    """Whether this trip may draw on later parts: it is still to begin, and before a seat could be bought with
    the next one (`LEAD`). `on`: the organisation's day."""
    return departs_on is not None and next_on is not None and on <= departs_on <= next_on + LEAD


def in_turn(turns: Iterable[Turn], on: date) -> list[Turn]:
    """Who leaves before the next part could pay for it, the soonest first; then by need, then by arrival."""

    def place(turn: Turn) -> tuple[bool, date, int, datetime, str]:
        soon = draws_ahead(turn.departs_on, turn.next_on, on)
        first = turn.departs_on if soon and turn.departs_on is not None else date.max
        return not soon, first, -(turn.points or 0), turn.arrived, str(turn.id)

    return sorted(turns, key=place)
