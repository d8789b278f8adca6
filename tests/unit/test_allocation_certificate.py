"""Whatever a certificate names is what stands in the way: checked by trying every split of small cases."""

from __future__ import annotations

from datetime import date
from itertools import combinations
from uuid import UUID

import pytest

from reunify.allocation import wider as wider_module
from reunify.allocation.case import canonical
from reunify.allocation.certificate import amount_words, sentences
from reunify.allocation.conflict import Conflict, Shortfall
from reunify.allocation.split import FundTerms, Kind, Limit, Pair, Rule, Split, best_split
from tests.unit.split_cases import (
    Given,
    amounts_of,
    covered,
    everything,
    most_covered,
    only,
    plain,
    small,
    wider,
)

FAMILY, AIRLINE, GENERAL = (UUID(int=i) for i in (1, 2, 3))
TERMS = {
    FAMILY: FundTerms(10, name="Family Travel Fund"),
    AIRLINE: FundTerms(20, name="Airline Partners"),
    GENERAL: FundTerms(60, name="General Fund"),
}
CASES = 260


def cases() -> list[tuple[Given, Split]]:
    found = []
    for seed in range(CASES):
        given = small(seed) if seed % 2 else plain(small(seed))
        found.append((given, best_split(*given)))
    return found


@pytest.fixture(scope="module")
def explained() -> list[tuple[Given, Split]]:
    return cases()


Explained = list[tuple[Given, Split]]


def test_one_cent_more_of_a_limit_named_alone_covers_one_more(explained: Explained) -> None:
    seen = 0
    for given, split in explained:
        most = most_covered(given)
        for short in split.shortfalls:
            for rule in short.alone:
                gained = most_covered(wider(given, [rule]))[short.unit] - most[short.unit]
                assert gained >= 1
                if given == plain(given):
                    assert gained == 1  # minimums and matches alone let one cent draw others after it
                seen += 1
    assert seen > 100


def test_limits_named_together_cover_more_only_together(explained: Explained) -> None:
    seen = 0
    for given, split in explained:
        most = most_covered(given)
        for short in split.shortfalls:
            for rules in short.together:
                assert 2 <= len(rules) <= 3
                assert not set(rules) & set(short.alone)
                assert most_covered(wider(given, rules))[short.unit] > most[short.unit]
                for rule in rules:
                    assert not is_more_for(wider(given, set(rules) - {rule}), split, short)
                seen += 1
    assert seen > 10


def is_more_for(given: Given, split: Split, short: Shortfall) -> bool:
    """Whether one more can be covered while no line but this one gets more than it has."""
    has = {line: need - split.uncovered[line] for line, need in given[0].items()}
    now = {u: sum(p.amount for p in split.pieces if p.unit == u) for u in {p.unit for p in given[1]}}
    now[short.unit] += 1
    for amounts in everything(given):
        got = dict.fromkeys(has, 0)
        for pair, amount in zip(given[1], amounts, strict=True):
            got[pair.line] += amount
        others = all(got[line] <= has[line] for line in has if line != short.line)
        if others and all(covered(given, amounts, unit) >= least for unit, least in now.items()):
            return True
    return False


def used_up(given: Given, split: Split) -> list[Rule]:
    """Limits, and the most a source may pay of a line, that the split takes whole."""
    taken = list(zip(given[1], amounts_of(given, split), strict=True))
    full = {m.name for m in given[2] if m.pairs and sum(taken[i][1] for i in m.pairs) == m.most}
    most = {(p.line, p.fund) for p, amount in taken if amount == p.most}
    return [
        r
        for r in rules_of(given)
        if (r.kind is Kind.LIMIT and r.name in full) or (r.kind is Kind.MOST and (r.line, r.fund) in most)
    ]


def test_no_set_of_one_or_two_limits_is_left_out(explained: Explained) -> None:
    """Of those that are used up, whatever minimums and matches there are besides."""
    seen = 0
    for given, split in explained:
        for short in split.shortfalls:
            assert short.complete
            named = [{rule} for rule in short.alone] + [set(rules) for rules in short.together]
            for size in (1, 2):
                for rules in combinations(used_up(given, split), size):
                    if not any(of <= set(rules) for of in named):
                        assert not is_more_for(wider(given, rules), split, short)
                        seen += 1
    assert seen > 300


