"""What would change a no: the smallest sets of facts that, changed together, leave nothing refused.

Sound: any values that meet the cells of a set leave no requirement not met, everything else as it is.
Minimal: no smaller set does. Complete: every set of that size is found, up to `MOST` of them; a no so tangled
that the search takes too long tells none.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from reunify.rates.fields import Dictionary
from reunify.rules.answers import Change, Outcome, RequirementResult, TableResult
from reunify.rules.cells import Cell
from reunify.rules.cut_points import Stretch, alike
from reunify.rules.judging import Decisions, Facts, judge, judge_table, outcome_of
from reunify.rules.kleene import NO, Truth
from reunify.rules.model import Requirement, Rulebook
from reunify.rules.wanted import Sayable, sayable, wanted

MOST = 32
_STEPS = 400  # sets looked at in one part
_TRIES = 5_000  # combinations of values tried in all

_Kind = tuple[Stretch, ...]  # values no cell of the book tells apart


def what_would_change(
    book: Rulebook, facts: Facts, dictionary: Dictionary, decisions: Decisions | None = None
) -> tuple[Change, ...]:
    """Nothing when nothing is refused, and nothing where a person said no outright."""
    decided = decisions or {}
    results = [judge(r, facts, dictionary, decided) for r in book.requirements]
    tables = [judge_table(t, facts, dictionary, decided) for t in book.tables]
    return changes_of(book, results, tables, facts, dictionary, decided)


def changes_of(
    book: Rulebook,
    results: Sequence[RequirementResult],
    tables: Sequence[TableResult],
    facts: Facts,
    dictionary: Dictionary,
    decisions: Decisions,
) -> tuple[Change, ...]:
    """As `what_would_change`, of what is judged already."""
    refused = [r.requirement for r in results if r.outcome is Outcome.NOT_MET]
    said_no = any(t.outcome is Outcome.NOT_MET for t in tables) or any(not r.groups for r in refused)
    if not refused or said_no:
        return ()
    search = _Search(book, facts, dictionary, decisions)
    per_part: list[list[dict[str, str]]] = []
    try:
        for part in search.parts(refused):
            per_part.append(search.smallest(part))
    except _SearchTooLong:
        return ()
    chosen = []
    for sets in product(*per_part):
        chosen.append(_change({name: cell for one in sets for name, cell in one.items()}, dictionary))
        if len(chosen) == MOST:
            break
    return tuple(chosen)


def _change(cells: dict[str, str], dictionary: Dictionary) -> Change:
    fields = [dictionary[name] for name in cells]
    family = all(f.family_can_fix != "no" for f in fields)
    return Change(tuple(cells.items()), family)


@dataclass(frozen=True, slots=True)
class _Spoken:
    """One fact as the book speaks of it: in which requirements, by which cells, and the kinds of value they
    tell apart, by the answers of the cells."""

    rules: tuple[Requirement, ...]
    cells: tuple[Cell, ...]
    kinds: dict[tuple[Truth, ...], _Kind]
    sayable: Sayable


@lru_cache(maxsize=256)
def _spoken(book: Rulebook, dictionary: Dictionary) -> dict[str, _Spoken]:
    """Every fact of the requirements, once for each book."""
    rules: dict[str, dict[str, Requirement]] = {}
    cells: dict[str, list[Cell]] = {}
    for rule in book.requirements:
        for cell in (c for group in rule.groups for c in group):
            rules.setdefault(cell.field, {})[rule.id] = rule
            cells.setdefault(cell.field, []).append(cell)
    return {
        name: _Spoken(
            tuple(rules[name].values()),
            tuple(listed),
            alike(dictionary[name], listed),
            sayable(dictionary[name], listed),
        )
        for name, listed in cells.items()
    }


class _SearchTooLong(Exception):
    pass


class _Search:
    def __init__(self, book: Rulebook, facts: Facts, dictionary: Dictionary, decisions: Decisions) -> None:
        self._now, self._dictionary, self._decisions = facts, dictionary, decisions
        self._facts = dict(facts)
        self._spoken = _spoken(book, dictionary)
        self._open: dict[str, tuple[_Kind, ...]] = {}  # by fact: what it may become
        self._box: dict[str, list[_Kind]] | None = None
        self._tries = 0

    def parts(self, refused: list[Requirement]) -> list[list[Requirement]]:
        """The refused requirements that share facts, directly or through others, together."""
        if len(refused) == 1:
            return [refused]
        left = {rule.id: rule for rule in refused}
        found = []
        while left:
            _, first = left.popitem()
            reached, edge = {first.id: first}, [first]
            while edge:
                for name in edge.pop().fields:
                    new = [r for r in self._spoken[name].rules if r.id not in reached]
                    reached.update((r.id, r) for r in new)
                    edge += new
            found.append([r for r in refused if r.id in reached])
            left = {i: r for i, r in left.items() if i not in reached}
        return sorted(found, key=lambda part: refused.index(part[0]))

    def smallest(self, refused: list[Requirement]) -> list[dict[str, str]]:
        """Every smallest set that mends one part, as fact -> cell. Sets grow only where they must."""
        waiting: list[tuple[int, int, tuple[str, ...]]] = [(0, 0, ())]
        seen = {frozenset[str]()}
        found: list[dict[str, str]] = []
        size, steps = None, 0
        while waiting and len(found) < MOST:
            length, _, chosen = heapq.heappop(waiting)
            if size is not None and length > size:
                break
            steps += 1
            if steps > _STEPS:
                raise _SearchTooLong
            further = self._further(chosen, refused)
            if further is None:
                found.append(self._cells_of(chosen))
                size = length
                continue
            for more in further:
                together = frozenset(chosen) | more
                if together not in seen and more:
                    seen.add(together)
                    named = (*chosen, *sorted(more))
                    heapq.heappush(waiting, (len(named), len(seen), named))
        return found

    def _further(self, chosen: tuple[str, ...], refused: list[Requirement]) -> list[frozenset[str]] | None:
        """None when these facts are enough. Otherwise what any larger set that is enough must also hold."""
        apart = next((r for r in refused if not set(r.fields).intersection(chosen)), None)
        if apart is not None:
            return self._mending(apart, chosen)
        self._box = self._witness(chosen)
        if self._box is not None:
            return None
        touching = self._touching(chosen)
        for rule in touching:
            own = tuple(n for n in chosen if n in rule.fields)
            if not any(self._holds([rule], own, kinds) for kinds in self._all(own)):
                return self._mending(rule, chosen)
        return self._singly((n for rule in touching for n in rule.fields), chosen)

    def _mending(self, rule: Requirement, chosen: tuple[str, ...]) -> list[frozenset[str]]:
        """A group holds only when each of its failing cells is changed; a denial ends with any one."""
        if rule.form != "deny_if":
            wanting = [
                frozenset(
                    c.field for c in group if c.field not in chosen and c.holds(self._now.get(c.field)) is NO
                )
                for group in rule.groups
            ]
            if all(wanting):
                return [w for w in wanting if all(self._kinds(n) for n in w)]
        return self._singly(rule.fields, chosen)

    def _singly(self, names: Iterable[str], chosen: tuple[str, ...]) -> list[frozenset[str]]:
        return [frozenset((n,)) for n in dict.fromkeys(names) if n not in chosen and self._kinds(n)]

    def _kinds(self, name: str) -> tuple[_Kind, ...]:
        """What the fact may become: every kind of value but that of now."""
        if name not in self._open:
            fact, value = self._spoken[name], self._now.get(name)
            now: tuple[Truth, ...] = tuple([cell.holds(value) for cell in fact.cells])
            self._open[name] = tuple([kind for truths, kind in fact.kinds.items() if truths != now])
        return self._open[name]

    def _touching(self, chosen: tuple[str, ...]) -> list[Requirement]:
        return list({rule.id: rule for name in chosen for rule in self._spoken[name].rules}.values())

    def _all(self, names: tuple[str, ...]) -> Iterator[tuple[_Kind, ...]]:
        return product(*(self._kinds(name) for name in names))

    def _holds(self, rules: Iterable[Requirement], names: tuple[str, ...], kinds: Sequence[_Kind]) -> bool:
        """Nothing of these requirements is refused with these kinds of value, everything else as it is."""
        self._tries += 1
        if self._tries > _TRIES:
            raise _SearchTooLong
        for name, kind in zip(names, kinds, strict=True):
            self._facts[name] = kind[0].low
        try:
            return not any(
                outcome_of(rule, self._facts, self._dictionary, self._decisions) is Outcome.NOT_MET
                for rule in rules
            )
        finally:
            for name in names:
                self._facts[name] = self._now.get(name)

    def _witness(self, chosen: tuple[str, ...]) -> dict[str, list[_Kind]] | None:
        """Kinds of value that together leave nothing refused, widened as far as all of them may go."""
        kinds = self._tried(chosen, ())
        if kinds is None:
            return None
        box = {name: [kind] for name, kind in zip(chosen, kinds, strict=True)}
        for name in chosen:
            for kind in self._kinds(name):
                others = [[kind] if n == name else box[n] for n in chosen]
                if kind not in box[name] and all(
                    self._holds(self._spoken[name].rules, chosen, one) for one in product(*others)
                ):
                    box[name].append(kind)
        return box

    def _tried(self, chosen: tuple[str, ...], kinds: tuple[_Kind, ...]) -> tuple[_Kind, ...] | None:
        """A requirement is looked at once all its chosen facts have a value."""
        place = len(kinds)
        if place == len(chosen):
            return kinds
        later = set(chosen[place + 1 :])
        ready = [r for r in self._spoken[chosen[place]].rules if not later.intersection(r.fields)]
        for kind in self._kinds(chosen[place]):
            if self._holds(ready, chosen[: place + 1], (*kinds, kind)):
                found = self._tried(chosen, (*kinds, kind))
                if found is not None:
                    return found
        return None

    def _cells_of(self, chosen: tuple[str, ...]) -> dict[str, str]:
        found = {}
        for name in chosen:
            parts = [part for kind in (self._box or {})[name] for part in kind]
            found[name] = wanted(self._spoken[name].sayable, parts, self._now.get(name))
        return found
