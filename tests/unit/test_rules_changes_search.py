"""The search for what would change a no: its arithmetic, facts nobody can work out, when it is too long."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

import pytest
from hypothesis import given, settings

from reunify.rates.fields import Dictionary, FactValue
from reunify.rules import changes
from reunify.rules.answers import Outcome
from reunify.rules.changes import what_would_change
from reunify.rules.group_bits import book_bits
from reunify.rules.judging import outcome_of
from reunify.rules.model import Rulebook
from tests.unit.rule_books import DOMAINS, Case, cases, words
from tests.unit.rule_texts import SAFE, book, decided, requirement

WORKED_OUT = {"size": ("age", "held"), "kind": ("report",), "income": ("size",)}


def computing() -> Dictionary:
    """The same facts, three of them worked out from others."""
    fields = words().fields
    computed = {name: replace(fields[name], computed_from=inputs) for name, inputs in WORKED_OUT.items()}
    return Dictionary({**fields, **computed}, words().body + b"# computed")


def refused(case: Case, facts: dict[str, FactValue]) -> bool:
    judged = (facts, computing(), case.decisions)
    return any(outcome_of(rule, *judged) is Outcome.NOT_MET for rule in case.book.requirements)


def mends(case: Case, names: tuple[str, ...]) -> bool:
    return any(
        not refused(case, {**case.facts, **dict(zip(names, values, strict=True))})
        for values in product(*(DOMAINS[name] for name in names))
    )


@settings(max_examples=60, deadline=None)
@given(cases(tables=False))
def test_a_requirement_is_refused_where_one_added_to_its_broken_groups_reaches_its_guard(case: Case) -> None:
    bits = book_bits(case.book, words())
    broken = 0
    for fact in bits.facts:
        broken |= fact.standing(case.facts[fact.name]).broken
    for rule in bits.rules:
        assert rule is not None
        reached = ((broken ^ bits.turned) + bits.ones) & rule.guards & bits.sure
        assert bool(reached) is (outcome_of(rule.rule, case.facts, words(), {}) is Outcome.NOT_MET)


@settings(max_examples=60, deadline=None)
@given(cases(tables=False))
def test_facts_that_nobody_can_work_out_are_searched_as_well_as_any(case: Case) -> None:
    found = what_would_change(case.book, case.facts, computing(), case.decisions)
    sets = {frozenset(name for name, _ in change.facts) for change in found}
    smallest = min((len(names) for names in sets), default=len(case.used) + 1)
    if not refused(case, case.facts):
        assert not found
        return
    for size in range(1, min(smallest, len(case.used)) + 1):
        by_trying = {frozenset(names) for names in combinations(case.used, size) if mends(case, names)}
        assert by_trying == (sets if size == smallest else set())


@settings(max_examples=60, deadline=None)
@given(cases(tables=False))
def test_facts_looked_at_each_by_itself_tell_what_all_their_combinations_tell(case: Case) -> None:
    found = what_would_change(case.book, case.facts, words(), case.decisions)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changes, "_Search", Counting)
        assert what_would_change(case.book, case.facts, words(), case.decisions) == found


class Counting(changes._Search):
    def __init__(self, *about: object, counting: bool) -> None:
        super().__init__(*about, counting=True)  # type: ignore[arg-type]


def test_a_no_that_stands_because_a_fact_cannot_be_worked_out_ends_with_that_fact() -> None:
    rules = book(requirement('require: {size: "< 2"}'), words=words())
    facts: dict[str, FactValue] = {**SAFE, "size": None, "age": 3, "held": True}
    found = what_would_change(rules, facts, computing(), {"XX-01": decided("not_met")})
    assert [change.facts for change in found] == [(("size", "< 2"),)]
    assert what_would_change(rules, facts, words(), {"XX-01": decided("not_met")}) == ()


def test_a_no_that_a_person_said_to_a_condition_ends_with_whatever_meets_the_condition() -> None:
    unsure = requirement('require: {age: ">= 3"}', confidence="MEDIUM")
    rules = book(
        unsure, requirement('require_any: [{age: "= 1"}, {held: "yes"}]', name="XX-02"), words=words()
    )
    facts: dict[str, FactValue] = {**SAFE, "age": 1, "held": False}
    found = what_would_change(rules, facts, words(), {"XX-01": decided("not_met")})
    assert [dict(change.facts) for change in found] == [{"age": ">= 3", "held": "yes"}]


def test_a_value_the_dictionary_no_longer_knows_may_become_any_it_knows() -> None:
    rules = book(requirement('require: {kind: "in lost, taken", age: "<= 6"}'), words=words())
    found = what_would_change(rules, {**SAFE, "kind": "elsewhere", "age": 7}, words())
    assert [dict(change.facts) for change in found] == [{"kind": "in lost, taken", "age": "<= 6"}]


def tangle() -> tuple[Rulebook, dict[str, FactValue]]:
    """One requirement of five facts, and others that never refuse but tell many kinds of value apart."""
    wanted = 'require: {age: "= 6", size: "= 3", income: "> 200.00", kind: "= taken", held: "yes"}'
    apart = [f'require: {{age: "<= {n}", size: "<= {n // 2}", income: "<= {n}.00"}}' for n in range(1, 6)]
    kinds = 'require: {kind: "= lost"}'
    asking = [
        requirement(condition, confidence="MEDIUM", name=f"XX-{n:02}")
        for n, condition in enumerate([*apart, kinds], 2)
    ]
    facts: dict[str, FactValue] = {"age": 0, "size": 0, "income": 0, "kind": "runaway", "held": False}
    return book(requirement(wanted), *asking, words=words()), {**SAFE, **facts}


def test_a_search_that_is_too_long_only_by_what_it_may_have_saved_still_tells(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    began: list[bool] = []

    class Watched(changes._Search):
        def __init__(self, *about: object, counting: bool) -> None:
            began.append(counting)
            super().__init__(*about, counting=counting)  # type: ignore[arg-type]

    monkeypatch.setattr(changes, "_Search", Watched)
    rules, facts = tangle()
    (change,) = what_would_change(rules, facts, words())
    assert dict(change.facts) == {
        "age": "= 6", "held": "yes", "income": "> 200.00", "kind": "= taken", "size": "= 3"
    }  # fmt: skip
    assert began == [False, True]


def test_a_no_so_tangled_that_its_combinations_are_too_many_tells_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(changes, "_TRIES", 100)
    rules, facts = tangle()
    assert what_would_change(rules, facts, words()) == ()
