"""Which limits, each wider by one, let one more be covered: the smallest sets of them, found exactly. Pure.

What a linear problem gains by wider limits is at most what its prices say, whichever prices: so each answer
that is not enough rules out all the sets whose prices are too low, and few need be tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import inf

from reunify.allocation.case import Case, Rule
from reunify.allocation.model import Model
from reunify.allocation.solver import slack

LARGEST = 3  # limits in one set that is named
MOST_SETS = 12
MOST_TOGETHER = 4  # of them, sets of several
BRANCHES_OF_SETS = 80  # of all searches for sets in one certificate, where minimums make them long


class Question:
    """A case that can be asked one thing after another: the same rows, other bounds."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.model = Model(case, loose=True)
        self.branches = BRANCHES_OF_SETS
        self.complete = True  # no search of this line was cut short
        self._covered = {
            unit: self.model.row([i for i, p in enumerate(case.pairs) if p.unit == unit])
            for unit in case.units
        }
        self._any = self.model.row(range(len(case.pairs)))

    def anything(self) -> Model:
        """Something is paid."""
        self._reset()
        self.model.bound(self._any, low=1)
        return self.model

    def any_of(self, line: str) -> Model:
        """Something of this line is paid."""
        self._reset()
        self.model.bound(self.model.lines[line], low=1, high=self.case.needs[line])
        return self.model

    def one_more(self, amounts: Sequence[int], line: str, *, more: int = 1) -> Model:
        """One more is covered, and it must be of this line: no other gets more than it has."""
        self._reset()
        for other, places in self.case.by_line.items():
            if other != line and places:
                self.model.bound(self.model.lines[other], high=sum(amounts[i] for i in places))
        unit = self.case.pairs[self.case.by_line[line][0]].unit
        for of, row in self._covered.items():
            self.model.bound(row, low=self.covered(amounts, of) + (more if of == unit else 0))
        return self.model

    def covered(self, amounts: Sequence[int], unit: str) -> int:
        return sum(a for p, a in zip(self.case.pairs, amounts, strict=True) if p.unit == unit)

    def _reset(self) -> None:
        self.model.switch(())
        self.model.proved = True
        for row in (*self._covered.values(), self._any):
            self.model.bound(row)
        for line, row in self.model.lines.items():
            self.model.bound(row, high=self.case.needs[line])


@dataclass(frozen=True, slots=True)
class _Prices:
    """No set gains more than `constant` and the prices of its members."""

    constant: float
    of: tuple[float, ...]
    highest: float = field(default=0.0)

    def allow(self, chosen: Sequence[int], more: int = 0) -> bool:
        """Whether this set, with so many more of the dearest, could gain one."""
        return self.constant + sum(self.of[k] for k in chosen) + more * self.highest > 1 - 1e-4


def sets(
    question: Question, amounts: Sequence[int], line: str, limits: Sequence[Rule]
) -> list[tuple[Rule, ...]]:
    """Smallest first: every set of one, then those of two and three that hold none of them. Where there are
    minimums: sets of one alone, and only those that need no other choice of who pays anything."""
    if not limits:
        return []
    model = question.one_more(amounts, line, more=0)
    choices = model.choices(amounts)
    with model.between({column: (at, at) for column, at in choices.items()}):
        gain = _Gain(question, amounts, line, limits, sure=not choices)
        found: list[tuple[int, ...]] = []
        for size in range(1, 2 if choices else LARGEST + 1):
            for chosen in _chosen(len(limits), size, gain.prices):
                if is_enough(found):
                    break
                if not any(set(s) <= set(chosen) for s in found) and gain.is_one(chosen):
                    found.append(chosen)
        model.aim_at([])
    return [tuple(limits[k] for k in chosen) for chosen in found]


def is_enough(found: Sequence[Sequence[object]]) -> bool:
    """Nobody reads more."""
    return len(found) >= MOST_SETS or sum(len(s) > 1 for s in found) >= MOST_TOGETHER


class _Gain:
    """`prices`: of every answer that was not enough. `sure`: where fractions are enough, ask in whole
    numbers."""

    def __init__(
        self, question: Question, amounts: Sequence[int], line: str, limits: Sequence[Rule], *, sure: bool
    ) -> None:
        self._question, self._amounts, self._line, self._limits = question, amounts, line, limits
        self._sure, self._model = sure, question.model
        unit = question.case.pairs[question.case.by_line[line][0]].unit
        self._model.aim_at([i for i, p in enumerate(question.case.pairs) if p.unit == unit])
        self._now = question.covered(amounts, unit)
        self.prices: list[_Prices] = []
        self.is_one(())

    def is_one(self, chosen: Sequence[int]) -> bool:
        """Whether one more is covered when these limits are wider by one."""
        rules = [self._limits[k] for k in chosen]
        self._model.widen(rules, 1)
        most = self._model.most()
        is_one = most - self._now > 1 - slack(most)
        if not is_one:
            of = self._model.prices(self._limits)
            self.prices.append(_Prices(most - self._now - sum(of[k] for k in chosen), of, max(of)))
        elif not self._model.has_whole_amounts():
            is_one = self._sure and self._is_one_in_whole_numbers(rules)
        self._model.widen(rules, 0)
        return is_one

    def _is_one_in_whole_numbers(self, rules: Sequence[Rule]) -> bool:
        if self._question.branches <= 0:
            self._question.complete = False
            return False
        self._question.one_more(self._amounts, self._line)
        self._model.widen(rules, 1)
        is_one = self._model.possible() and self._model.proved
        self._question.complete &= self._model.proved
        self._question.branches -= 1 + self._model.branches
        self._question.one_more(self._amounts, self._line, more=0)
        return is_one


def could_gain(question: Question, amounts: Sequence[int], line: str, limits: Sequence[Rule]) -> bool:
    """Whether all these limits wider by one could let one more be covered, minimums aside."""
    model = question.one_more(amounts, line)
    model.widen(limits, 1)
    could = model.most() > -inf
    model.widen(limits, 0)
    return could


def _chosen(
    count: int, size: int, prices: Sequence[_Prices], begun: tuple[int, ...] = ()
) -> Iterator[tuple[int, ...]]:
    """In order, those that all prices known by then allow."""
    if not all(p.allow(begun, size - len(begun)) for p in prices):
        return
    if len(begun) == size:
        yield begun
        return
    for k in range(begun[-1] + 1 if begun else 0, count):
        yield from _chosen(count, size, prices, (*begun, k))
