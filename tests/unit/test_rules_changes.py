"""What would change a no, against trying every set of facts with every value."""

from __future__ import annotations

from itertools import combinations, product

import pytest
from hypothesis import given, settings

from reunify.rates.fields import FactValue
from reunify.rules import cells
from reunify.rules.answers import Answer, Change, Outcome
from reunify.rules.changes import what_would_change
from reunify.rules.decide import determine
from reunify.rules.judging import outcome_of
from reunify.rules.kleene import YES
from tests.unit.rule_books import DOMAINS, Case, cases, words
from tests.unit.rule_texts import SAFE, book, decided, requirement


def refused(case: Case, facts: dict[str, FactValue]) -> bool:
    return any(
        outcome_of(r, facts, words(), case.decisions) is Outcome.NOT_MET for r in case.book.requirements
    )


def by_trying(case: Case) -> set[frozenset[str]]:
    """Every smallest set that some values mend; empty when none does."""
    for size in range(1, len(case.used) + 1):
        found = {
            frozenset(names)
            for names in combinations(case.used, size)
            if any(
                not refused(case, {**case.facts, **dict(zip(names, values, strict=True))})
                for values in product(*(DOMAINS[n] for n in names))
            )
        }
        if found:
            return found
    return set()


@settings(max_examples=60, deadline=None)
@given(cases(tables=False))
def test_the_changes_are_every_smallest_set_and_any_values_they_name_end_the_no(case: Case) -> None:
    found = what_would_change(case.book, case.facts, words(), case.decisions)
    if not refused(case, case.facts):
        assert found == ()
        return
    sets = [frozenset(name for name, _ in change.facts) for change in found]
    assert len(sets) == len(set(sets))
    assert set(sets) == by_trying(case)
    for change in found:
        meeting = {
            name: [v for v in DOMAINS[name] if cells.parse(cell, words()[name]).holds(v) is YES]
            for name, cell in change.facts
        }
        assert all(meeting.values())
        for values in product(*meeting.values()):
            assert not refused(case, {**case.facts, **dict(zip(meeting, values, strict=True))})


def changes(*rules: str, facts: dict[str, FactValue]) -> tuple[Change, ...]:
    found = determine(book(*rules, words=words()), {**SAFE, **facts}, words())
    assert found.answer is Answer.INELIGIBLE
    return found.changes


def told(found: tuple[Change, ...]) -> list[dict[str, str]]:
    return [dict(change.facts) for change in found]


@pytest.mark.parametrize(
    ("condition", "facts", "expected"),
    [
        ('require: {age: "<= 4"}', {"age": 5}, [{"age": "<= 4"}]),
        ('deny_if: {age: ">= 3"}', {"age": 5}, [{"age": "<= 2"}]),
        ('deny_if: {income: "100.00..200.00"}', {"income": 15_001}, [{"income": ">= 200.01"}]),
        ('deny_if: {income: "100.00..200.00"}', {"income": 14_999}, [{"income": "<= 99.99"}]),
        ('deny_if: {age: "in 1, 5"}', {"age": 5}, [{"age": "not in 1, 5"}]),
        ('deny_if: {income: "> 100.00"}', {"income": 10_001}, [{"income": "<= 100.00"}]),
        ('deny_if: {income: "<= 100.00"}', {"income": 1}, [{"income": ">= 100.01"}]),
        ('deny_if: {held: "yes"}', {"held": True}, [{"held": "no"}]),
        ('deny_if: {kind: "= lost"}', {"kind": "lost"}, [{"kind": "not in lost"}]),
        ('deny_if: {kind: "in lost, taken"}', {"kind": "lost"}, [{"kind": "= runaway"}]),
        ('require: {kind: "in lost, taken"}', {"kind": "runaway"}, [{"kind": "in lost, taken"}]),
        ('deny_if: {travel_start: ">= 2026-03-10"}', {}, [{"travel_start": "<= 2026-03-09"}]),
        (
            'require_any: [{held: "yes"}, {age: "= 3"}]',
            {"held": False, "age": 1},
            [{"held": "yes"}, {"age": "= 3"}],
        ),
        (
            'require: {held: "yes", age: "= 3"}',
            {"held": False, "age": 1},
            [{"held": "yes", "age": "= 3"}],
        ),
    ],
)
def test_a_change_says_the_cell_a_fact_would_have_to_meet(
    condition: str, facts: dict[str, FactValue], expected: list[dict[str, str]]
) -> None:
    found = told(changes(requirement(condition), facts={"travel_start": DOMAINS["travel_start"][3], **facts}))
    assert sorted(map(sorted, (c.items() for c in found))) == sorted(
        map(sorted, (c.items() for c in expected))
    )


