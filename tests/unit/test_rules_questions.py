"""Only facts that can still change the answer are asked for, against trying everything they may be."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from hypothesis import given, settings

from reunify.rates.fields import FactValue, dictionary
from reunify.rules.answers import Answer
from reunify.rules.decide import determine
from tests.unit.rule_books import DOMAINS, Case, cases, words
from tests.unit.rule_texts import SAFE, book, decided, requirement


def completions(case: Case, leaving: str | None = None) -> Iterator[dict[str, FactValue]]:
    """The facts with everything that was unknown filled in, `leaving` apart."""
    unknown = [n for n in case.used if case.facts[n] is None and n != leaving]
    for values in product(*(DOMAINS[n] for n in unknown)):
        yield {**case.facts, **dict(zip(unknown, values, strict=True))}


def answer(case: Case, facts: dict[str, FactValue]) -> Answer:
    return determine(case.book, facts, words(), case.decisions).answer


def waited_for(case: Case) -> set[str]:
    """Facts for which the answer still waits although everything else became known some way or other."""
    return {
        name
        for name in case.used
        if case.facts[name] is None
        and any(answer(case, facts) is Answer.NEEDS_INFORMATION for facts in completions(case, name))
    }


@settings(max_examples=60, deadline=None)
@given(cases())
def test_a_fact_is_asked_for_exactly_if_the_answer_may_wait_for_it_alone(case: Case) -> None:
    found = determine(case.book, case.facts, words(), case.decisions)
    asked = {q.field for q in found.questions}
    if found.answer is not Answer.NEEDS_INFORMATION:
        assert asked == set()
        return
    expected = waited_for(case)
    if expected:
        assert asked == expected
    else:  # the rules contradict each other whatever is answered: nobody is left with nothing to answer
        assert asked
    for facts in completions(case):
        assert answer(case, facts) is not Answer.NEEDS_INFORMATION


def asked(*rules: str, facts: dict[str, FactValue]) -> list[str]:
    found = determine(book(*rules, words=words()), {**SAFE, **facts}, words())
    return [q.field for q in found.questions]


def test_a_fact_inside_a_group_that_another_group_makes_idle_is_not_asked_for() -> None:
    assert asked(requirement('require_any: [{held: "yes"}, {held: "yes", age: "= 3"}]'), facts={}) == ["held"]


def test_a_fact_that_matters_only_after_a_refusal_is_not_asked_for() -> None:
    rules = [
        requirement('require: {held: "yes"}'),
        requirement('deny_if: {held: "no", age: "> 1"}', name="XX-02"),
    ]
    assert asked(*rules, facts={}) == ["held"]


def test_both_facts_are_asked_for_while_either_may_settle_the_answer() -> None:
    assert asked(requirement('require_any: [{held: "yes"}, {report: "yes"}]'), facts={}) == ["held", "report"]


def test_requirements_that_cannot_both_hold_make_other_facts_idle() -> None:
    rules = [
        requirement('require: {age: "< 2"}'),
        requirement('require: {age: ">= 3"}', name="XX-02"),
        requirement('require: {held: "yes"}', name="XX-03"),
    ]
    assert asked(*rules, facts={}) == ["age"]


def test_the_missing_inputs_of_a_computed_fact_are_asked_for_instead_of_it() -> None:
    rules = book(requirement('require: {income_percent_of_limit: "<= 100"}'))
    found = determine(rules, {**SAFE, "household_size": 3}, dictionary())
    assert [q.field for q in found.questions] == ["household_income", "household_area"]


def test_what_a_person_attested_is_not_asked_for_again() -> None:
    rule = requirement('require: {held: "yes"}', more="attest: {owed_within: 10 days}")
    found = determine(book(rule, words=words()), SAFE, words(), {"XX-01": decided("attested")})
    assert found.answer is Answer.ELIGIBLE_PROVISIONAL
    assert found.questions == ()