def test_a_search_for_sets_that_is_cut_short_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wider_module, "BRANCHES_OF_SETS", 0)
    short = [s for _, split in cases() for s in split.shortfalls]
    assert {s.complete for s in short} == {True, False}
    kept = [best_split(*small(seed)).certificate() for seed in range(1, 40, 2)]
    assert {s["complete"] for one in kept for s in one["shortfalls"]} == {True, False}


def is_paid(given: Given, lines: set[str]) -> bool:
    return any(
        a > 0
        for amounts in everything(given)
        for p, a in zip(given[1], amounts, strict=True)
        if p.line in lines
    )


def is_possible(given: Given, split: Split, short: Shortfall) -> bool:
    """What the conflict of this line is about: any of it, or one more of it."""
    nothing = short.amount == short.need and not is_paid(given_of[id(split)], {short.line})
    return is_paid(given, {short.line}) if nothing else is_more_for(given, split, short)


given_of: dict[int, Given] = {}


def test_a_conflict_set_conflicts_and_without_any_one_of_its_rules_does_not(explained: Explained) -> None:
    seen = 0
    given_of.update({id(split): given for given, split in explained})
    for given, split in explained:
        for short in split.shortfalls:
            if short.conflict is None:
                continue
            rules = set(short.conflict.rules)
            assert not is_possible(only(given, rules), split, short)
            for rule in rules:
                assert is_possible(only(given, rules - {rule}), split, short)
            seen += 1
    assert seen > 60


def test_when_nothing_can_be_paid_the_smallest_set_says_why(explained: Explained) -> None:
    seen = 0
    for given, split in explained:
        lines = set(given[0])
        if split.conflict is None:
            assert split.pieces or not is_paid(given, lines)
            continue
        rules = set(split.conflict.rules)
        assert not is_paid(only(given, rules), lines)
        for rule in rules:
            assert is_paid(only(given, rules - {rule}), lines)
        seen += 1
    assert seen > 15


def test_dropping_one_rule_is_said_to_be_enough_only_when_it_is(explained: Explained) -> None:
    for given, split in explained:
        if split.conflict is None:
            continue
        every = set(rules_of(given))
        for rule in split.conflict.rules:
            if split.conflict.enough:
                assert is_paid(only(given, every - {rule}), set(given[0]))


def rules_of(given: Given) -> list[Rule]:
    return list(canonical(*given).rules)


def offered(needs: dict[str, int], *may: tuple[str, UUID]) -> list[Pair]:
    return [Pair(line, fund, "x", "cents", needs[line], "rule 4(b)") for line, fund in may]


def test_the_sentence_names_each_limit_as_staff_know_it() -> None:
    needs = {"air": 90_000, "hotel": 60_000, "meals": 15_000}
    pairs = offered(
        needs,
        *((line, FAMILY) for line in needs),
        ("air", AIRLINE),
        ("hotel", GENERAL),
        ("meals", GENERAL),
    )
    limits = [
        Limit("Family Travel Fund: trip limit", (0, 1, 2), 60_000, "policy 5(a)"),
        Limit("Airline Partners: transport balance", (3,), 80_000),
        Limit("General Fund: trip limit", (4, 5), 10_000),
    ]
    said = sentences(
        best_split(needs, pairs, limits, TERMS).certificate(), lines={"air": "Air fare", "meals": "Meals"}
    )
    assert said == [
        "Air fare is $100 short: Family Travel Fund's trip limit (policy 5(a)), Airline Partners' transport "
        "balance and General Fund's trip limit are all used up.",
        "Meals are $50 short: Family Travel Fund's trip limit (policy 5(a)) and General Fund's trip limit "
        "are both used up.",
    ]


def said_of(need: int, limits: list[Limit], terms: FundTerms, most: int | None = None) -> list[str]:
    pair = Pair("meals", FAMILY, "x", "cents", need if most is None else most, "rule 4(b)")
    return sentences(
        best_split({"meals": need}, [pair], limits, {FAMILY: terms}).certificate(), lines={"meals": "Meals"}
    )


