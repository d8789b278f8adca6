"""What a split costs: `make bench-split`. Writes build/bench/split.json; `rows` is also part of bench-ledger.

Generated requests of about ten lines and ten sources, with balances, caps and crossing caps; of six lines and
four sources, as most are; and with minimums and matches everywhere. Beside each stand greedy (a person with a
list; also how often it leaves coverable money uncovered) and one bare call of the solver for coverage
alone, built anew as ours is. Time is the processor's: what others do on the machine does not count.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import highspy

from reunify.allocation.case import canonical
from reunify.allocation.optimum import best, coverage, payer_order
from reunify.allocation.search import Search
from reunify.allocation.split import best_split
from tests.benchmarks.allocation_cases import Given, greedy, request
from tests.benchmarks.harness import Row, report

REQUESTS = int(os.environ.get("SPLIT_REQUESTS", "200"))
QUANTILES = (("median", 50), ("95 of 100", 95))


def bare(given: Given) -> None:
    """One linear problem: cover the most."""
    needs, pairs, limits, _ = given
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)  # one number for the whole process, else the second solver refuses
    for pair in pairs:
        solver.addVar(0.0, float(min(pair.most, needs[pair.line])))
    for line, need in needs.items():
        places = [i for i, p in enumerate(pairs) if p.line == line]
        if places:
            solver.addRow(0.0, float(need), len(places), places, [1.0] * len(places))
    for limit in limits:
        solver.addRow(0.0, float(limit.most), len(limit.pairs), list(limit.pairs), [1.0] * len(limit.pairs))
    for column in range(len(pairs)):
        solver.changeColCost(column, -1.0)
    solver.run()


def exact(given: Given) -> None:
    """Coverage and the order of payers, which are always exact."""
    case = canonical(*given)
    model = Search(case)
    for aim in [*coverage(case), *payer_order(case)]:
        model.reach(aim)


WAYS: dict[str, Callable[[Given], object]] = {
    "bare": bare,
    "greedy": greedy,
    "exact aims": exact,
    "all aims": lambda given: best(canonical(*given)),
    "with certificate": lambda given: best_split(*given),
}


@dataclass
class Took:
    """Milliseconds of each way, by request; and what was found."""

    of: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in WAYS})
    greedy_below: int = 0
    unproved: int = 0
    incomplete: int = 0

    def at(self, name: str, percent: int) -> float:
        return statistics.quantiles(self.of[name], n=100, method="inclusive")[percent - 1]


def measured(cases: Sequence[Given]) -> Took:
    took = Took()
    for given in cases:
        for name, work in WAYS.items():
            begun = time.process_time()
            work(given)
            took.of[name].append((time.process_time() - begun) * 1000)
        split = best_split(*given)
        took.greedy_below += greedy(given) < sum(p.amount for p in split.pieces)
        took.unproved += not split.proved
        took.incomplete += not all(s.complete for s in split.shortfalls)
    return took


def rows(requests: int) -> list[Row]:
    """A split with its certificate, beside the bare solver call and beside greedy."""
    took = measured([request(seed) for seed in range(requests)])
    return [
        Row(f"split, {what}, against {other}", took.at("with certificate", at), took.at(name, at), "ms")
        for what, at in QUANTILES
        for name, other in (("bare", "one bare solver call"), ("greedy", "greedy"))
    ]


def main() -> int:
    kinds = {
        "10 x 10": [request(seed) for seed in range(REQUESTS)],
        "6 x 4": [request(seed, lines=6, funds=4) for seed in range(REQUESTS)],
        "10 x 10, minimums": [request(seed, terms=True) for seed in range(REQUESTS // 4)],
    }
    table, about = [], dict[str, object]()
    for kind, cases in kinds.items():
        took = measured(cases)
        for name in WAYS:
            for what, at in QUANTILES:
                title = f"{kind}: {name}, {what}, against one bare call"
                table.append(Row(title, took.at(name, at), took.at("bare", at), "ms"))
        about[kind] = {
            "requests": len(cases),
            "greedy_below_best": took.greedy_below,
            "not_proved_among_equals": took.unproved,
            "sets_not_all_looked_for": took.incomplete,
        }
        sys.stdout.write(f"{kind}: {about[kind]}\n")
    return report("split", table, about=about)


if __name__ == "__main__":
    raise SystemExit(main())