def test_a_larger_set_is_not_told_where_a_smaller_one_is_enough() -> None:
    rule = requirement('require_any: [{age: "= 3", report: "yes"}, {held: "yes"}]')
    assert told(changes(rule, facts={"held": False, "age": 1, "report": False})) == [{"held": "yes"}]


def test_facts_that_must_fit_each_other_are_told_as_cells_any_values_of_which_fit() -> None:
    rule = requirement('require_any: [{age: "= 3", size: "= 0"}, {age: "in 1, 5", size: "1..2"}]')
    assert told(changes(rule, facts={"age": 0, "size": 3})) == [{"age": "in 1, 5", "size": "1..2"}]
    wide = requirement('require_any: [{age: "in 3, 4", size: "= 0"}, {age: "= 4", size: "= 1"}]')
    assert told(changes(wide, facts={"age": 0, "size": 3})) == [{"age": "in 3, 4", "size": "= 0"}]


def test_two_limits_on_one_fact_are_told_as_one_cell() -> None:
    rules = [requirement('require: {age: ">= 3"}'), requirement('require: {age: "<= 4"}', name="XX-02")]
    assert told(changes(*rules, facts={"age": 6})) == [{"age": "3..4"}]


def test_a_change_that_breaks_another_requirement_brings_what_mends_that_too() -> None:
    rules = [
        requirement('require: {age: ">= 3"}'),
        requirement('require_any: [{age: "< 2"}, {held: "yes"}]', name="XX-02"),
    ]
    assert told(changes(*rules, facts={"age": 1, "held": False})) == [{"age": ">= 3", "held": "yes"}]


def test_a_change_is_for_the_family_only_if_it_can_mend_every_fact() -> None:
    rule = 'require_any: [{report: "yes"}, {held: "yes"}, {age: "= 3"}]'
    found = changes(requirement(rule), facts={"report": False, "held": False, "age": 1})
    assert {c.facts[0][0]: c.for_family for c in found} == {"report": True, "held": True, "age": False}
    pair = 'require: {report: "yes", age: "= 3"}'
    (both,) = changes(requirement(pair), facts={"report": False, "age": 1})
    assert not both.for_family


def test_a_no_that_a_person_said_outright_has_no_change() -> None:
    plain = requirement("decide_by: staff\n    question: {en: a, es: b}", confidence="UNVERIFIED")
    rules = book(plain, requirement('require: {held: "yes"}', name="XX-02"), words=words())
    found = determine(rules, {**SAFE, "held": False}, words(), {"XX-01": decided("not_met")})
    assert found.answer is Answer.INELIGIBLE
    assert found.changes == ()


def test_the_return_authority_is_told_to_staff_only() -> None:
    facts: dict[str, FactValue] = {"return_authority_decision": "not_safe_or_lawful", "held": True}
    found = determine(book(requirement('require: {held: "yes"}'), words=words()), facts, words())
    (change,) = found.changes
    assert change == Change((("return_authority_decision", "= safe_and_lawful"),), False)


def test_answers_other_than_a_no_of_ours_carry_no_changes() -> None:
    rules = book(requirement('require: {held: "yes"}'), words=words())
    for value in (True, None):
        assert determine(rules, {**SAFE, "held": value}, words()).changes == ()
    assert determine(rules, {**SAFE, "held": False}, words(), suspended=True).changes == ()
