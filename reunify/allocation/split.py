"""The best split of cost lines over funds, in whole cents and units, and why what is open is open. Pure.

Aim by aim, as `optimum.py` has them: cover the most; the order of payers; fewest sources for a line; what
lapses soonest, where a source's terms allow it; one fixed choice among equals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from reunify.allocation import certificate as certificates
from reunify.allocation.case import (
    Case,
    FundTerms,
    Kind,
    Limit,
    NoBasis,
    Pair,
    PairTwice,
    Rule,
    SplitNotWhole,
    canonical,
)
from reunify.allocation.conflict import Conflict, Shortfall, nothing, shortfalls
from reunify.allocation.optimum import best

__all__ = [
    "FundTerms",
    "Kind",
    "Limit",
    "NoBasis",
    "Pair",
    "PairTwice",
    "Piece",
    "Rule",
    "Split",
    "SplitNotWhole",
    "best_split",
]


@dataclass(frozen=True, slots=True)
class Piece:
    line: str
    fund: UUID
    budget_category: str
    unit: str
    amount: int
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Split:
    """`uncovered` by line; `binding` for each line that is short: the names of what stands in its way;
    `shortfalls` the same, found exactly. `conflict`: why nothing at all can be paid, when that is so.
    `proved`: the choice among splits of equal coverage and payers was searched to its end."""

    pieces: tuple[Piece, ...]
    uncovered: Mapping[str, int]
    binding: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shortfalls: tuple[Shortfall, ...] = ()
    conflict: Conflict | None = None
    proved: bool = True

    def certificate(self) -> dict[str, Any]:
        """What is kept with the allocation, so that anyone can check the split again."""
        return certificates.certificate(self)


def best_split(
    needs: Mapping[str, int], pairs: Sequence[Pair], limits: Sequence[Limit], terms: Mapping[UUID, FundTerms]
) -> Split:
    """`needs` by line; a line's pairs share its unit. Reordered inputs give the same split.

    Raises NoBasis for a pair without an allocability basis, PairTwice.
    """
    case = canonical(needs, pairs, limits, terms)
    found = best(case)
    return explained(case, found.amounts, proved=found.proved)


def explained(case: Case, amounts: Sequence[int], *, proved: bool = True) -> Split:
    """The split of these amounts, with what stands in the way of more."""
    pieces = tuple(
        Piece(p.line, p.fund, p.budget_category, p.unit, a, p.basis)
        for p, a in zip(case.pairs, amounts, strict=True)
        if a > 0
    )
    uncovered = {
        line: case.needs[line] - sum(amounts[i] for i in places) for line, places in case.by_line.items()
    }
    short = shortfalls(case, amounts)
    conflict = nothing(case) if case.pairs and not pieces and any(case.needs.values()) else None
    return Split(
        pieces, uncovered, {s.line: certificates.names(s) for s in short}, short, conflict, proved=proved
    )
