"""Of all whole splits of a small case, none covers more, none keeps better to the order of payers, none has
fewer pieces, none uses sooner what lapses first.

SPLIT_CASES=20000 tries that many; `make bench-split` times them on large ones.
"""

from __future__ import annotations

import os
import random

import pytest

from reunify.allocation.case import canonical
from reunify.allocation.optimum import best
from tests.unit.split_cases import Given, allowed, best_worth, everything, plain, shuffled, small, worth

CASES = int(os.environ.get("SPLIT_CASES", "2000"))


def found(given: Given) -> list[int]:
    case = canonical(*given)
    taken = {(p.line, p.fund): a for p, a in zip(case.pairs, best(case).amounts, strict=True)}
    return [taken[p.line, p.fund] for p in given[1]]


@pytest.mark.parametrize("part", range(4))
def test_no_other_whole_split_is_better(part: int) -> None:
    for seed in range(part, CASES, 4):
        given = small(seed)
        if seed % 3 == 0:
            given = plain(given)
        amounts = found(given)
        assert allowed(given, amounts), seed
        assert worth(given, amounts) == best_worth(given), seed


def test_the_cases_meet_every_kind_of_term_and_leave_choices() -> None:
    """Else the test above would prove less than it says."""
    cases = [small(seed) for seed in range(300)]
    assert sum(1 for given in cases if best_worth(given)[0] < sum(given[0].values())) > 50
    for kind in ("minimum_slice", "minimum_grant", "match_percent", "soonest_first"):
        used = [g for g in cases if any(getattr(g[3][p.fund], kind) for p in g[1])]
        assert len(used) > 50
    changed = [g for g in cases if best_worth(g) != best_worth(plain(g))]
    assert len(changed) > 30
    equals = [
        g for g in cases if sum(worth(g, a) == top for top in [best_worth(g)] for a in everything(g)) > 1
    ]
    assert len(equals) > 5


def test_among_equals_the_choice_is_always_the_same() -> None:
    for seed in range(150):
        given = small(seed)
        again = shuffled(given, random.Random(seed))
        taken = dict(zip(((p.line, p.fund) for p in given[1]), found(given), strict=True))
        assert dict(zip(((p.line, p.fund) for p in again[1]), found(again), strict=True)) == taken, seed
