"""Which unknown facts can still change an answer: only those are asked for. Exact, by completions.

A fact is needed when everything else that is unknown may turn out so that nothing refuses and the answer
still waits for this fact. It is searched part by part: rules that share no unknown fact never meet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reunify.rates.fields import Dictionary, FactValue
from reunify.rules.answers import Outcome, RequirementResult, TableResult
from reunify.rules.cells import Cell
from reunify.rules.cut_points import alike
from reunify.rules.judging import Decisions, Facts, cannot_be_worked_out, judge_table, outcome_of
from reunify.rules.kleene import UNKNOWN, YES, both
from reunify.rules.model import Requirement, Table

_STEPS = 1_000  # of one search; past them the fact is asked for: once too often is the safer error


@dataclass(frozen=True, slots=True)
class _Open:
    """A rule that unknown facts may still turn. `plain`: each of them alone keeps it waiting."""

    rule: Requirement | Table
    unknown: tuple[str, ...]
    plain: bool

    def cells(self, name: str) -> Iterator[Cell]:
        groups = self.rule.groups if isinstance(self.rule, Requirement) else [r.cells for r in self.rule.rows]
        yield from (cell for group in groups for cell in group if cell.field == name)


def needed(
    results: Sequence[RequirementResult],
    tables: Sequence[TableResult],
    facts: Facts,
    dictionary: Dictionary,
    decisions: Decisions,
) -> tuple[str, ...]:
    """The facts, in the order the rules name them.

    Nobody waits with nothing asked: where the requirements contradict each other, all they wait for is named.
    """
    both_kinds: list[RequirementResult | TableResult] = [*results, *tables]
    waiting = [found for found in both_kinds if found.outcome is Outcome.UNKNOWN]
    names = dict.fromkeys(name for found in waiting for name in found.unknown)
    if not names:
        return ()
    rules = [one for r in results if (one := _open_requirement(r)) is not None]
    rules += [_open_table(t, facts) for t in tables if t.outcome is Outcome.UNKNOWN]
    sure: list[str] = []
    hopeless: list[list[str]] = []
    for part in _parts(rules):
        if (len(part) == 1 and part[0].plain) or _agree(part):
            asked = dict.fromkeys(n for one in part for n in one.unknown if n in names)
            sure += [n for n in asked if not cannot_be_worked_out(n, facts, dictionary)]
            continue
        search = _Search(part, facts, dictionary, decisions)
        found = [n for n in search.names if n in names and search.waits_for(n)]
        if search.may_hold():
            sure += found
        else:
            hopeless.append(found)
    if hopeless:  # one such part leaves the rest without effect, and two each other
        sure = hopeless[0] if len(hopeless) == 1 else []
    return tuple([n for n in names if n in sure]) or tuple(names)


def _open_requirement(result: RequirementResult) -> _Open | None:
    if not any(s.truth is UNKNOWN for s in result.seen):
        return None
    truths = iter([s.truth for s in result.seen])
    groups = 0
    cells: dict[str, Cell] = {}
    for group in result.requirement.groups:
        listed = [(cell, next(truths)) for cell in group]
        truth = both(t for _, t in listed)
        if truth is YES:
            return None
        if truth is UNKNOWN:
            groups += 1
            cells.update((cell.field, cell) for cell, t in listed if t is UNKNOWN)
    if not groups:
        return None
    return _Open(result.requirement, tuple(cells), groups == 1 and all(c.decides for c in cells.values()))


def _open_table(result: TableResult, facts: Facts) -> _Open:
    """Alone, a table waits for exactly what `apply` found to be unknown."""
    return _Open(result.table, tuple([n for n in result.table.fields if facts.get(n) is None]), True)


def _parts(rules: list[_Open]) -> list[list[_Open]]:
    """Rules that share an unknown fact, directly or through others, stand together."""
    part_of: dict[str, list[_Open]] = {}
    for rule in rules:
        joined = [rule]
        for part in {id(p): p for n in rule.unknown if (p := part_of.get(n))}.values():
            joined += part
        part_of.update((n, joined) for one in joined for n in one.unknown)
    return list({id(part): part for part in part_of.values()}.values())


def _agree(part: list[_Open]) -> bool:
    """Each fact is spoken of in one way: what suits one rule suits all, and each alone is waited for."""
    ways: dict[str, tuple[str, bool]] = {}
    for one in part:
        rule = one.rule
        if not one.plain or isinstance(rule, Table):
            return False
        denies = rule.form == "deny_if"
        if denies and len(one.unknown) > 1:
            return False
        for cell in [c for group in rule.groups for c in group if c.field in one.unknown]:
            if ways.setdefault(cell.field, (cell.written, denies)) != (cell.written, denies):
                return False
    return True


class _SearchTooLong(Exception):
    pass


class _Search:
    """Everything the unknown facts of one part may turn out to be, tried until a witness is found."""

    def __init__(self, part: list[_Open], facts: Facts, dictionary: Dictionary, decisions: Decisions) -> None:
        self._facts = dict(facts)
        self._dictionary, self._decisions = dictionary, decisions
        self.names = tuple(dict.fromkeys(n for one in part for n in one.unknown))
        self._touching = {n: [one.rule for one in part if n in one.unknown] for n in self.names}
        self._judged: dict[tuple[FactValue, ...], Outcome] = {}  # tables, by id and facts
        self._values: dict[str, list[FactValue]] = {}
        for name in self.names:
            cells = [cell for one in part for cell in one.cells(name)]
            self._values[name] = [parts[0].low for parts in alike(dictionary[name], cells).values()]

    def may_hold(self) -> bool:
        """With everything known, nothing need refuse."""
        return self._witness(self.names, ())

    def waits_for(self, name: str) -> bool:
        """With everything else known and nothing refusing, this fact may still be waited for."""
        rules = self._touching[name]
        near = {n for n in self.names for rule in self._touching[n] if rule in rules} - {name}
        return self._witness(sorted((n for n in self.names if n != name), key=lambda n: n not in near), rules)

    def _witness(self, names: Sequence[str], must_wait: Sequence[Requirement | Table]) -> bool:
        self._steps = 0
        try:
            return self._tried(list(names), must_wait)
        except _SearchTooLong:
            return True
        finally:
            for name in names:
                self._facts[name] = None

    def _tried(self, names: list[str], must_wait: Sequence[Requirement | Table]) -> bool:
        self._steps += 1
        if self._steps > _STEPS:
            raise _SearchTooLong
        if must_wait and not any(self._outcome(rule) is Outcome.UNKNOWN for rule in must_wait):
            return False
        if not names:
            return True
        name, *rest = names
        for value in self._values[name]:
            self._facts[name] = value
            if not self._refuses(name, rest) and self._tried(rest, must_wait):
                return True
        self._facts[name] = None
        return False

    def _refuses(self, name: str, rest: list[str]) -> bool:
        """A no stays a no whatever else becomes known; only a person's no gives way to a fact."""
        for rule in self._touching[name]:
            if isinstance(rule, Table) and rule.id not in self._decisions:
                continue  # only a person refuses by a table
            settled = rule.id not in self._decisions or not any(rule in self._touching[n] for n in rest)
            if settled and self._outcome(rule) is Outcome.NOT_MET:
                return True
        return False

    def _outcome(self, rule: Requirement | Table) -> Outcome:
        if isinstance(rule, Requirement):
            return outcome_of(rule, self._facts, self._dictionary, self._decisions)
        at = (rule.id, *[self._facts.get(name) for name in rule.fields])
        if at not in self._judged:  # the search for each fact comes by the same places again
            found = judge_table(rule, self._facts, self._dictionary, self._decisions)
            self._judged[at] = found.outcome
        return self._judged[at]
