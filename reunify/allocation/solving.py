"""Today's balances, limits and terms put before the solver; and what more a later part of a source would
pay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from reunify.allocation.case import FundTerms
from reunify.allocation.ground import Ground
from reunify.allocation.limits import Cap, limits_of_caps
from reunify.allocation.policy import BUDGET_CATEGORY, LineNeed
from reunify.allocation.split import Limit, Pair, Split, best_split
from reunify.kernel.ids import FundId
from reunify.ledger.policy import BudgetCategory
from reunify.ledger.queries import Balance


@dataclass(frozen=True, slots=True)
class Waits:
    """`lines`: what later parts would pay beyond today's split, in cents or units. `next_on`: when the first
    of these sources releases its next part."""

    next_on: date
    funds: tuple[FundId, ...]
    lines: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Solved:
    """`needs`: those that were offered to a source. `waits`: None where no later part would pay more."""

    split: Split
    needs: tuple[LineNeed, ...]
    waits: Waits | None


def solve(
    needs: Sequence[LineNeed],
    wanted: Mapping[str, int],
    ground: Ground,
    caps: Sequence[Cap],
    rule_limits: Sequence[Limit],
    balances: Sequence[Balance],
) -> Solved:
    """`needs`: of open sources. One that a prior approval stands in the way of makes no pair, and stays open.

    `wanted`: of every line, those no open source may pay too. `rule_limits`: their places are those of
    `needs`.
    """
    offered = [i for i, n in enumerate(needs) if ground.stands_in_the_way(n) is None]
    moved = {old: new for new, old in enumerate(offered)}
    mine = [needs[i] for i in offered]
    pairs = [
        Pair(n.key, ground.held[n.fund_code].id, BUDGET_CATEGORY[n.category], n.unit, n.ceiling, n.basis)
        for n in mine
    ]
    limits = _of_balances(pairs, ground, balances)
    limits += limits_of_caps(mine, ground.held, caps)
    limits += [
        Limit(limit.name, tuple(moved[i] for i in limit.pairs if i in moved), limit.most, limit.cite)
        for limit in rule_limits
    ]
    paced = _of_paces(pairs, ground, balances)
    terms = ground.split_terms(mine)
    split = _best(wanted, pairs, [*limits, *(limit for _, limit in paced)], terms)
    waits = None
    if any(split.uncovered.values()) and _is_tight(pairs, paced, split):
        later = _best(wanted, pairs, limits, terms)
        waits = _waits(split, later, ground, [fund for fund, _ in paced])
    return Solved(split, tuple(mine), waits)


def wanted_of(needs: Sequence[LineNeed]) -> dict[str, int]:
    """By line, the most any source may pay of it, open or not: what nobody pays today is open, not gone."""
    found: dict[str, int] = {}
    for need in needs:
        if need.ceiling > 0:
            found[need.key] = max(found.get(need.key, 0), need.ceiling)
    return found


def _best(
    wanted: Mapping[str, int],
    pairs: Sequence[Pair],
    limits: Sequence[Limit],
    terms: Mapping[UUID, FundTerms],
) -> Split:
    return best_split(wanted, pairs, [limit for limit in limits if limit.pairs], terms)


def _of_balances(pairs: Sequence[Pair], ground: Ground, balances: Sequence[Balance]) -> list[Limit]:
    left = {(b.key.fund_id, b.key.budget_category): b.available for b in balances}
    return [
        Limit(
            f"{fund.public_name}: {category} balance",
            _places(pairs, fund.id, category),
            left.get((fund.id, category), 0),
        )
        for fund in ground.held.values()
        for category in _categories(pairs, fund.id)
    ]


def _of_paces(
    pairs: Sequence[Pair], ground: Ground, balances: Sequence[Balance]
) -> list[tuple[FundId, Limit]]:
    books = {(b.key.fund_id, b.key.budget_category): b for b in balances}
    names = {fund.id: fund.public_name for fund in ground.held.values()}
    found = []
    for fund_id, at in ground.paces.items():
        for category in _categories(pairs, fund_id):
            b = books.get((fund_id, category))
            most = at.may_take(b.authorized, b.reserved + b.obligated + b.expended) if b else 0
            name = f"{names[fund_id]}: {category} released until {at.next_on}"
            found.append((fund_id, Limit(name, _places(pairs, fund_id, category), most)))
    return found


def _categories(pairs: Sequence[Pair], fund: UUID) -> list[BudgetCategory]:
    return sorted({BudgetCategory(p.budget_category) for p in pairs if p.fund == fund})


def _places(pairs: Sequence[Pair], fund: UUID, category: BudgetCategory) -> tuple[int, ...]:
    return tuple(i for i, p in enumerate(pairs) if (p.fund, p.budget_category) == (fund, category))


def _is_tight(pairs: Sequence[Pair], paced: Sequence[tuple[FundId, Limit]], split: Split) -> bool:
    """Whether some released part is taken whole: else a later one changes nothing."""
    taken = {(p.line, p.fund): p.amount for p in split.pieces}
    return any(
        sum(taken.get((pairs[i].line, pairs[i].fund), 0) for i in limit.pairs) >= limit.most
        for _, limit in paced
    )


def _waits(split: Split, later: Split, ground: Ground, funds: Sequence[FundId]) -> Waits | None:
    """The sources of which a later part would pay more than today, and the lines that it covers."""
    lines = {
        line: left - later.uncovered[line]
        for line, left in split.uncovered.items()
        if left > later.uncovered[line]
    }
    gives = {fund: _from(later, fund, lines) - _from(split, fund, lines) for fund in dict.fromkeys(funds)}
    more = [fund for fund, amount in gives.items() if amount > 0] or list(gives)
    days = [day for fund in more if (day := ground.paces[fund].next_on) is not None]
    return Waits(min(days), tuple(more), lines) if lines and days else None


def _from(split: Split, fund: FundId, lines: Mapping[str, int]) -> int:
    return sum(p.amount for p in split.pieces if p.fund == fund and p.line in lines)
