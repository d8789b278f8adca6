"""A case as HiGHS sees it. Every answer is rounded, then checked in whole numbers before it is believed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import gcd, inf

import highspy

from reunify.allocation.case import Case, Kind, Rule, broken
from reunify.allocation.solver import ANSWERS, BRANCHES, FEASIBLE, NEAR, Whole, quiet


@dataclass(frozen=True, slots=True)
class Aim:
    """To be as large as can be: the weighted sum over the pairs; or, with `count`, as few pieces."""

    weights: tuple[int, ...] = ()
    count: bool = False

    def value(self, amounts: Sequence[int]) -> int:
        if self.count:
            return -sum(a > 0 for a in amounts)
        return sum(w * a for w, a in zip(self.weights, amounts, strict=True))


class Model:
    """`loose`: for asking what would be if a rule were away; each can then be switched off."""

    def __init__(self, case: Case, *, loose: bool = False) -> None:
        self.case = case
        self.proved = True
        self._off: frozenset[Rule] = frozenset()
        self._rows: dict[Rule, list[tuple[int, float, float]]] = {rule: [] for rule in case.rules}
        self._solver = quiet()
        self._columns = self._count = len(case.pairs)
        self._used: dict[int, int] = {}
        self._whole = Whole.NONE
        self._bounds: list[tuple[float, float]] = []  # of each row
        self._edges: list[tuple[int, int]] = []  # of each column
        self._sums: dict[int, tuple[int, ...]] = {}  # rows over amounts alone, each counted once
        self._given: dict[
            int, tuple[int, ...]
        ] = {}  # columns that are 1 when any of these pairs takes anything
        self.lines: dict[str, int] = {}  # rows
        self._uppers = [
            case.needs[p.line] if loose else u for p, u in zip(case.pairs, case.uppers, strict=True)
        ]
        if not loose:
            for limit in case.limits:
                for i in limit.pairs:
                    self._uppers[i] = min(self._uppers[i], limit.most)
        self._edges = [(0, upper) for upper in self._uppers]
        self._solver.addVars(self._count, [0.0] * self._count, [float(upper) for upper in self._uppers])
        self._build(loose)

    def _build(self, loose: bool) -> None:
        case = self.case
        of = {(r.kind, r.fund, r.line, r.name if r.kind is Kind.LIMIT else "", r.unit): r for r in case.rules}
        for line, places in case.by_line.items():
            if len(places) > 1 or loose:
                self.lines[line] = self.row(places, high=case.needs[line])
        for limit in case.limits:
            if limit.pairs:
                rule = next(r for r in case.rules if r.kind is Kind.LIMIT and r.name == limit.name)
                self.row(limit.pairs, high=limit.most, rule=rule)
        for i, pair in enumerate(case.pairs):
            if loose and case.uppers[i] < case.needs[pair.line]:
                self.row([i], high=case.uppers[i], rule=of[Kind.MOST, pair.fund, pair.line, "", pair.unit])
            if case.leasts[i] > 1:
                used = self._use(i)
                rule = of[Kind.SLICE, pair.fund, "", "", pair.unit]
                self.row([i, used], [1, -case.leasts[i]], low=0, rule=rule)
        for (fund, unit), places in case.by_fund.items():
            least = case.terms[fund].minimum_grant
            if least > 1:
                given = self._binary()
                self._given[given] = places
                for i in places:
                    self.row([i, given], [1, -self._uppers[i]], high=0)
                rule = of[Kind.GRANT, fund, "", "", unit]
                self.row([*places, given], [1] * len(places) + [-least], low=0, rule=rule)
        for fund, (mine, others, percent) in case.matches.items():
            by = gcd(100, percent)
            weights = [-percent // by] * len(mine) + [100 // by] * len(others)
            self.row([*mine, *others], weights, low=0, rule=of[Kind.MATCH, fund, "", "", "cents"])

    def row(
        self,
        columns: Sequence[int],
        weights: Sequence[int] | None = None,
        *,
        low: float = -inf,
        high: float = inf,
        rule: Rule | None = None,
    ) -> int:
        """A new row over these columns; its number. With `rule`: switched off with it."""
        place = len(self._bounds)
        self._bounds.append((low, high))
        values = [1.0] * len(columns) if weights is None else [float(w) for w in weights]
        self._solver.addRow(float(low), float(high), len(columns), list(columns), values)
        if rule is not None:
            self._rows[rule].append((place, low, high))
        if weights is None and all(i < self._count for i in columns):
            self._sums[place] = tuple(columns)
        return place

    def edge(self, column: int, low: int, high: int) -> None:
        """From here on this column stays between these."""
        self._edges[column] = (low, high)
        self._solver.changeColBounds(column, float(low), float(high))

    def _binary(self) -> int:
        self._solver.addVar(0.0, 1.0)
        self._edges.append((0, 1))
        self._columns += 1
        if self._whole is not Whole.NONE:
            self._solver.changeColIntegrality(self._columns - 1, highspy.HighsVarType.kInteger)
        return self._columns - 1

    def _use(self, pair: int) -> int:
        """The column that is 1 when the pair takes anything."""
        if pair not in self._used:
            self._used[pair] = self._binary()
            self.row([pair, self._used[pair]], [1, -self._edges[pair][1]], high=0)
        return self._used[pair]

    @property
    def has_choices(self) -> bool:
        """Whether a minimum makes a fraction of nothing and something impossible."""
        return self._columns > self._count

    def bound(self, row: int, *, low: float = -inf, high: float = inf) -> None:
        """From here on the sum of this row, which is of no rule, stays between these."""
        if self._bounds[row] != (low, high):
            self._bounds[row] = (low, high)
            self._solver.changeRowBounds(row, float(low), float(high))

    def widen(self, rules: Sequence[Rule], by: int) -> None:
        """Each limit of these rules lets so much more through."""
        for rule in rules:
            for place, low, high in self._rows[rule]:
                if high < inf:
                    self._solver.changeRowBounds(place, float(low), float(high + by))

    def aim_at(self, pairs: Sequence[int]) -> None:
        """As much as can be of these pairs, of nothing else."""
        self._integral(Whole.NONE)
        costs = [0.0] * self._columns
        for pair in pairs:
            costs[pair] = 1.0
        self._solver.changeColsCost(self._columns, list(range(self._columns)), costs)

    def most(self) -> float:
        """What is aimed at cannot be more than this, by any numbers; minus infinity if nothing is."""
        self._integral(Whole.NONE)
        self._run()
        return float(self._solver.getInfo().objective_function_value) if self._is_optimal() else -inf

    def prices(self, rules: Sequence[Rule]) -> tuple[float, ...]:
        """What one more of each limit gained at most, in the last answer."""
        duals = list(self._solver.getSolution().row_dual)
        return tuple(sum(abs(duals[p]) for p, _, high in self._rows[r] if high < inf) for r in rules)

    def has_whole_amounts(self) -> bool:
        """Whether the last answer is whole and so, its choices being made, a split."""
        found = list(self._solver.getSolution().col_value)
        return all(abs(a - round(a)) <= NEAR for a in found)

    def choices(self, amounts: Sequence[int]) -> dict[int, int]:
        """What each column that is a choice is in this split."""
        at = {used: int(amounts[i] > 0) for i, used in self._used.items()}
        return at | {given: int(any(amounts[i] for i in places)) for given, places in self._given.items()}

    @contextmanager
    def between(self, edges: Mapping[int, tuple[int, int]]) -> Iterator[None]:
        """For a while, these columns stay between these."""
        for column, (low, high) in edges.items():
            self._solver.changeColBounds(column, float(low), float(high))
        yield
        for column in edges:
            low, high = self._edges[column]
            self._solver.changeColBounds(column, float(low), float(high))

    def _cost(self, columns: Sequence[int], costs: Sequence[int]) -> None:
        for column, cost in zip(columns, costs, strict=True):
            self._solver.changeColCost(column, float(cost))

    def soften(self, rules: Sequence[Rule]) -> list[int]:
        """For each a column: 1 when each limit of it is one cent or unit wider. Counted as a cost."""
        found = []
        for rule in rules:
            wider = self._binary()
            found.append(wider)
            for place, _, high in self._rows[rule]:
                if high < inf:
                    self._solver.changeCoeff(place, wider, -1.0)
        self._cost(found, [-1] * len(found))
        return found

    def chosen(self, columns: Sequence[int], *, nodes: int) -> tuple[int, ...] | None:
        """The places in `columns` of the fewest that must be 1; None if no choice is enough, or, `proved`
        turning False, if that was not found out within so many branches."""
        if not self._is_answered(nodes) or self._is_stopped():
            return None
        return tuple(k for k, v in enumerate(self._values(columns)) if v)

    def switch(self, off: Collection[Rule]) -> None:
        """These rules, and no others, do not count from here on."""
        for rule in self._off.symmetric_difference(off):
            for place, low, high in self._rows[rule]:
                free = rule in off
                self._solver.changeRowBounds(
                    place, -inf if free else float(low), inf if free else float(high)
                )
        self._off = frozenset(off)

    def possible(self) -> bool:
        """Whether any whole split keeps to what is not switched off. `proved` turns False, and the answer is
        yes, if that was not found out within the branches it may take."""
        self._integral(Whole.NONE)
        self._run()
        if not self._is_optimal():
            return False
        return self._whole_amounts() is not None or self._is_answered()

    @property
    def branches(self) -> int:
        """Of the last search."""
        return max(0, int(self._solver.getInfo().mip_node_count))

    def _is_answered(self, nodes: int = BRANCHES) -> bool:
        """Whether there is a whole answer: the choices first, then everything if amounts are not whole."""
        self._solver.setOptionValue("mip_max_nodes", nodes)
        for whole in (Whole.CHOICES, Whole.ALL):
            self._run_whole(whole)
            if self._is_stopped():
                self.proved = False
                return True
            if not self._is_optimal():
                return False
            amounts = list(self._solver.getSolution().col_value)[: self._count]
            if all(abs(a - round(a)) <= NEAR for a in amounts):
                return True
        return True

    def _is_stopped(self) -> bool:
        return bool(self._solver.getModelStatus() == highspy.HighsModelStatus.kSolutionLimit)

    def _run(self) -> None:
        """The linear problem, from the last answer; anew where that leads nowhere."""
        self._solver.run()
        if self._solver.getModelStatus() not in ANSWERS:
            self._solver.clearSolver()
            self._solver.run()

    def _run_whole(self, whole: Whole) -> None:
        """From a clean slate: HiGHS 1.16 takes an earlier answer as its start, and once gave that back as the
        best although it had itself found a better one."""
        self._integral(whole)
        self._solver.clearSolver()
        self._solver.run()

    def _integral(self, whole: Whole) -> None:
        if self._whole is whole:
            return
        for column in range(self._columns):
            is_whole = whole is Whole.ALL or (whole is Whole.CHOICES and column >= self._count)
            kind = highspy.HighsVarType.kInteger if is_whole else highspy.HighsVarType.kContinuous
            self._solver.changeColIntegrality(column, kind)
        self._whole = whole

    def _has_split(self) -> bool:
        return bool(self._solver.getInfo().primal_solution_status == FEASIBLE)

    def _is_optimal(self) -> bool:
        return bool(self._solver.getModelStatus() == highspy.HighsModelStatus.kOptimal)

    def _values(self, columns: Sequence[int]) -> list[int]:
        found = list(self._solver.getSolution().col_value)
        return [round(found[i]) for i in columns]

    def _whole_amounts(self) -> list[int] | None:
        """Of the last answer, if they keep to every rule that is not switched off."""
        found = list(self._solver.getSolution().col_value)[: self._count]
        amounts = [round(v) for v in found]
        if any(abs(v - a) > NEAR for v, a in zip(found, amounts, strict=True)):
            return None
        return None if broken(self.case, amounts, self._off) else amounts

    def _why(self) -> str:
        amounts = self._values(range(self._count))
        return broken(self.case, amounts, self._off) or "the solver's amounts are not whole"
