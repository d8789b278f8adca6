"""A second opinion on the split: the same case told to CP-SAT by other code, aim after aim.

Run as a program of its own, because ortools and highspy cannot be loaded in one process. Reads one JSON case
a line; writes for each the values of its aims, in the order of `worth` in tests/unit/split_cases.py.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from ortools.sat.python import cp_model

SECONDS = 20.0  # of one aim; only to end at all


def answers(case: dict[str, Any]) -> list[int]:
    model = cp_model.CpModel()
    pairs, terms = case["pairs"], case["terms"]
    amounts = [model.new_int_var(0, min(p["most"], case["needs"][p["line"]]), "") for p in pairs]
    takes = [model.new_bool_var("") for _ in pairs]
    for pair, amount, take in zip(pairs, amounts, takes, strict=True):
        least = max(1, min(terms[pair["fund"]]["minimum_slice"], case["needs"][pair["line"]]))
        model.add(amount >= least).only_enforce_if(take)
        model.add(amount == 0).only_enforce_if(~take)
    for line, need in case["needs"].items():
        model.add(sum(a for p, a in zip(pairs, amounts, strict=True) if p["line"] == line) <= need)
    for limit in case["limits"]:
        model.add(sum(amounts[i] for i in limit["pairs"]) <= limit["most"])
    for fund, of in terms.items():
        mine = sum(a for p, a in zip(pairs, amounts, strict=True) if p["fund"] == fund)
        gives = model.new_bool_var("")
        model.add(mine >= of["minimum_grant"]).only_enforce_if(gives)
        model.add(mine == 0).only_enforce_if(~gives)
        cash = [(p["fund"] == fund, a) for p, a in zip(pairs, amounts, strict=True) if p["unit"] == "cents"]
        from_it, from_others = sum(a for own, a in cash if own), sum(a for own, a in cash if not own)
        model.add(100 * from_others >= of["match_percent"] * from_it)
    return list(_values(model, list(_aims(case, amounts, takes))))


def _aims(case: dict[str, Any], amounts: list[Any], takes: list[Any]) -> Iterator[Any]:
    taken, terms = list(zip(case["pairs"], amounts, strict=True)), case["terms"]
    units = sorted({p["unit"] for p in case["pairs"]})
    for unit in units:
        yield sum(a for p, a in taken if p["unit"] == unit)
    for unit in units:
        for tier in sorted({t["tier"] for t in terms.values()}):
            yield sum(a for p, a in taken if p["unit"] == unit and terms[p["fund"]]["tier"] == tier)
    yield -sum(takes)
    lapses = {f: t["expires"] for f, t in terms.items() if t["soonest_first"] and t["expires"]}
    for day in sorted(set(lapses.values())):
        for unit in units:
            yield sum(a for p, a in taken if p["unit"] == unit and lapses.get(p["fund"]) == day)


def _values(model: cp_model.CpModel, aims: list[Any]) -> Iterator[int]:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 7
    solver.parameters.max_time_in_seconds = SECONDS
    for aim in aims:
        model.maximize(aim)
        status = solver.solve(model)
        assert status == cp_model.OPTIMAL, solver.status_name(status)
        value = round(solver.objective_value)
        model.add(aim >= value)
        yield value


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answers(json.loads(line))) + "\n")
