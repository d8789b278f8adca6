"""A decision table applied in three values by its DMN hit policy."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from functools import reduce
from itertools import accumulate
from operator import and_, or_

from reunify.rates.fields import FactValue
from reunify.rules.answers import Outcome, TableResult
from reunify.rules.kleene import NO
from reunify.rules.model import Cap, Table

_Hit = tuple[int, str | None]  # the rows that hit, row i as bit i, and the fault
_Worth = str | tuple[int | None, ...]


def apply(table: Table, facts: Mapping[str, FactValue]) -> TableResult:
    """What the table gives, over everything its unknown facts may still turn out to be.

    Answered when all of that gives the same caps. A gap is a fault under every hit policy, `collect` too: who
    means "no cap" writes a row that gives `-`. Reading bounds what there is to look at (`MOST_WORLDS`).
    """
    standing, open_columns = (1 << len(table.rows)) - 1, []
    for column, name in enumerate(table.fields):
        value = facts.get(name)
        if value is None:
            open_columns.append(column)
            continue
        for cell, rows in table.said[column]:
            if standing & rows and cell.holds(value) is NO:
                standing &= ~rows
    worlds = [standing]  # the rows that hold in each; the last column turns fastest
    for column in open_columns:
        worlds = [mask & left for mask in worlds for left in table.reach[column]]
    hits = {mask: _hit(table, mask) for mask in set(worlds)}
    worths = _worths(table, set(hits.values()))
    sure, maybe = _named(table, {rows for rows, _ in hits.values()})
    if len(set(worths.values())) == 1:
        rows, fault = reduce(_earlier, hits.values())
        caps = () if fault else tuple(cap for i in _places(rows) for cap in table.rows[i].gives)
        outcome = Outcome.NEEDS_STAFF if fault else Outcome.MET
        return TableResult(table, sure, caps, maybe, (), fault, outcome)
    given = [worths[hits[mask]] for mask in worlds]
    sizes = [len(table.reach[column]) for column in open_columns]
    unknown = tuple(table.fields[open_columns[place]] for place in _mattering(given, sizes))
    return TableResult(table, sure, (), maybe, unknown, None, Outcome.UNKNOWN)


def _hit(table: Table, mask: int) -> _Hit:
    """The rows that hit and the fault, when exactly the rows of `mask` hold."""
    if not mask:
        return 0, "gap"
    if table.hit == "first":
        return mask & -mask, None
    return mask, "overlap" if table.hit == "unique" and mask & (mask - 1) else None


def _places(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _earlier(one: _Hit, other: _Hit) -> _Hit:
    """Of two hits the one whose places, from the first on, come first."""
    apart = one[0] ^ other[0]
    if not apart:
        return one
    low = apart & -apart
    has, lacks = (one, other) if one[0] & low else (other, one)
    return has if lacks[0] > low else lacks  # what ends before the other goes on stands first


def _worths(table: Table, hits: set[_Hit]) -> dict[_Hit, _Worth]:
    """What two hits must share to be the same answer: the fault, or the lowest caps."""
    listed: dict[tuple[str, str | None], dict[int, int]] = {}
    for i in _places(reduce(or_, (rows for rows, fault in hits if not fault), 0)):
        for cap in table.rows[i].gives:
            given_by = listed.setdefault((cap.scope, cap.category), {})
            given_by[cap.at_most] = given_by.get(cap.at_most, 0) | 1 << i
    steps = []
    for given_by in listed.values():
        amounts = sorted(given_by)
        steps.append((amounts, list(accumulate((given_by[a] for a in amounts), or_))))
    return {hit: hit[1] or tuple([_least(hit[0], *step) for step in steps]) for hit in hits}


def _least(rows: int, amounts: list[int], givers: list[int]) -> int | None:
    """The lowest amount that one of the rows gives. `givers`: the rows that give at most each amount."""
    place = bisect_left(givers, 1, key=lambda some: 1 if some & rows else 0)
    return amounts[place] if place < len(amounts) else None


def _named(table: Table, hits: set[int]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Row ids that hit whatever the unknown facts are, and those that may."""
    always, ever = reduce(and_, hits), reduce(or_, hits)
    ids = [row.id for row in table.rows]
    return tuple([ids[i] for i in _places(always)]), tuple([ids[i] for i in _places(ever & ~always)])


def _mattering(given: list[_Worth], sizes: list[int]) -> Iterator[int]:
    """The columns that something the other facts may be leaves to decide."""
    span = len(given)
    for place, size in enumerate(sizes):
        step = span // size
        if any(
            given[start : start + step] != given[start + n * step : start + (n + 1) * step]
            for start in range(0, len(given), span)
            for n in range(1, size)
        ):
            yield place
        span = step


def lowest(caps: tuple[Cap, ...]) -> tuple[Cap, ...]:
    """One cap for each scope and category: the lowest, the earlier of equals."""
    least: dict[tuple[str, str | None], Cap] = {}
    for cap in caps:
        key = (cap.scope, cap.category)
        if key not in least or cap.at_most < least[key].at_most:
            least[key] = cap
    return tuple(least.values())
