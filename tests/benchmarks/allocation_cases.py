"""Requests as they come: about ten cost lines and ten sources, with balances, caps and dated terms.

One seed gives one case, on every machine. Used by the benchmark of the split and by the tests of it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from uuid import UUID

from reunify.allocation.split import FundTerms, Limit, Pair

Given = tuple[dict[str, int], list[Pair], list[Limit], dict[UUID, FundTerms]]
CATEGORIES = ("transport", "lodging", "meals", "other")
_DAY = date(2026, 11, 25)


def request(
    seed: int, *, lines: int = 10, funds: int = 10, terms: bool = False, in_kind: bool = True
) -> Given:
    """`terms`: with minimum slices, minimum grants and matches, which make it hard; else limits alone."""
    chance = random.Random(seed)
    needs: dict[str, int] = {}
    category: dict[str, str] = {}
    for number in range(chance.randint(max(1, lines - 3), lines + 2)):
        line = f"line-{number:02}"
        category[line] = chance.choice(CATEGORIES)
        needs[line] = chance.randint(2_000, 90_000)
    for number in range(chance.randint(0, 2) if in_kind else 0):
        category[f"night-{number}"], needs[f"night-{number}"] = "lodging", chance.randint(1, 4)
    known = [UUID(int=number + 1) for number in range(funds)]
    units = {f: "night" if in_kind and number >= funds - 2 else "cents" for number, f in enumerate(known)}
    pays = {f: set(chance.sample(CATEGORIES, chance.randint(1, 4))) | {"lodging"} for f in known}
    pairs = [
        Pair(line, fund, category[line], units[fund], _share(chance, need), "its rules, 4(b)")
        for line, need in needs.items()
        for fund in known
        if category[line] in pays[fund] and (units[fund] == "night") == line.startswith("night")
    ]
    limits = [m for fund in known for m in _limits(chance, fund, units[fund], pairs)]
    limits += _crossing(chance, pairs)
    return needs, pairs, limits, {f: _terms(chance, n, units[f], hard=terms) for n, f in enumerate(known)}


def _share(chance: random.Random, need: int) -> int:
    """Most sources may pay all of a line, some a part of it."""
    return need if chance.random() < 0.8 else max(1, need * chance.choice((50, 80)) // 100)


def _limits(chance: random.Random, fund: UUID, unit: str, pairs: Sequence[Pair]) -> list[Limit]:
    name = f"Fund {fund.int}"
    size = 3 if unit == "night" else 60_000
    found = []
    for category in CATEGORIES:
        places = tuple(i for i, p in enumerate(pairs) if (p.fund, p.budget_category) == (fund, category))
        if places:
            found.append(Limit(f"{name}: {category} balance", places, chance.randint(0, size)))
    mine = tuple(i for i, p in enumerate(pairs) if p.fund == fund)
    if mine and chance.random() < 0.6:
        found.append(Limit(f"{name}: trip limit", mine, chance.randint(size // 3, 2 * size), "policy 5"))
    return found


def _crossing(chance: random.Random, pairs: Sequence[Pair]) -> list[Limit]:
    """Of a traveler or a leg: over some lines of one source, whatever they are for."""
    found = []
    for number in range(chance.randint(0, 4)):
        fund = chance.choice(pairs).fund
        some = tuple(i for i, p in enumerate(pairs) if p.fund == fund and chance.random() < 0.5)
        if some:
            found.append(Limit(f"Fund {fund.int}: traveler limit {number}", some, chance.randint(1, 40_001)))
    return found


def _terms(chance: random.Random, number: int, unit: str, *, hard: bool) -> FundTerms:
    cash = unit == "cents"
    return FundTerms(
        tier=chance.choice((10, 20, 30, 60)),
        minimum_slice=chance.choice((0, 0, 2_500, 10_000)) if hard and cash else 0,
        minimum_grant=chance.choice((0, 0, 0, 30_000)) if hard and cash else 0,
        match_percent=chance.choice((0, 0, 0, 0, 25, 50)) if hard and cash else 0,
        expires=_DAY + timedelta(days=30 * chance.randint(1, 12)),
        soonest_first=chance.random() < 0.4,
        name=f"Fund {number + 1}",
    )


def greedy(given: Given) -> int:
    """What is covered when each line, in turn, takes all it can from the first payer that has anything: what
    a person with a list does. Limits alone are kept to; a source's terms are not."""
    needs, pairs, limits, terms = given
    left = dict(needs)
    room = [limit.most for limit in limits]
    of: Mapping[int, list[int]] = {
        i: [k for k, m in enumerate(limits) if i in m.pairs] for i in range(len(pairs))
    }
    for i in sorted(range(len(pairs)), key=lambda i: (terms[pairs[i].fund].tier, pairs[i].line)):
        amount = min([pairs[i].most, left[pairs[i].line], *(room[k] for k in of[i])])
        left[pairs[i].line] -= amount
        for k in of[i]:
            room[k] -= amount
    return sum(needs.values()) - sum(left.values())
