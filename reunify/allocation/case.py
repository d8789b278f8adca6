"""What a split must keep to, in whole numbers: needs, pairs, limits, and each source's terms. Pure.

A case is put in one fixed order, so that the order in which things were read never decides who pays.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cached_property
from uuid import UUID

CASH = "cents"


class NoBasis(ValueError):
    """A cost is offered to a source without a word on why it may be charged there (2 CFR 200.405)."""


class PairTwice(ValueError):
    """The same source is offered the same line twice; its limits would count one of the two."""


class SplitNotWhole(AssertionError):
    """The solver's answer does not check out in whole numbers: a fault of ours, nothing is reserved."""


@dataclass(frozen=True, slots=True)
class Pair:
    """This fund may pay this line, up to `most` (cents or units). `basis`: by which rule (2 CFR 200.405)."""

    line: str
    fund: UUID
    budget_category: str
    unit: str
    most: int
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """No more than `most` over these pairs together: a balance, or a cap. `name` is for the certificate.

    Limits of one name are one rule in words. `name`: the public name of the fund, a colon, and what it is.
    """

    name: str
    pairs: tuple[int, ...]
    most: int
    cite: str = ""


@dataclass(frozen=True, slots=True)
class FundTerms:
    """What the split must keep to for one source, in cents or units of it.

    `tier`: lower pays first. A line gets nothing of it, or at least `minimum_slice` (the whole line, if that
    is less); a trip gets nothing, or at least `minimum_grant`. For every 100 cents it pays of a trip,
    `match_percent` cents must come from other sources of cash. `soonest_first`: among equals, spend it before
    what `expires` later. `name`: as the public knows it.
    """

    tier: int
    minimum_slice: int = 0
    minimum_grant: int = 0
    match_percent: int = 0
    expires: date | None = None
    soonest_first: bool = False
    name: str = ""


class Kind(StrEnum):
    LIMIT = "limit"
    MOST = "most"
    SLICE = "minimum_slice"
    GRANT = "minimum_grant"
    MATCH = "match"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule a certificate can name. `name`: of a limit, its own; else the fund's. `amount`: cents, units,
    or per cent; of limits that share a name, the lowest. `line`: of MOST only."""

    kind: Kind
    name: str
    fund: UUID | None = None
    line: str = ""
    amount: int = 0
    unit: str = CASH
    cite: str = ""


@dataclass(frozen=True)
class Case:
    """In canonical order. `uppers` and `leasts`: of each pair, the most it may take, and the least it takes
    if it takes anything."""

    needs: Mapping[str, int]
    pairs: tuple[Pair, ...]
    limits: tuple[Limit, ...]
    terms: Mapping[UUID, FundTerms]

    @cached_property
    def uppers(self) -> tuple[int, ...]:
        return tuple(max(0, min(p.most, self.needs[p.line])) for p in self.pairs)

    @cached_property
    def leasts(self) -> tuple[int, ...]:
        return tuple(max(1, min(self.terms[p.fund].minimum_slice, self.needs[p.line])) for p in self.pairs)

    @cached_property
    def by_line(self) -> Mapping[str, tuple[int, ...]]:
        found: dict[str, list[int]] = {line: [] for line in self.needs}
        for i, pair in enumerate(self.pairs):
            found[pair.line].append(i)
        return {line: tuple(places) for line, places in found.items()}

    @cached_property
    def by_fund(self) -> Mapping[tuple[UUID, str], tuple[int, ...]]:
        """By source and unit."""
        found: dict[tuple[UUID, str], list[int]] = {}
        for i, pair in enumerate(self.pairs):
            found.setdefault((pair.fund, pair.unit), []).append(i)
        return {key: tuple(places) for key, places in found.items()}

    @cached_property
    def units(self) -> tuple[str, ...]:
        return tuple(sorted({p.unit for p in self.pairs}))

    @cached_property
    def matches(self) -> Mapping[UUID, tuple[tuple[int, ...], tuple[int, ...], int]]:
        """Of each source that asks for a match: its pairs of cash, those of all others, and per cent."""
        cash = [i for i, p in enumerate(self.pairs) if p.unit == CASH]
        return {
            fund: (
                mine,
                tuple(i for i in cash if self.pairs[i].fund != fund),
                self.terms[fund].match_percent,
            )
            for (fund, unit), mine in self.by_fund.items()
            if unit == CASH and self.terms[fund].match_percent > 0
        }

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule that can stand in the way of a cent, each once."""
        lowest: dict[str, Limit] = {}
        for limit in self.limits:
            if limit.pairs and (limit.name not in lowest or limit.most < lowest[limit.name].most):
                lowest[limit.name] = limit
        found = [
            Rule(Kind.LIMIT, m.name, amount=m.most, unit=self.pairs[m.pairs[0]].unit, cite=m.cite)
            for m in lowest.values()
        ]
        for pair, upper in zip(self.pairs, self.uppers, strict=True):
            if upper < self.needs[pair.line]:
                found.append(self._of_fund(Kind.MOST, pair.fund, pair.unit, upper, pair.line))
        for (fund, unit), places in self.by_fund.items():
            terms = self.terms[fund]
            if any(self.leasts[i] > 1 for i in places):
                found.append(self._of_fund(Kind.SLICE, fund, unit, terms.minimum_slice))
            if terms.minimum_grant > 1:
                found.append(self._of_fund(Kind.GRANT, fund, unit, terms.minimum_grant))
        found += [self._of_fund(Kind.MATCH, fund, CASH, m[2]) for fund, m in self.matches.items()]
        return tuple(found)

    def _of_fund(self, kind: Kind, fund: UUID, unit: str, amount: int, line: str = "") -> Rule:
        return Rule(kind, self.terms[fund].name, fund, line, amount, unit)


