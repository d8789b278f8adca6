"""Small cases of a split, what they allow, and what is best, said once more and without a solver."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import product
from uuid import UUID

from reunify.allocation.split import FundTerms, Kind, Limit, Pair, Rule, Split

Given = tuple[dict[str, int], list[Pair], list[Limit], dict[UUID, FundTerms]]
FUNDS = tuple(UUID(int=i) for i in (1, 2, 3))
ROOMS = UUID(int=4)
DAYS = (date(2026, 12, 31), date(2027, 6, 30))


def small(seed: int) -> Given:
    """At most four pairs of at most five cents or nights; limits cross, terms are mixed."""
    chance = random.Random(seed)
    needs = {f"line-{i}": chance.randint(1, 5) for i in range(chance.randint(1, 3))}
    possible = [(line, fund) for line in needs for fund in FUNDS]
    chosen = chance.sample(possible, min(len(possible), chance.randint(1, 4)))
    pairs = [Pair(line, fund, "x", "cents", chance.randint(1, needs[line]), "rule") for line, fund in chosen]
    if len(pairs) < 4 and chance.random() < 0.3:
        needs["room"] = chance.randint(1, 3)
        pairs.append(Pair("room", ROOMS, "x", "night", chance.randint(1, needs["room"]), "rule"))
    limits = [_limit(chance, k, pairs) for k in range(chance.randint(0, 4))]
    return needs, pairs, limits, {fund: _terms(chance) for fund in (*FUNDS, ROOMS)}


def _limit(chance: random.Random, number: int, pairs: Sequence[Pair]) -> Limit:
    """Over some pairs of one unit: cents and nights are never counted together."""
    unit = chance.choice(pairs).unit
    places = tuple(i for i, p in enumerate(pairs) if p.unit == unit and chance.random() < 0.6)
    return Limit(f"limit {number}", places, chance.randint(0, 7))


def _terms(chance: random.Random) -> FundTerms:
    return FundTerms(
        tier=chance.choice((10, 10, 20)),
        minimum_slice=chance.choice((0, 0, 0, 2, 3)),
        minimum_grant=chance.choice((0, 0, 0, 3, 4)),
        match_percent=chance.choice((0, 0, 0, 33, 100)),
        expires=chance.choice((None, *DAYS)),
        soonest_first=chance.random() < 0.5,
        name="A fund",
    )


def plain(given: Given) -> Given:
    """The same without minimum slices, grants and matches."""
    needs, pairs, limits, terms = given
    only = {f: FundTerms(t.tier, expires=t.expires, soonest_first=t.soonest_first) for f, t in terms.items()}
    return needs, pairs, limits, only


def allowed(given: Given, amounts: Sequence[int]) -> bool:
    needs, pairs, limits, terms = given
    taken = list(zip(pairs, amounts, strict=True))
    cash = sum(a for p, a in taken if p.unit == "cents")
    for line, need in needs.items():
        if sum(a for p, a in taken if p.line == line) > need:
            return False
    for pair, amount in taken:
        if amount and amount < min(terms[pair.fund].minimum_slice, needs[pair.line]):
            return False
    for fund, of in terms.items():
        given_by = sum(a for p, a in taken if p.fund == fund)
        in_cash = sum(a for p, a in taken if p.fund == fund and p.unit == "cents")
        if 0 < given_by < of.minimum_grant or (cash - in_cash) * 100 < of.match_percent * in_cash:
            return False
    return all(sum(amounts[i] for i in limit.pairs) <= limit.most for limit in limits)


def worth(given: Given, amounts: Sequence[int]) -> tuple[int, ...]:
    """Compared from left to right: covered of each unit; of each tier; pieces; what lapses first."""
    _, pairs, _, terms = given
    taken = list(zip(pairs, amounts, strict=True))
    units = sorted({p.unit for p in pairs})
    covered = [sum(a for p, a in taken if p.unit == u) for u in units]
    tiers = sorted({t.tier for t in terms.values()})
    of_tier = [
        sum(a for p, a in taken if p.unit == u and terms[p.fund].tier == t) for u in units for t in tiers
    ]
    lapses = {f: t.expires for f, t in terms.items() if t.soonest_first and t.expires is not None}
    early = [
        sum(a for p, a in taken if p.unit == u and lapses.get(p.fund) == day)
        for day in sorted(set(lapses.values()))
        for u in units
    ]
    return (*covered, *of_tier, -sum(a > 0 for a in amounts), *early)


def everything(given: Given) -> Iterator[tuple[int, ...]]:
    """Every whole split that is allowed."""
    pairs = given[1]
    return (a for a in product(*(range(p.most + 1) for p in pairs)) if allowed(given, a))


def best_worth(given: Given) -> tuple[int, ...]:
    return max(worth(given, amounts) for amounts in everything(given))


def amounts_of(given: Given, split: Split) -> list[int]:
    found: Mapping[tuple[str, UUID], int] = {(p.line, p.fund): p.amount for p in split.pieces}
    return [found.get((p.line, p.fund), 0) for p in given[1]]


def shuffled(given: Given, chance: random.Random) -> Given:
    """The same case, everything named in another order."""
    needs, pairs, limits, terms = given
    order = list(range(len(pairs)))
    chance.shuffle(order)
    moved = {old: new for new, old in enumerate(order)}
    other = [Limit(m.name, tuple(moved[i] for i in m.pairs), m.most, m.cite) for m in limits]
    chance.shuffle(other)
    return (
        dict(chance.sample(sorted(needs.items()), len(needs))),
        [pairs[i] for i in order],
        other,
        dict(chance.sample(sorted(terms.items()), len(terms))),
    )


def covered(given: Given, amounts: Sequence[int], unit: str) -> int:
    return sum(a for p, a in zip(given[1], amounts, strict=True) if p.unit == unit)


def most_covered(given: Given) -> dict[str, int]:
    """Of each unit; in these cases no unit takes from another."""
    splits = list(everything(given))
    return {unit: max(covered(given, a, unit) for a in splits) for unit in {p.unit for p in given[1]}}


def wider(given: Given, rules: Iterable[Rule]) -> Given:
    """Each of these limits lets one cent or night more through."""
    needs, pairs, limits, terms = given
    named = {r.name for r in rules if r.kind is Kind.LIMIT}
    more = {(r.line, r.fund) for r in rules if r.kind is Kind.MOST}
    return (
        needs,
        [replace(p, most=p.most + ((p.line, p.fund) in more)) for p in pairs],
        [replace(m, most=m.most + (m.name in named)) for m in limits],
        terms,
    )


def only(given: Given, rules: Iterable[Rule]) -> Given:
    """The case with no other rule than these."""
    needs, pairs, limits, terms = given
    kept = {(r.kind, r.fund, r.line) for r in rules}
    named = {r.name for r in rules if r.kind is Kind.LIMIT}

    def of(fund: UUID, terms: FundTerms) -> FundTerms:
        return replace(
            terms,
            minimum_slice=terms.minimum_slice if (Kind.SLICE, fund, "") in kept else 0,
            minimum_grant=terms.minimum_grant if (Kind.GRANT, fund, "") in kept else 0,
            match_percent=terms.match_percent if (Kind.MATCH, fund, "") in kept else 0,
        )

    return (
        needs,
        [p if (Kind.MOST, p.fund, p.line) in kept else replace(p, most=needs[p.line]) for p in pairs],
        [m for m in limits if m.name in named],
        {fund: of(fund, t) for fund, t in terms.items()},
    )
