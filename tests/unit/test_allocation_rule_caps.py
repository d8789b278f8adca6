"""What a source's rules let it pay is never exceeded by a split, whoever the costs belong to."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reunify.allocation.policy import LineNeed, RuleCap, counted, over_the_caps, rule_words, within_split
from reunify.allocation.split import FundTerms, Limit, Pair, best_split
from reunify.intake.form import Category

FUNDS = {"own": UUID(int=1), "far": UUID(int=2)}
WHO = ("mother", "child")
LEGS = ("out", "back")


def need(
    key: str,
    ceiling: int,
    *,
    category: Category = Category.AIR_FARE,
    traveler: str | None = None,
    leg: str | None = None,
    fund: str = "own",
) -> LineNeed:
    return LineNeed(
        key, category, "advance", "p", fund, "cents", ceiling, ceiling, "rule 1", 10, traveler, leg
    )


def granted(needs: Sequence[LineNeed], caps: Sequence[RuleCap]) -> list[tuple[LineNeed, int]]:
    """The best split under these caps and nothing else, for two travelers on two legs."""
    pairs = [Pair(n.key, FUNDS[n.fund_code], "transport", n.unit, n.ceiling, n.basis) for n in needs]
    limits = [
        Limit(rule_words(cap, cap.fund_code, "cents"), places, most)
        for cap in caps
        for places, most in within_split(cap, needs, travelers=2, legs=2)
        if places
    ]
    wanted = {n.key: n.ceiling for n in needs}
    split = best_split(wanted, pairs, limits, {fund: FundTerms(10) for fund in FUNDS.values()})
    taken = {(p.line, p.fund): p.amount for p in split.pieces}
    return [(n, taken.get((n.key, FUNDS[n.fund_code]), 0)) for n in needs]


def total(found: Sequence[tuple[LineNeed, int]], fund: str = "own") -> int:
    return sum(amount for n, amount in found if n.fund_code == fund)


@pytest.mark.parametrize(("cap", "paid"), [(69_999, 69_999), (70_000, 70_000), (70_001, 70_000)])
def test_a_trip_is_paid_under_at_and_not_over_what_the_rules_allow(cap: int, paid: int) -> None:
    needs = [need("fare", 40_000), need("room", 30_000, category=Category.LODGING)]
    assert total(granted(needs, [RuleCap("own", "trip", None, cap, "policy 5")])) == paid


def test_a_cap_of_one_cost_leaves_the_others_alone_and_other_funds_too() -> None:
    needs = [
        need("fare", 40_000),
        need("room", 30_000, category=Category.LODGING),
        need("night", 30_000, category=Category.LODGING, fund="far"),
    ]
    found = granted(needs, [RuleCap("own", "family", "lodging", 10_000, "policy 5")])
    assert [amount for _, amount in found] == [40_000, 10_000, 30_000]


def test_each_traveler_has_a_part_and_a_shared_cost_never_takes_more_than_all_parts() -> None:
    cap = RuleCap("own", "traveler", None, 25_000, "policy 6")
    own = [need("a", 40_000, traveler="mother"), need("b", 10_000, traveler="child")]
    assert [amount for _, amount in granted(own, [cap])] == [25_000, 10_000]
    shared = [*own, need("room", 60_000)]
    assert total(granted(shared, [cap])) == 50_000


def test_each_leg_has_a_part() -> None:
    cap = RuleCap("own", "leg", "air_fare", 20_000, "policy 7")
    needs = [need("a", 30_000, leg="out"), need("b", 5_000, leg="back"), need("both", 90_000)]
    found = granted(needs, [cap])
    assert (found[0][1] <= 20_000, total(found)) == (True, 40_000)


@pytest.mark.parametrize(("used", "paid"), [(0, 40_000), (1, 0), (2, 0)])
def test_once_in_a_lifetime_means_once(used: int, paid: int) -> None:
    cap = RuleCap("own", "lifetime_uses", None, 1, "policy 8", used)
    assert total(granted([need("fare", 40_000)], [cap])) == paid


def test_only_whole_trips_families_and_children_are_counted_over_several_requests() -> None:
    scopes = ("trip", "family", "child", "traveler", "leg", "lifetime_uses")
    assert [s for s in scopes if counted(RuleCap("own", s, None, 1, ""))] == ["trip", "family", "child"]
    assert counted(RuleCap("own", "child", "lodging", 1, ""))


def test_the_rule_is_named_in_plain_words_with_its_citation() -> None:
    caps = [
        RuleCap("own", "trip", None, 200_000, "policy 5(a)"),
        RuleCap("own", "traveler", "meals", 9_000, "policy 6"),
        RuleCap("own", "lifetime_uses", None, 1, "policy 8"),
    ]
    assert [rule_words(cap, "Own Fund", "cents") for cap in caps] == [
        "Own Fund: its rules allow $2,000.00 for one trip (policy 5(a))",
        "Own Fund: its rules allow $90.00 of meals for each traveler (policy 6)",
        "Own Fund: its rules help once for one child, and that is used up (policy 8)",
    ]
    assert rule_words(RuleCap("n", "child", None, 2, "1"), "Rooms", "night").startswith(
        "Rooms: its rules allow 2 nights for one child"
    )


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        (
            "child",
            "$5.00 of meals for one trip; they count it for one child, and whose trip this is is not known",
        ),
        (
            "family",
            "$5.00 of meals for one trip; they count it for one family, and whose trip this is is not known",
        ),
        ("trip", "$5.00 of meals for one trip"),
    ],
)
def test_a_cap_that_can_only_count_over_one_trip_says_so(scope: str, said: str) -> None:
    cap = RuleCap("own", scope, "meals", 500, "policy 5")
    assert rule_words(cap, "Own", "cents", child_known=False) == f"Own: its rules allow {said} (policy 5)"


needs_drawn = st.lists(
    st.builds(
        need,
        key=st.uuids().map(str),
        ceiling=st.integers(1, 9),
        category=st.sampled_from([Category.AIR_FARE, Category.LODGING]),
        traveler=st.sampled_from([None, *WHO]),
        leg=st.sampled_from([None, *LEGS]),
        fund=st.sampled_from(sorted(FUNDS)),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda n: n.key,
)
caps_drawn = st.lists(
    st.builds(
        RuleCap,
        fund_code=st.sampled_from(sorted(FUNDS)),
        scope=st.sampled_from(["trip", "family", "child", "traveler", "leg"]),
        category=st.sampled_from([None, "air_fare", "lodging"]),
        at_most=st.integers(0, 12),
        cite=st.just("policy"),
    ),
    max_size=4,
)


@settings(max_examples=150, deadline=None)
@given(needs_drawn, caps_drawn)
def test_no_split_ever_gives_a_fund_more_than_any_cap_of_its_rules(
    needs: list[LineNeed], caps: list[RuleCap]
) -> None:
    found = granted(needs, caps)
    assert not over_the_caps(found, caps, travelers=2, legs=2)
    for cap in caps:
        mine = [(n, a) for n, a in found if n.fund_code == cap.fund_code]
        mine = [(n, a) for n, a in mine if cap.category in (None, n.category.value)]
        if cap.scope in ("trip", "family", "child"):
            assert sum(a for _, a in mine) <= cap.at_most
        else:
            for whose in WHO if cap.scope == "traveler" else LEGS:
                assert sum(a for n, a in mine if whose in (n.traveler, n.leg)) <= cap.at_most
            assert sum(a for _, a in mine) <= 2 * cap.at_most


@given(st.integers(0, 20), st.integers(0, 20))
def test_what_was_granted_before_is_over_only_above_the_cap(amount: int, cap: int) -> None:
    granted_before = [(need("fare", 20), amount)]
    found = over_the_caps(granted_before, [RuleCap("own", "trip", None, cap, "p")], travelers=1, legs=1)
    assert found == (amount > cap)
