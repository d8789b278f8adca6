"""Another solver, in a process of its own and told the case by other code, finds every aim at the same value.

SPLIT_OPINIONS=1000 asks it about that many.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from reunify.allocation.case import canonical
from reunify.allocation.optimum import best
from tests.benchmarks.allocation_cases import Given, request
from tests.unit.split_cases import worth

CASES = int(os.environ.get("SPLIT_OPINIONS", "100"))
OPINION = Path(__file__).parents[1] / "allocation_opinion.py"


def generated(seed: int) -> Given:
    """Four or five lines and five sources; half of them with minimums and matches."""
    return request(seed, lines=4, funds=5, terms=seed % 2 == 1)


def told(given: Given) -> dict[str, Any]:
    needs, pairs, limits, terms = given
    return {
        "needs": needs,
        "pairs": [{"line": p.line, "fund": str(p.fund), "unit": p.unit, "most": p.most} for p in pairs],
        "limits": [{"pairs": m.pairs, "most": m.most} for m in limits],
        "terms": {
            str(f): {
                "tier": t.tier,
                "minimum_slice": t.minimum_slice,
                "minimum_grant": t.minimum_grant,
                "match_percent": t.match_percent,
                "soonest_first": t.soonest_first,
                "expires": t.expires.isoformat() if t.expires else None,
            }
            for f, t in terms.items()
        },
    }


def ours(given: Given) -> tuple[tuple[int, ...], bool]:
    case = canonical(*given)
    found = best(case)
    taken = {(p.line, p.fund): a for p, a in zip(case.pairs, found.amounts, strict=True)}
    return worth(given, [taken[p.line, p.fund] for p in given[1]]), found.proved


def test_cp_sat_agrees_on_every_aim(tmp_path: Path) -> None:
    cases = [generated(seed) for seed in range(CASES)]
    lines = "".join(json.dumps(told(given)) + "\n" for given in cases)
    asked = tmp_path / "cases"
    asked.write_text(lines)
    with (
        asked.open() as told_to_it,
        subprocess.Popen(
            [sys.executable, OPINION], stdin=told_to_it, stdout=subprocess.PIPE, text=True
        ) as opinion,
    ):
        answers = [ours(given) for given in cases]  # at the same time
        heard, _ = opinion.communicate()
    assert opinion.returncode == 0
    theirs = [tuple(json.loads(line)) for line in heard.splitlines()]
    assert len(theirs) == CASES
    sure = 0
    for seed, (given, expected) in enumerate(zip(cases, theirs, strict=True)):
        found, proved = answers[seed]
        units = len({p.unit for p in given[1]})
        exact = units + units * len({t.tier for t in given[3].values()})
        assert found[:exact] == expected[:exact], seed  # coverage and payers, always
        if proved:
            assert found == expected, seed
        sure += proved
    assert sure >= CASES * 9 // 10
