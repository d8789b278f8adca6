"""The best split by one aim after another: a linear problem, a small search of ours, then HiGHS's own. Pure.

A search of ours keeps the solver warm, so that a branch costs a few pivots; HiGHS begins anew each time, and
alone pays for itself where many branches are needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from math import floor, inf

import highspy

from reunify.allocation.case import Case, SplitNotWhole, broken
from reunify.allocation.model import Model
from reunify.allocation.solver import NEAR, PRICE, Whole, slack

BRANCHES_OF_OURS = 12
BRANCHES_TO_SETTLE = 10
ROUNDS = 4  # of drawing bounds closer


@dataclass(frozen=True, slots=True)
class Aim:
    """To be as large as can be: the weighted sum over the pairs; or, with `count`, as few pieces."""

    weights: tuple[int, ...] = ()
    count: bool = False

    def value(self, amounts: Sequence[int]) -> int:
        if self.count:
            return -sum(a > 0 for a in amounts)
        return sum(w * a for w, a in zip(self.weights, amounts, strict=True))


@dataclass(frozen=True, slots=True)
class _Root:
    """The answer in any numbers. `bound`: what no split exceeds; `is_met`: it happens to be a split."""

    bound: float
    values: Sequence[float]
    duals: Sequence[float]
    is_met: bool


class Search(Model):
    """`amounts`: the best found so far; keeps to every aim held."""

    def __init__(self, case: Case) -> None:
        super().__init__(case)
        self.amounts: list[int] | None = None
        self._held: list[tuple[Aim, int]] = []
        self._fixed: dict[int, int] = {}  # pairs that take the same in every split that is still the best

    @property
    def best(self) -> list[int]:
        return self.amounts or [0] * self._count

    def reach(self, aim: Aim, *, nodes: int | None = None, at_most: float = inf) -> None:
        """The best by this aim, which then holds for the aims that follow. `nodes`: give up after so many
        branches and keep the best found; the count is the same on every machine, time is not. `at_most`: it
        is known to be no better.

        Raises SplitNotWhole."""
        if aim.count:
            self._draw_closer()
        columns, costs, fixed = self._objective(aim)
        if self.amounts is not None and (not columns or aim.value(self.amounts) >= at_most):
            self._hold(aim, columns, costs, fixed)
            return
        self._cost(columns, costs)
        root = self._relaxed(aim, fixed)
        if root.is_met:
            self._narrow()
            self._held.append((aim, aim.value(self.best)))
        else:
            self._used_alone(aim)
            if not self._is_reached(aim, root.bound):
                with self._better_only(aim, root):
                    if not self._explored(aim, fixed, [BRANCHES_OF_OURS]):
                        self._branched(aim, fixed, nodes)
            for column, (low, high) in self._closer(root, self._value(aim)).items():
                self.edge(column, low, high)
            columns, costs, fixed = self._objective(aim)
            self._hold(aim, columns, costs, fixed)
        self._cost(list(range(self._columns)), [0] * self._columns)

    def settle(self, aim: Aim) -> None:
        """A good one by this aim: the best for the pairs that now take anything, or better."""
        columns, costs, fixed = self._objective(aim)
        if columns:
            self._cost(columns, costs)
            root = self._relaxed(aim, fixed)
            if not root.is_met:
                self._used_alone(aim)
                with self._better_only(aim, root):
                    self._explored(aim, fixed, [BRANCHES_TO_SETTLE])

    def _value(self, aim: Aim) -> float:
        return -inf if self.amounts is None else aim.value(self.amounts)

    def _hold(self, aim: Aim, columns: Sequence[int], costs: Sequence[int], fixed: int) -> None:
        value = aim.value(self.best)
        if columns:
            self.row(columns, costs, low=value - fixed)
        self._held.append((aim, value))

    def _objective(self, aim: Aim) -> tuple[list[int], list[int], int]:
        """Columns, what each counts, and what the fixed pairs count together."""
        for pair, used in self._used.items():
            if self._edges[used] == (0, 0) and pair not in self._fixed:
                self._fix(pair, 0)
        free = [i for i in range(self._count) if i not in self._fixed]
        if aim.count:
            columns = [self._use(i) for i in free]
            return columns, [-1] * len(columns), -sum(a > 0 for a in self._fixed.values())
        columns = [i for i in free if aim.weights[i]]
        fixed = sum(aim.weights[i] * a for i, a in self._fixed.items())
        return columns, [aim.weights[i] for i in columns], fixed

    def _relaxed(self, aim: Aim, fixed: int) -> _Root:
        """The linear problem, any numbers allowed."""
        self._integral(Whole.NONE)
        self._run()
        if not self._is_optimal():
            raise SplitNotWhole("no best split was found")
        bound = self._solver.getInfo().objective_function_value + fixed
        solution = self._solver.getSolution()
        values, duals = list(solution.col_value), list(solution.col_dual)
        found = self._taken(aim, values)
        return _Root(bound, values, duals, found is not None and aim.value(found) > bound - slack(bound))

    def _is_reached(self, aim: Aim, bound: float) -> bool:
        return self._value(aim) >= floor(bound + slack(bound))

    def _taken(self, aim: Aim, values: Sequence[float], *, better: int = 0) -> list[int] | None:
        """These amounts, if they keep to every rule; kept if they are better than what is known."""
        amounts = [round(v) for v in values[: self._count]]
        if any(abs(v - a) > NEAR for v, a in zip(values, amounts, strict=False)):
            return None
        if aim.value(amounts) < self._value(aim) + better or any(a.value(amounts) < v for a, v in self._held):
            return None
        if broken(self.case, amounts):
            return None
        self.amounts = amounts
        return amounts

    def _used_alone(self, aim: Aim) -> None:
        """The best of the choices that are made in the split that is known."""
        if self.amounts is not None:
            at = self.choices(self.best)
            at |= {i: 0 for i in range(self._count) if self.best[i] == 0 and i not in self._fixed}
            with self.between({column: (value, value) for column, value in at.items()}):
                self._run()
                if self._is_optimal():
                    self._taken(aim, list(self._solver.getSolution().col_value))

    def _better_only(self, aim: Aim, root: _Root) -> AbstractContextManager[None]:
        """Without what no better split can have."""
        return self.between(self._closer(root, self._value(aim) + 1))

    def _closer(self, root: _Root, target: float) -> dict[int, tuple[int, int]]:
        """Closer bounds of columns, which every split keeps to that is worth `target`: away from where the
        linear problem has it, each unit of a column costs its price."""
        if target == -inf:
            return {}
        room = max(0.0, root.bound - target) + 1e-4
        found = {}
        for column, (value, dual) in enumerate(zip(root.values, root.duals, strict=True)):
            low, high = self._edges[column]
            if low == high or abs(dual) <= PRICE:
                continue
            far = floor(room / abs(dual) + NEAR)
            if value < low + NEAR and low + far < high:
                found[column] = (low, low + far)
            elif value > high - NEAR and high - far > low:
                found[column] = (high - far, high)
        return found

    def _explored(self, aim: Aim, fixed: int, left: list[int]) -> bool:
        """Whether nothing better is left below here. `left`: branches."""
        left[0] -= 1
        if left[0] < 0:
            return False
        self._run()
        if not self._is_optimal():
            return bool(self._solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible)
        bound = self._solver.getInfo().objective_function_value + fixed
        values = list(self._solver.getSolution().col_value)
        self._taken(aim, values, better=1)
        if self._is_reached(aim, bound):
            return True
        column = min(range(self._count, self._columns), key=lambda c: abs(values[c] - 0.5), default=None)
        if column is None or min(values[column], 1 - values[column]) < NEAR:
            return False  # the choices are made, the amounts are not whole
        for at in (1.0, 0.0):
            self._solver.changeColBounds(column, at, at)
            closed = self._explored(aim, fixed, left)
            self._solver.changeColBounds(column, 0.0, 1.0)
            if not closed:
                return False
        return True

    def _branched(self, aim: Aim, fixed: int, nodes: int | None) -> None:
        """Whole numbers for the choices alone first: the amounts mostly follow, ten times as fast."""
        self._solver.setOptionValue("mip_max_nodes", nodes if nodes is not None else 2**31 - 1)
        for whole in (Whole.CHOICES, Whole.ALL):
            if whole is Whole.CHOICES and self._columns == self._count:
                continue
            self._run_whole(whole)
            if self._has_split():
                self._taken(aim, list(self._solver.getSolution().col_value))
            if (
                self._solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible
                and self.amounts is not None
            ):
                return  # nothing better
            bound = self._solver.getInfo().mip_dual_bound + fixed
            if self._is_optimal() and self._value(aim) > bound - 1 + slack(bound):
                return
            if not self._is_optimal() and nodes is not None and self.amounts is not None:
                self.proved = False
                return
        raise SplitNotWhole(self._why() if self._has_split() else "no best split was found")

    def _narrow(self) -> None:
        """Hold what was reached: whatever has a price keeps its place in every split that reaches as much
        (complementary slackness), and whatever keeps it reaches as much."""
        solution = self._solver.getSolution()
        values, duals = list(solution.col_value), list(solution.col_dual)
        for column in range(self._columns):
            if abs(duals[column]) > PRICE:
                self._fix(column, round(values[column]))
        activity, prices = list(solution.row_value), list(solution.row_dual)
        for row, (low, high) in enumerate(self._bounds):
            if low < high and abs(prices[row]) > PRICE:
                at = high if abs(activity[row] - high) < abs(activity[row] - low) else low
                self._bounds[row] = (at, at)
                self._solver.changeRowBounds(row, float(at), float(at))

    def _fix(self, column: int, at: int) -> None:
        self.edge(column, at, at)

    def edge(self, column: int, low: int, high: int) -> None:
        super().edge(column, low, high)
        if column < self._count and low == high:
            self._fixed[column] = low

    def _draw_closer(self) -> None:
        """What a row that is used up leaves to each of its pairs, at most and at least; and how many pieces
        it takes to use it up."""
        rows = [(places, *self._bounds[row]) for row, places in self._sums.items()]
        low, high = ([self._edges[i][k] for i in range(self._count)] for k in (0, 1))
        for _ in range(ROUNDS):
            before = sum(high) - sum(low)
            for places, least, most in rows:
                _draw(low, high, places, least, most)
            if sum(high) - sum(low) == before:
                break
        for i in range(self._count):
            self.edge(i, low[i], high[i])
            if 0 < low[i] < high[i]:
                self.edge(self._use(i), 1, 1)
        for places, least, _ in rows:
            free = [i for i in places if i not in self._fixed]
            needed = _fewest(
                [high[i] for i in free], least - sum(low[i] for i in places if low[i] == high[i])
            )
            if needed:
                self.row([self._use(i) for i in free], low=needed)


def _draw(low: list[int], high: list[int], places: Sequence[int], least: float, most: float) -> None:
    """The sum of these places is at least and at most so much: what that says of each."""
    sure = sum(low[i] for i in places)
    for i in places:
        high[i] = int(min(high[i], most - sure + low[i]))
    possible = sum(high[i] for i in places)
    for i in places:
        low[i] = int(max(low[i], least - possible + high[i]))


def _fewest(sizes: Sequence[int], needed: float) -> int:
    """How many of these it takes at least."""
    for count, size in enumerate(sorted(sizes, reverse=True)):
        if needed <= 0:
            return count
        needed -= size
    return len(sizes)
