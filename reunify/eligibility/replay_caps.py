"""How much of one answer's lines its source's caps leave, as a split of that request alone would. Pure.

What a split would count and a replay cannot is named, never left out in silence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import highspy

from reunify.eligibility.lines import LineFacts

Cap = tuple[str, str | None, int]  # scope, cost category or all of them, at most
EARLIER_TRIPS: Final = "earlier_trips"
LEFT_OUT_WORDS: Final = {
    "traveler": "a cap for each traveler over costs that do not say whose they are",
    "leg": "a cap for each leg over costs that do not say which leg they are of",
    "lifetime_uses": "how often the source may help one child, where earlier trips could not be counted",
    EARLIER_TRIPS: "what the child's other trips already used of a cap for one child or family",
}


@dataclass(frozen=True, slots=True)
class Counted:
    """`amount` in cents or units. `left_out`: by the names of LEFT_OUT_WORDS, so that less may be payable."""

    amount: int
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    """No more than `most` over these lines together."""

    places: tuple[int, ...]
    most: int


def count_up(
    payable: Mapping[str, int],
    caps: Sequence[Cap],
    lines: Sequence[LineFacts],
    *,
    travelers: int | None,
    earlier: int | None,
) -> Counted:
    """The most of `payable` (ceilings by line) that every cap allows together.

    `travelers`: how many there are; `earlier`: other trips of this child the source paid before.
    """
    mine = [line for line in lines if payable.get(line.key, 0) > 0]
    rows: list[_Row] = []
    left_out: set[str] = set()
    for scope, category, at_most in caps:
        places = [i for i, line in enumerate(mine) if category in (None, line.category)]
        if not places:
            continue
        if scope == "lifetime_uses":
            if earlier is None:
                left_out.add(scope)
            elif earlier >= at_most:
                rows.append(_Row(tuple(places), 0))
        elif scope in ("traveler", "leg"):
            count = travelers if scope == "traveler" else None
            rows += _each(scope, places, mine, at_most, count)
            if count is None and any(_whose(scope, mine[i]) is None for i in places):
                left_out.add(scope)
        else:
            rows.append(_Row(tuple(places), at_most))
            if scope in ("family", "child") and earlier != 0:
                left_out.add(EARLIER_TRIPS)
    amount = _most([payable[line.key] for line in mine], rows)
    return Counted(amount, tuple(sorted(left_out)))


def _each(
    scope: str, places: Sequence[int], lines: Sequence[LineFacts], at_most: int, count: int | None
) -> list[_Row]:
    """Each by its own lines, and all lines together by how many there are."""
    by_one: dict[str, list[int]] = {}
    for i in places:
        whose = _whose(scope, lines[i])
        if whose is not None:
            by_one.setdefault(whose, []).append(i)
    each = [_Row(tuple(own), at_most) for _, own in sorted(by_one.items())]
    return each if count is None else [*each, _Row(tuple(places), at_most * count)]


def _whose(scope: str, line: LineFacts) -> str | None:
    return line.traveler if scope == "traveler" else line.leg


def _most(amounts: Sequence[int], rows: Sequence[_Row]) -> int:
    """Rows that lie inside one another are counted from the inside out; where they cross, they are solved."""
    tight = [row for row in rows if sum(amounts[i] for i in row.places) > row.most]
    if not tight:
        return sum(amounts)
    if any(_cross(set(a.places), set(b.places)) for a in tight for b in tight):
        return _solved(amounts, tight)
    left = list(amounts)
    for row in sorted(tight, key=lambda r: len(r.places)):
        over = sum(left[i] for i in row.places) - row.most
        for i in row.places:
            taken = min(max(over, 0), left[i])
            left[i] -= taken
            over -= taken
    return sum(left)


def _cross(a: set[int], b: set[int]) -> bool:
    return a & b not in (set(), a, b)


def _solved(amounts: Sequence[int], rows: Sequence[_Row]) -> int:
    solver = highspy.Highs()  # type: ignore[no-untyped-call]  # the wheel has no types
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("mip_rel_gap", 0.0)
    solver.setOptionValue("mip_abs_gap", 0.5)
    for column, amount in enumerate(amounts):
        solver.addVar(0.0, float(amount))
        solver.changeColIntegrality(column, highspy.HighsVarType.kInteger)
        solver.changeColCost(column, 1.0)
    for row in rows:
        solver.addRow(0.0, float(row.most), len(row.places), list(row.places), [1.0] * len(row.places))
    solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
    solver.run()
    return sum(round(value) for value in list(solver.getSolution().col_value)[: len(amounts)])


def left_out_words(listed: Sequence[Sequence[object]]) -> list[str]:
    """For the page and the command line: `[name, how many answers]` in plain sentences."""
    return [
        f"In {count} {'answer' if count == 1 else 'answers'}: {LEFT_OUT_WORDS.get(str(name), str(name))}."
        for name, count in listed
    ]
