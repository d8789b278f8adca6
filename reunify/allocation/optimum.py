"""The aims of a split, one after another: each is reached as far as the ones before it allow. Pure.

The first two (cover the most; the order of payers) are exact. The later ones choose among splits that cover
the same from the same payers; a search that grows too long stops there with the best it has.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reunify.allocation.case import Case, SplitNotWhole, broken
from reunify.allocation.search import Aim, Search

NODES = 50  # branches of one search among equals


@dataclass(frozen=True, slots=True)
class Best:
    """`amounts` by pair of the case. `proved`: no search among equals was cut short."""

    amounts: tuple[int, ...]
    proved: bool = True


def best(case: Case, *, nodes: int = NODES) -> Best:
    """Raises SplitNotWhole."""
    if not case.pairs:
        return Best(())
    model = Search(case)
    for aim in [*coverage(case), *payer_order(case)]:
        model.reach(aim, at_most=sum(w * u for w, u in zip(aim.weights, case.uppers, strict=True)))
    if not _is_forced(case, model.best):
        model.reach(Aim(count=True), nodes=nodes, at_most=-_fewest(case, model.best))
        for aim in soonest(case):
            model.reach(aim, nodes=nodes)
        model.settle(fixed_choice(case))
    amounts = tuple(model.best)
    wrong = broken(case, amounts)
    if wrong:
        raise SplitNotWhole(wrong)
    return Best(amounts, model.proved)


def coverage(case: Case) -> Iterator[Aim]:
    """Cents, nights and miles each for themselves: a night is not worth a number of cents."""
    for unit in case.units:
        yield Aim(tuple(int(p.unit == unit) for p in case.pairs))


def payer_order(case: Case) -> Iterator[Aim]:
    """Tiers are an order, not amounts: the first takes all it can before the next is looked at. What the
    last one takes is what is left."""
    for unit in case.units:
        for tier in sorted({case.terms[p.fund].tier for p in case.pairs if p.unit == unit})[:-1]:
            yield Aim(tuple(int(p.unit == unit and case.terms[p.fund].tier == tier) for p in case.pairs))


def soonest(case: Case) -> Iterator[Aim]:
    """What lapses first is used first, of those sources alone whose terms say so (2 CFR 200.405(c): never a
    reason to charge a federal award by itself)."""
    expires = {f: t.expires for f, t in case.terms.items() if t.soonest_first and t.expires is not None}
    dates = sorted({expires[p.fund] for p in case.pairs if p.fund in expires})
    for day in dates:
        for unit in case.units:
            yield Aim(tuple(int(p.unit == unit and expires.get(p.fund) == day) for p in case.pairs))


def fixed_choice(case: Case) -> Aim:
    """Among equals, the pairs that pay being chosen: each cent counts for more the earlier its pair stands.

    Squares, and a small irregular part, so that two different exchanges hardly ever weigh the same.
    """
    count = len(case.pairs)
    return Aim(tuple(64 * (count - i) ** 2 + i * i * 29 % 61 for i in range(count)))


def _is_forced(case: Case, amounts: Sequence[int]) -> bool:
    """Every line that has a source has one only and is paid whole: nothing is left to choose."""
    return all(
        not places or (len(places) == 1 and amounts[places[0]] == case.needs[line])
        for line, places in case.by_line.items()
    )


def _fewest(case: Case, amounts: Sequence[int]) -> int:
    """At least so many pieces: a line that needs more than all that stays open of its unit gets something."""
    left = dict.fromkeys(case.units, 0)
    for line, places in case.by_line.items():
        if places:
            left[case.pairs[places[0]].unit] += case.needs[line] - sum(amounts[i] for i in places)
    return sum(
        case.needs[line] > left[case.pairs[places[0]].unit] for line, places in case.by_line.items() if places
    )
