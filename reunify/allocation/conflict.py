"""Why a line is short, found exactly: which limits, wider by one, cover more; or which rules conflict. Pure.

A limit is named alone only if one cent (or unit) more of it alone covers at least one more. Where none does,
the smallest sets of limits that do together are named; where no limits do, the smallest set of rules that
cannot all be kept while more is covered: without any one of them, the others leave room.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

from reunify.allocation.case import CASH, Case, Kind, Rule
from reunify.allocation.model import Model
from reunify.allocation.wider import LARGEST, Question, could_gain, is_enough, sets

ROUNDS = 60  # of the search for a smallest set; after it, one that cannot be made smaller is named


@dataclass(frozen=True, slots=True)
class Conflict:
    """Rules that cannot all be kept. `enough`: leaving out any one of them is enough, whatever else there is;
    else other rules stand in the way as well. `smallest`: no smaller set conflicts."""

    rules: tuple[Rule, ...]
    enough: bool
    smallest: bool = True


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Of one line, `amount` cents or units stay open. `alone`: limits of which one more covers one more.
    `together`: sets of limits that do so only all at once. `conflict`: where no limits do, or where the line
    gets nothing whoever else goes without. All empty: no source may pay this line. `complete`: every set was
    looked for; what is named stands in the way in any case."""

    line: str
    unit: str
    need: int
    amount: int
    alone: tuple[Rule, ...] = ()
    together: tuple[tuple[Rule, ...], ...] = ()
    conflict: Conflict | None = None
    complete: bool = True


def shortfalls(case: Case, amounts: Sequence[int]) -> tuple[Shortfall, ...]:
    """Of every line that is not wholly covered, in order."""
    left = {line: case.needs[line] - sum(amounts[i] for i in places) for line, places in case.by_line.items()}
    if not any(left.values()):
        return ()
    question = Question(case)
    return tuple(_shortfall(question, amounts, line, short) for line, short in left.items() if short > 0)


def nothing(case: Case) -> Conflict | None:
    """Why no line can get anything; None if one can."""
    return _conflict(case, Question(case).anything())


def _shortfall(question: Question, amounts: Sequence[int], line: str, left: int) -> Shortfall:
    case = question.case
    places = case.by_line[line]
    if not places:
        return Shortfall(line, CASH, case.needs[line], left)
    unit = case.pairs[places[0]].unit
    found, complete = _wider(question, amounts, line)
    alone = tuple(rule for rules in found if len(rules) == 1 for rule in rules)
    together = tuple(rules for rules in found if len(rules) > 1)
    conflict = None
    if not any(amounts[i] for i in places):
        conflict = _conflict(case, question.any_of(line))
    if conflict is None and not found:
        conflict = _conflict(case, question.one_more(amounts, line))
    return Shortfall(line, unit, case.needs[line], left, alone, together, conflict, complete)


def _wider(question: Question, amounts: Sequence[int], line: str) -> tuple[list[tuple[Rule, ...]], bool]:
    """The smallest sets of limits that cover more when each is wider by one, smallest first: every set of
    one, then those of two and three that hold none of them. And whether the search came to its end."""
    question.complete = True
    limits = _used_up(question.case, amounts)
    known = sets(question, amounts, line, limits)
    if not question.model.has_choices or not limits or not could_gain(question, amounts, line, limits):
        return known, question.complete
    model = Question(question.case).one_more(amounts, line)
    columns = model.soften(limits)
    model.row(columns, high=LARGEST)
    found = [tuple(limits.index(rule) for rule in rules) for rules in known]
    for (k,) in found:
        model.row([columns[k]], high=0)
    while not is_enough(found) and question.branches > 0:
        chosen = model.chosen(columns, nodes=question.branches)
        question.branches -= 1 + model.branches
        if not chosen:
            break
        found.append(chosen)
        model.row([columns[k] for k in chosen], high=len(chosen) - 1)
    else:
        model.proved = is_enough(found)
    found.sort(key=lambda s: (len(s), s))
    return [tuple(limits[k] for k in chosen) for chosen in found], model.proved


def _used_up(case: Case, amounts: Sequence[int]) -> list[Rule]:
    """Limits, and what a source may pay of a line, that this split takes whole: one more of any other changes
    nothing for it."""
    full = {m.name for m in case.limits if m.pairs and sum(amounts[i] for i in m.pairs) == m.most}
    most = {(p.line, p.fund) for p, u, a in zip(case.pairs, case.uppers, amounts, strict=True) if a == u}
    return [
        rule
        for rule in case.rules
        if (rule.kind is Kind.LIMIT and rule.name in full)
        or (rule.kind is Kind.MOST and (rule.line, rule.fund) in most)
    ]


def _conflict(case: Case, model: Model) -> Conflict | None:
    """The smallest set of rules that cannot all be kept in this model; None if all can."""
    rules = case.rules

    def is_possible(kept: frozenset[int]) -> bool:
        model.switch([rule for k, rule in enumerate(rules) if k not in kept])
        return model.possible()

    every = frozenset(range(len(rules)))
    if is_possible(every) or not is_possible(frozenset()):
        return None
    found, smallest = _smallest(every, is_possible)
    enough = all(is_possible(every - {k}) for k in found)
    return Conflict(
        tuple(rules[k] for k in sorted(found)), enough and model.proved, smallest and model.proved
    )


def _smallest(
    every: frozenset[int], is_possible: Callable[[frozenset[int]], bool]
) -> tuple[frozenset[int], bool]:
    """A smallest set that is not possible. Whatever is possible and as large as can be leaves out a set of
    which each conflict has a member; a smallest set with a member of each is tried, until it conflicts."""
    left_out: list[frozenset[int]] = []
    for _ in range(ROUNDS):
        tried = _with_one_of_each(left_out)
        if not is_possible(tried):
            return tried, True
        kept = tried
        for k in sorted(every - tried):
            if is_possible(kept | {k}):
                kept |= {k}
        left_out.append(every - kept)
    kept = every
    for k in sorted(every):
        if not is_possible(kept - {k}):
            kept -= {k}
    return kept, False


def _with_one_of_each(sets: Sequence[frozenset[int]]) -> frozenset[int]:
    """The first of the smallest."""
    members = sorted(frozenset[int]().union(*sets))
    for size in range(len(members) + 1):
        for chosen in combinations(members, size):
            if all(found.intersection(chosen) for found in sets):
                return frozenset(chosen)
    return frozenset(members)
