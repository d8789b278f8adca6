"""A book's requirements as bits of whole numbers, so that a search judges all of them by one addition.

Each group of cells is a bit, set where the group is broken: one of its cells is no, or of a denial, not yes.
Above the bits of a requirement stands its guard, always clear. A requirement that is no has all its groups
broken, so that one added to its lowest bit carries into the guard. A denial is no as soon as one group is
not broken: each of its groups has a guard of its own, and its bit is turned round before the addition.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial, reduce
from operator import or_
from typing import Any, NamedTuple

from reunify.rates.fields import Dictionary, FactValue
from reunify.rules.cells import Cell
from reunify.rules.cut_points import Stretch, alike, number
from reunify.rules.kleene import NO, YES, Truth
from reunify.rules.model import Requirement, Rulebook
from reunify.rules.wanted import Said, Sayable, sayable, wanted

Kind = tuple[
    int, int
]  # values no cell of the book tells apart: its bit among the fact's kinds, what it breaks


class Standing(NamedTuple):
    """What a fact is: the groups it breaks, and every other kind of value it may become."""

    broken: int
    others: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class RuleBits:
    """One requirement. `facts`: places in `BookBits.facts`, in its own order; `touched`: the same as bits.

    `groups`: of each its bit and its facts, sorted. `part`: the same number for all requirements that share
    facts, directly or through others.
    """

    rule: Requirement
    facts: tuple[int, ...]
    touched: int
    groups: tuple[tuple[int, tuple[int, ...]], ...]
    guards: int
    part: int


@dataclass(frozen=True, slots=True)
class FactBits:
    """One fact as the book speaks of it. `rules` and `guards`: the requirements that do; `near`: the other
    facts those read. `tangled`: the guards of those where what one fact must be hangs on another, as in any
    of several groups, or a denial; one group needs each of its cells, whatever the others say. `lows`: a
    value of each kind. `said`: kinds of these bits as a cell."""

    name: str
    rules: tuple[int, ...]
    guards: int
    tangled: int
    near: tuple[int, ...]
    lows: tuple[FactValue, ...]
    family: bool  # it is one the family can mend
    unknown: Standing
    by_value: dict[FactValue, Standing]
    starts: tuple[Any, ...]  # of an ordered fact, the low end of every stretch
    end: Any
    by_start: tuple[Standing, ...]
    foreign: Callable[[FactValue], Standing]
    said: Callable[[int], Said]

    def standing(self, value: FactValue) -> Standing:
        if value is None:
            return self.unknown
        if not self.starts:
            return self.by_value.get(value) or self.foreign(value)
        if self.starts[0] <= value <= self.end:
            return self.by_start[bisect_right(self.starts, value) - 1]
        return self.foreign(value)


@dataclass(frozen=True, slots=True)
class BookBits:
    """`rules`: in the order of the book; None for one without cells, which only a person answers. `facts`: by
    name. `sure`: the guards of those that refuse whenever they are no."""

    rules: tuple[RuleBits | None, ...]
    facts: tuple[FactBits, ...]
    turned: int
    ones: int
    sure: int

    def guards(self, ids: Collection[str]) -> int:
        return _or(rule.guards for rule in self.rules if rule is not None and rule.rule.id in ids)


@lru_cache(maxsize=256)
def book_bits(book: Rulebook, dictionary: Dictionary) -> BookBits:
    """Once for each book."""
    return _Writer(book, dictionary).book()


class _Writer:
    def __init__(self, book: Rulebook, dictionary: Dictionary) -> None:
        self._dictionary = dictionary
        self._requirements = book.requirements
        self._names = sorted({name for r in book.requirements for name in r.fields})
        self._place = {name: place for place, name in enumerate(self._names)}
        self._cells: dict[str, list[tuple[Cell, int, bool]]] = {name: [] for name in self._names}
        self._turned = self._ones = self._sure = 0
        self._next = 1

    def book(self) -> BookBits:
        parts = self._parts()
        rules = tuple([self._rule(r, parts) if r.groups else None for r in self._requirements])
        facts = tuple([self._fact(name, rules) for name in self._names])
        return BookBits(rules, facts, self._turned, self._ones, self._sure)

    def _rule(self, rule: Requirement, parts: dict[str, int]) -> RuleBits:
        denies, groups, guards, lowest = rule.form == "deny_if", [], 0, self._next
        for cells in rule.groups:
            groups.append((self._next, tuple(sorted({self._place[c.field] for c in cells}))))
            for cell in cells:
                self._cells[cell.field].append((cell, self._next, denies))
            if denies:
                self._turned |= self._next
                self._ones |= self._next
                guards |= self._next << 1
                self._next <<= 1
            self._next <<= 1
        if not denies:
            self._ones |= lowest
            guards = self._next
            self._next <<= 1
        if rule.form == "decide_by" or rule.confidence == "HIGH":
            self._sure |= guards
        facts = tuple([self._place[name] for name in rule.fields])
        return RuleBits(rule, facts, _bits(facts), tuple(groups), guards, parts[rule.fields[0]])

    def _parts(self) -> dict[str, int]:
        """By fact the number of its part."""
        part: dict[str, int] = {name: n for n, name in enumerate(self._names)}
        for rule in self._requirements:
            joined = {part[name] for name in rule.fields}
            part.update((name, min(joined)) for name, n in part.items() if n in joined)
        return part

    def _fact(self, name: str, rules: Sequence[RuleBits | None]) -> FactBits:
        field, place = self._dictionary[name], self._place[name]
        own = [(n, rule) for n, rule in enumerate(rules) if rule is not None and place in rule.facts]
        cells = [cell for cell, _, _ in self._cells[name]]
        kinds = alike(field, cells)
        broken = {truths: self._broken(name, truths) for truths in kinds}
        every = [(truths, (1 << n, breaks)) for n, (truths, breaks) in enumerate(broken.items())]

        def standing(truths: tuple[Truth, ...]) -> Standing:
            others = tuple([kind for of_kind, kind in every if of_kind != truths])
            known = broken.get(truths)
            return Standing(self._broken(name, truths) if known is None else known, others)

        def foreign(value: FactValue) -> Standing:
            return standing(tuple([cell.holds(value) for cell in cells]))

        by_kind = [(standing(truths), listed) for truths, listed in kinds.items()]
        standings = [(part, one) for one, listed in by_kind for part in listed]
        ordered = field.type not in ("choice", "yes_no")
        if ordered:
            standings.sort(key=lambda one: number(one[0].low))
        said = partial(_said, sayable(field, cells), list(kinds.values()))
        return FactBits(
            name=name,
            rules=tuple([n for n, _ in own]),
            guards=_or(rule.guards for _, rule in own),
            tangled=_or(
                rule.guards for _, rule in own if len(rule.groups) > 1 or rule.rule.form == "deny_if"
            ),
            near=tuple(dict.fromkeys(n for _, rule in own for n in rule.facts if n != place)),
            lows=tuple([listed[0].low for listed in kinds.values()]),
            family=field.family_can_fix != "no",
            unknown=foreign(None),
            by_value={} if ordered else {part.low: one for part, one in standings},
            starts=tuple([part.low for part, _ in standings]) if ordered else (),
            end=standings[-1][0].high,
            by_start=tuple([one for _, one in standings]),
            foreign=foreign,
            said=lru_cache(maxsize=64)(said),
        )

    def _broken(self, name: str, truths: Sequence[Truth]) -> int:
        broken = 0
        for (_, bit, denies), truth in zip(self._cells[name], truths, strict=True):
            if truth is NO or (denies and truth is not YES):
                broken |= bit
        return broken


def _said(fact: Sayable, kinds: Sequence[tuple[Stretch, ...]], chosen: int) -> Said:
    return wanted(fact, [part for n, kind in enumerate(kinds) if chosen >> n & 1 for part in kind])


def _or(numbers: Iterator[int]) -> int:
    return reduce(or_, numbers, 0)


def _bits(places: Sequence[int]) -> int:
    return _or(1 << place for place in places)
