"""The split covers the most, uses the first payer first, is whole to the cent, and never depends on order."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reunify.allocation.policy import BUDGET_CATEGORY
from reunify.allocation.split import Limit, Pair, Piece, Split, best_split
from reunify.intake.form import Category

FED, AIRLINE, GENERAL = (UUID(int=i) for i in (1, 2, 3))
Case = tuple[Mapping[str, int], Sequence[Pair], Sequence[Limit], Mapping[UUID, int]]


def pair(line: str, fund: UUID, most: int, category: str = "transport", unit: str = "cents") -> Pair:
    return Pair(line, fund, category, unit, most)


def paid(split: Split) -> dict[tuple[str, UUID], int]:
    return {(p.line, p.fund): p.amount for p in split.pieces}


def preferred(amounts: Sequence[tuple[UUID, int]], tiers: Mapping[UUID, int]) -> tuple[int, ...]:
    """What is covered, then what each tier pays of it, the first tier first."""
    of_tier = [sum(a for fund, a in amounts if tiers[fund] == t) for t in sorted(set(tiers.values()))]
    return sum(a for _, a in amounts), *of_tier


def best_by_trying_everything(case: Case) -> tuple[int, ...]:
    """The most that can be covered, and the best by the payer order at that, over every whole split."""
    needs, pairs, limits, tiers = case
    best: tuple[int, ...] = ()
    for amounts in itertools.product(*(range(p.most + 1) for p in pairs)):
        by_line = {line: 0 for line in needs}
        for p, a in zip(pairs, amounts, strict=True):
            by_line[p.line] += a
        fits = all(by_line[line] <= need for line, need in needs.items()) and all(
            sum(amounts[i] for i in limit.pairs) <= limit.most for limit in limits
        )
        if fits:
            taken = [(p.fund, a) for p, a in zip(pairs, amounts, strict=True)]
            best = max(best, preferred(taken, tiers))
    return best


@st.composite
def small_cases(draw: st.DrawFn) -> Case:
    lines = [f"line-{i}" for i in range(draw(st.integers(1, 3)))]
    funds = [FED, AIRLINE, GENERAL][: draw(st.integers(1, 3))]
    needs = {line: draw(st.integers(1, 4)) for line in lines}
    possible = [(line, fund) for line in lines for fund in funds]
    chosen = draw(st.lists(st.sampled_from(possible), min_size=1, max_size=5, unique=True))
    pairs = [pair(line, fund, draw(st.integers(1, needs[line]))) for line, fund in chosen]
    places = st.lists(st.integers(0, len(pairs) - 1), min_size=1, unique=True)
    limits = [
        Limit(f"limit {i}", tuple(sorted(draw(places))), draw(st.integers(0, 6)))
        for i in range(draw(st.integers(0, 4)))
    ]
    return needs, pairs, limits, {fund: draw(st.sampled_from((10, 20, 60))) for fund in funds}


@settings(max_examples=200, deadline=None)
@given(small_cases())
def test_no_other_whole_split_covers_more_or_prefers_better(case: Case) -> None:
    split = best_split(*case)
    reached = preferred([(p.fund, p.amount) for p in split.pieces], case[3])
    assert reached == best_by_trying_everything(case)


@settings(max_examples=100, deadline=None)
@given(small_cases(), st.randoms(use_true_random=False))
def test_the_order_in_which_things_are_named_changes_nothing(case: Case, chance: random.Random) -> None:
    needs, pairs, limits, tiers = case
    order = list(range(len(pairs)))
    chance.shuffle(order)
    moved = {old: new for new, old in enumerate(order)}
    other = [Limit(m.name, tuple(moved[i] for i in m.pairs), m.most) for m in limits]
    chance.shuffle(other)
    shuffled = dict(chance.sample(sorted(needs.items()), len(needs)))
    assert best_split(shuffled, [pairs[i] for i in order], other, tiers) == best_split(*case)


@settings(max_examples=100, deadline=None)
@given(small_cases())
def test_what_is_paid_and_what_is_not_add_up_to_what_was_needed_and_nothing_is_exceeded(case: Case) -> None:
    needs, pairs, limits, _ = case
    split = best_split(*case)
    amounts = paid(split)
    for line, need in needs.items():
        assert sum(a for (key, _), a in amounts.items() if key == line) + split.uncovered[line] == need
        assert bool(split.uncovered[line]) == bool(split.binding.get(line))
    for p in pairs:
        assert amounts.get((p.line, p.fund), 0) <= p.most
    for limit in limits:
        assert sum(amounts.get((pairs[i].line, pairs[i].fund), 0) for i in limit.pairs) <= limit.most


def test_a_greedy_split_would_leave_550_dollars_uncovered_and_this_one_none() -> None:
    needs = {"air": 90_000, "hotel": 60_000, "meals": 15_000}
    pairs = [
        *(pair(line, FED, need) for line, need in needs.items()),
        pair("air", AIRLINE, 80_000),
        *(pair(line, GENERAL, needs[line]) for line in ("hotel", "meals")),
    ]
    limits = [
        Limit("FED: balance", (0, 1, 2), 100_000),
        Limit("AIRLINE: balance", (3,), 80_000),
        Limit("GENERAL: trip limit", (4, 5), 10_000),
    ]
    split = best_split(needs, pairs, limits, {FED: 0, AIRLINE: 1, GENERAL: 2})
    assert split.uncovered == {"air": 0, "hotel": 0, "meals": 0}


def test_what_stays_uncovered_names_the_limits_that_are_used_up() -> None:
    needs = {"air": 90_000, "meals": 15_000}
    pairs = [pair("air", FED, 90_000), pair("meals", FED, 15_000), pair("air", AIRLINE, 30_000)]
    limits = [Limit("FED: trip limit", (0, 1), 60_000), Limit("AIRLINE: balance", (2,), 30_000)]
    split = best_split(needs, pairs, limits, {FED: 0, AIRLINE: 1})
    assert sum(split.uncovered.values()) == 15_000
    assert {name for names in split.binding.values() for name in names} <= {
        "FED: trip limit",
        "AIRLINE: balance",
    }
    assert any("FED: trip limit" in names for names in split.binding.values())


def test_a_line_no_source_may_pay_says_so() -> None:
    split = best_split({"air": 100, "papers": 50}, [pair("air", FED, 100)], [], {FED: 0})
    assert split.uncovered == {"air": 0, "papers": 50}
    assert split.binding["papers"] == ("no source may pay this line",)


def test_a_night_in_kind_and_cents_are_each_covered_for_themselves() -> None:
    pairs = [pair("room", GENERAL, 1, "lodging", "night"), pair("air", FED, 50_000)]
    split = best_split({"room": 1, "air": 50_000}, pairs, [], {FED: 1, GENERAL: 0})
    assert paid(split) == {("room", GENERAL): 1, ("air", FED): 50_000}


def test_the_certificate_holds_the_whole_split_in_whole_numbers() -> None:
    split = best_split({"air": 100}, [pair("air", FED, 70)], [Limit("balance", (0,), 60)], {FED: 0})
    assert split.pieces == (Piece("air", FED, "transport", "cents", 60),)
    certificate = split.certificate()
    assert certificate["pieces"] == [{"line": "air", "fund": str(FED), "unit": "cents", "amount": 60}]
    assert certificate["uncovered"] == {"air": 40}
    assert certificate["binding"] == {"air": ["balance"]}


@pytest.mark.parametrize("seed", [73, 81, 391])
def test_crossing_limits_over_large_amounts_are_not_a_cent_short(seed: int) -> None:
    """These were one cent below the best with the solver's default tolerance."""
    known_best = {73: 4_838_782, 81: 8_031_244, 391: 5_664_666}
    split = best_split(*crossing(seed))
    assert sum(p.amount for p in split.pieces) == known_best[seed]