def test_each_kind_of_rule_has_its_words() -> None:
    fund = TERMS[FAMILY]
    at_60 = Limit("Family Travel Fund: meals balance", (0,), 6_000)
    rule = Limit("Family Travel Fund: its rules allow $60.00 for one trip (policy 5)", (0,), 6_000)
    assert said_of(10_000, [at_60, rule], fund) == [
        "Meals are $40 short: what Family Travel Fund's rules allow, $60.00 for one trip (policy 5) and "
        "Family Travel Fund's meals balance would have to be raised together."
    ]
    assert said_of(10_000, [], fund, most=9_950) == [
        "Meals are $0.50 short: the most Family Travel Fund may pay of this line ($99.50) is used up."
    ]
    assert said_of(10_000, [at_60], FundTerms(10, minimum_grant=8_000, name="Family Travel Fund")) == [
        "Nothing can be paid. Family Travel Fund's meals balance of $60 and Family Travel Fund's minimum of "
        "$80 for one trip cannot both be kept if more is to be paid; without any one of them, it could."
    ]
    assert said_of(10_000, [at_60], FundTerms(10, minimum_slice=7_000, name="Family Travel Fund"))[
        0
    ].startswith(
        "Nothing can be paid. Family Travel Fund's meals balance of $60 and Family Travel Fund's minimum of "
        "$70 for one line cannot both be kept"
    )
    assert said_of(10_000, [], FundTerms(10, match_percent=25, name="Family Travel Fund")) == [
        "Nothing can be paid. Family Travel Fund's match (25 cents of other cash for every 100) stands in "
        "the way if more is to be paid."
    ]


def test_other_rules_in_the_way_are_mentioned() -> None:
    limits = [Limit(f"Family Travel Fund: {what}", (0,), 0) for what in ("meals balance", "trip limit")]
    assert said_of(10_000, limits, TERMS[FAMILY]) == [
        "Nothing can be paid. Family Travel Fund's meals balance of $0 stands in the way if more is to be "
        "paid, and other rules stand in the way as well."
    ]


def test_a_line_without_a_source_says_so_and_an_old_certificate_says_what_it_knew() -> None:
    assert sentences(best_split({"papers": 500}, [], [], {}).certificate()) == [
        "papers are $5 short: no source may pay this line."
    ]
    old = {"pieces": [], "uncovered": {"meals": 5}, "binding": {"meals": ["Public cash: trip limit"]}}
    assert sentences(old, lines={"meals": "Meals"}) == ["Meals are short: Public cash: trip limit."]


@pytest.mark.parametrize(
    ("amount", "unit", "said"),
    [
        (15_000, "cents", "$150"),
        (15_025, "cents", "$150.25"),
        (1, "night", "1 night"),
        (2_000, "mile", "2,000 miles"),
    ],
)
def test_amounts_are_written_as_people_write_them(amount: int, unit: str, said: str) -> None:
    assert amount_words(amount, unit) == said


def test_a_certificate_gives_the_basis_of_each_piece_and_never_when_money_lapses() -> None:
    terms = {FAMILY: FundTerms(10, expires=date(2026, 12, 31), soonest_first=True, name="Family Travel Fund")}
    split = best_split({"air": 100}, offered({"air": 100}, ("air", FAMILY)), [Limit("x", (0,), 60)], terms)
    kept = split.certificate()
    assert [p["basis"] for p in kept["pieces"]] == ["rule 4(b)"]
    assert all(word not in str(kept).lower() for word in ("2026", "expire", "lapse", "soonest"))


def test_a_conflict_is_kept_with_its_parts() -> None:
    rule = Rule(Kind.LIMIT, "a", amount=5)
    kept = Split((), {}, conflict=Conflict((rule,), enough=False)).certificate()["conflict"]
    assert kept["rules"][0] | {"kind": "limit", "amount": 5} == kept["rules"][0]
    assert (kept["enough"], kept["smallest"]) == (False, True)
    assert amounts_of(({}, [], [], {}), Split((), {})) == []
