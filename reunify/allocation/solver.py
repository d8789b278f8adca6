"""HiGHS as a split uses it: silent, on one thread, the same on every machine, and never by the clock."""

from __future__ import annotations

from enum import Enum

import highspy

NEAR = 1e-6  # of what HiGHS says, this much off a whole number is a whole number
PRICE = 1e-5  # less than this is no price: prices here are ratios of small whole numbers
BRANCHES = 60  # of one question about what stands in the way
ANSWERS = (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible)  # of a linear problem
FEASIBLE = 2  # HiGHS: of a solution that keeps to all rows


class Whole(Enum):
    """Which columns must be whole. Amounts stand before choices (takes anything; gives anything)."""

    NONE = 0
    CHOICES = 1
    ALL = 2


def slack(bound: float) -> float:
    """What a sum of such a size may be off, by floating point alone."""
    return NEAR * max(1.0, abs(bound) * 1e-6)


def quiet() -> highspy.Highs:
    """A solver that maximises. Searching smaller problems for a lucky answer took most of the time of these
    small ones, so it does not. The default gap of 1e-4 stopped a cent short in 3 of 400 splits."""
    solver = highspy.Highs()  # type: ignore[no-untyped-call]  # the wheel has no types
    options = {
        "output_flag": False,
        "log_to_console": False,
        "threads": 1,
        "random_seed": 7,
        "mip_rel_gap": 0.0,
        "mip_abs_gap": 0.9,
        "mip_feasibility_tolerance": 1e-9,
        "mip_heuristic_effort": 0.0,
        "mip_heuristic_run_root_reduced_cost": False,
        "mip_heuristic_run_rens": False,
        "mip_heuristic_run_rins": False,
        "mip_heuristic_run_feasibility_jump": False,
        "mip_allow_restart": False,
        "mip_pscost_minreliable": 2,
        "mip_detect_symmetry": False,
    }
    for name, value in options.items():
        solver.setOptionValue(name, value)
    solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
    return solver