def canonical(
    needs: Mapping[str, int], pairs: Sequence[Pair], limits: Sequence[Limit], terms: Mapping[UUID, FundTerms]
) -> Case:
    """Raises NoBasis, PairTwice."""
    for pair in pairs:
        if not pair.basis.strip():
            raise NoBasis(
                f"{pair.line} has no recorded basis for charging it to this source; record by which rule it "
                "may be charged there (2 CFR 200.405), and split again"
            )
    if len({(p.line, p.fund) for p in pairs}) < len(pairs):
        raise PairTwice("A source is offered the same line twice; offer it once, and split again")
    order = sorted(range(len(pairs)), key=lambda i: _place(pairs[i], terms))
    moved = {old: new for new, old in enumerate(order)}
    placed = [
        replace(m, pairs=tuple(sorted({moved[i] for i in m.pairs})), most=max(0, m.most)) for m in limits
    ]
    return Case(
        dict(sorted(needs.items())),
        tuple(pairs[i] for i in order),
        tuple(sorted(placed, key=lambda m: (m.pairs, m.most, m.name, m.cite))),
        dict(sorted(terms.items())),
    )


def _place(pair: Pair, terms: Mapping[UUID, FundTerms]) -> tuple[str, int, str]:
    return pair.line, terms[pair.fund].tier, str(pair.fund)


def broken(case: Case, amounts: Sequence[int], off: Collection[Rule] = ()) -> str | None:
    """The first rule these amounts break, in words for whoever mends the program; None if they keep to all
    but those that are `off`."""
    names = {r.name for r in off if r.kind is Kind.LIMIT}
    loose = {(r.kind, r.fund, r.line) for r in off}
    for line, places in case.by_line.items():
        if sum(amounts[i] for i in places) > case.needs[line]:
            return f"{line} is paid more than once"
    for limit in case.limits:
        if limit.name not in names and sum(amounts[i] for i in limit.pairs) > limit.most:
            return f"{limit.name} is exceeded"
    for i, pair in enumerate(case.pairs):
        free = (Kind.MOST, pair.fund, pair.line) in loose
        if not 0 <= amounts[i] <= (case.needs[pair.line] if free else case.uppers[i]):
            return f"{pair.line} takes more of a fund than it may"
        if 0 < amounts[i] < case.leasts[i] and (Kind.SLICE, pair.fund, "") not in loose:
            return f"{pair.line} takes less of a fund than its minimum slice"
    for (fund, _), places in case.by_fund.items():
        least = case.terms[fund].minimum_grant
        if 0 < sum(amounts[i] for i in places) < least and (Kind.GRANT, fund, "") not in loose:
            return "a fund gives less than its minimum grant"
    for fund, (mine, others, percent) in case.matches.items():
        short = 100 * sum(amounts[i] for i in others) < percent * sum(amounts[i] for i in mine)
        if short and (Kind.MATCH, fund, "") not in loose:
            return "what a fund pays is not matched by others"
    return None