def crossing(seed: int) -> Case:
    chance = random.Random(seed)
    big = 3_000_000
    lines, funds = chance.randint(2, 8), [UUID(int=i + 1) for i in range(chance.randint(2, 5))]
    categories = ["transport", "lodging", "meals"]
    needs = {f"l{i}": chance.randint(1, big) for i in range(lines)}
    of = {line: chance.choice(categories) for line in needs}
    pairs = [
        Pair(line, fund, of[line], "cents", chance.randint(1, needs[line]))
        for line in needs
        for fund in funds
        if chance.random() < 0.6
    ]
    balances = [(f, c, chance.randint(0, big)) for f in funds for c in categories]
    limits = [
        Limit(f"{f}{c}", tuple(i for i, p in enumerate(pairs) if (p.fund, p.budget_category) == (f, c)), most)
        for f, c, most in balances
    ]
    for k in range(chance.randint(0, 6)):
        some = tuple(i for i in range(len(pairs)) if chance.random() < 0.4)
        limits.append(Limit(f"cap{k}", some, chance.randint(0, 2 * big)))
    return needs, pairs, [m for m in limits if m.pairs], {f: chance.randint(0, 2) for f in funds}


def test_every_cost_category_belongs_to_a_budget_category() -> None:
    assert set(BUDGET_CATEGORY) == set(Category)
