"""Three-valued logic, every form of a cell, and the words of every load error."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from reunify.rates.closed_yaml import RuleFileBroken
from reunify.rates.fields import FactValue, dictionary
from reunify.rules import cells
from reunify.rules.answers import Answer, Outcome
from reunify.rules.cells import NotACell
from reunify.rules.decide import determine
from reunify.rules.kleene import NO, UNKNOWN, YES, Truth, both, either, opposite
from reunify.rules.reading import compile_rulebook
from tests.unit.rule_texts import HEAD, RETURN, SAFE, book, decided, requirement

N, U, Y = NO, UNKNOWN, YES


@pytest.mark.parametrize(
    ("a", "b", "conjunction", "disjunction"),
    [
        (N, N, N, N),
        (N, U, N, U),
        (N, Y, N, Y),
        (U, N, N, U),
        (U, U, U, U),
        (U, Y, U, Y),
        (Y, N, N, Y),
        (Y, U, U, Y),
        (Y, Y, Y, Y),
    ],
)
def test_strong_kleene_tables(a: Truth, b: Truth, conjunction: Truth, disjunction: Truth) -> None:
    assert both([a, b]) is conjunction
    assert either([a, b]) is disjunction


def test_not_leaves_unknown_unknown_and_de_morgan_holds() -> None:
    assert [opposite(t) for t in (N, U, Y)] == [Y, U, N]
    for a, b in product((N, U, Y), repeat=2):
        assert opposite(both([a, b])) is either([opposite(a), opposite(b)])


def test_nothing_to_hold_is_yes_and_nothing_to_choose_is_no() -> None:
    assert both([]) is YES
    assert either([]) is NO


@pytest.mark.parametrize(
    ("field", "cell", "value", "expected"),
    [
        ("child_age_now", "-", None, Y),
        ("child_age_now", "= 15", 15, Y),
        ("child_age_now", "= 15", 16, N),
        ("child_age_now", "< 18", 17, Y),
        ("child_age_now", "< 18", 18, N),
        ("child_age_now", "<= 18", 18, Y),
        ("child_age_now", "<= 18", 19, N),
        ("child_age_now", "> 12", 13, Y),
        ("child_age_now", "> 12", 12, N),
        ("child_age_now", ">= 12", 12, Y),
        ("child_age_now", ">= 12", 11, N),
        ("child_age_now", "12..17", 12, Y),
        ("child_age_now", "12..17", 17, Y),
        ("child_age_now", "12..17", 11, N),
        ("child_age_now", "12..17", 18, N),
        ("child_age_now", "in 5, 7", 7, Y),
        ("child_age_now", "in 5, 7", 6, N),
        ("child_age_now", "not in 5, 7", 6, Y),
        ("child_age_now", "not in 5, 7", 5, N),
        ("child_recovered", "yes", True, Y),
        ("child_recovered", "yes", False, N),
        ("child_recovered", "no", False, Y),
        ("child_recovered", "= no", True, N),
        ("purpose", "= visit_child", "visit_child", Y),
        ("purpose", "in visit_child, attend_hearing", "bring_child_home", N),
        ("household_income", "<= 1284.50", 128_450, Y),
        ("household_income", "<= 1284.50", 128_451, N),
        ("household_income", "1,000..2,000", 100_000, Y),
        ("travel_start", ">= 2026-10-01", date(2026, 10, 1), Y),
        ("travel_start", ">= 2026-10-01", date(2026, 9, 30), N),
        ("travel_start", "2026-01-01..2026-12-31", date(2026, 12, 31), Y),
    ],
)
def test_a_cell_holds_at_its_limit_and_not_past_it(
    field: str, cell: str, value: FactValue, expected: Truth
) -> None:
    assert cells.parse(cell, dictionary()[field]).holds(value) is expected


@pytest.mark.parametrize(
    ("field", "cell"),
    [
        ("child_age_now", "= 1"),
        ("child_age_now", "< 1"),
        ("child_age_now", "1..2"),
        ("child_age_now", "in 1, 2"),
        ("child_age_now", "not in 1, 2"),
        ("child_recovered", "yes"),
        ("child_recovered", "no"),
    ],
)
def test_an_unknown_fact_is_unknown_in_every_form(field: str, cell: str) -> None:
    assert cells.parse(cell, dictionary()[field]).holds(None) is UNKNOWN


@pytest.mark.parametrize(
    ("field", "cell", "found", "allowed"),
    [
        ("child_age_now", "", "``", "-, = v"),
        ("child_age_now", "18", "`18`", "-, = v"),
        ("child_age_now", "< 1 8 foo", "`1 8 foo`", "a whole number 0..40"),
        ("child_age_now", "<18", "`<18`", "-, = v"),
        ("child_age_now", "= ten", "`ten`", "a whole number"),
        ("child_age_now", "= 41", "`41`", "0..40"),
        ("child_age_now", "17..12", "`17..12`", "the smaller end first"),
        ("child_age_now", "in 5, 5", "twice", "each value once"),
        ("child_age_now", "in 5,", "``", "a whole number"),
        ("child_age_now", "yes", "`yes`", "-, = v"),
        ("child_recovered", "> yes", "yes_no", "=, in"),
        ("case_type", "= family_abducton", "`family_abducton`", "family_abduction"),
        ("case_type", "a..b", "choice", "=, in"),
        ("household_income", "<= 12.345", "`12.345`", "1284.50"),
        ("household_income", "<= -5", "`-5`", "1284.50"),
        ("travel_start", "> 10/01/2026", "`10/01/2026`", "2026-09-30"),
        ("travel_start", "= 20261001", "`20261001`", "2026-09-30"),
        ("child_age_now", "< 18 and > 3", "`18 and > 3`", "a whole number"),
        ("child_age_now", "__import__('os')", "`__import__('os')`", "-, = v"),
    ],
)
def test_a_cell_that_cannot_be_read_says_what_is_allowed(
    field: str, cell: str, found: str, allowed: str
) -> None:
    with pytest.raises(NotACell) as wrong:
        cells.parse(cell, dictionary()[field])
    assert found in wrong.value.found
    assert allowed in wrong.value.allowed


@pytest.mark.parametrize(
    ("age", "income", "expected"),
    [(18, 500, "not_met"), (18, 100, "met"), (18, None, "unknown"), (3, None, "met"), (None, 100, "met")],
)
def test_deny_if_refuses_only_when_every_cell_holds(
    age: int | None, income: int | None, expected: str
) -> None:
    rules = book(requirement('deny_if: {child_age_now: ">= 18", income_percent_of_limit: "> 400"}'))
    facts: dict[str, FactValue] = {**SAFE, "child_age_now": age, "income_percent_of_limit": income}
    assert determine(rules, facts, dictionary()).results[0].outcome == expected


def test_only_facts_that_can_still_change_the_answer_are_asked() -> None:
    rules = book(
        requirement(
            'require_any: [{child_recovered: "yes", child_age_now: "< 18"}, {held_over_24_hours: "yes"}]'
        )
    )
    facts: dict[str, FactValue] = {**SAFE, "child_recovered": False}
    asked = determine(rules, facts, dictionary()).questions
    assert [q.field for q in asked] == ["held_over_24_hours"]


def test_a_medium_rule_asks_a_person_and_the_persons_decision_counts() -> None:
    rules = book(requirement('require: {child_age_now: "< 18"}', confidence="MEDIUM"))
    facts: dict[str, FactValue] = {**SAFE, "child_age_now": 19}
    words = dictionary()
    assert determine(rules, facts, words).answer is Answer.NEEDS_STAFF_DECISION
    assert determine(rules, facts, words, {"XX-01": decided("met")}).answer is Answer.ELIGIBLE
    assert determine(rules, facts, words, {"XX-01": decided("not_met")}).answer is Answer.INELIGIBLE


def test_the_return_authority_cannot_be_decided_by_anything_but_its_own_fact() -> None:
    found = determine(
        book(requirement('require: {child_age_now: "-"}')),
        {},
        dictionary(),
        {"XX-99": decided("met")},
    )
    assert found.results[-1].outcome is Outcome.NEEDS_STAFF
    assert found.answer is Answer.NEEDS_STAFF_DECISION


def test_a_place_without_a_published_guideline_goes_to_a_person_instead_of_a_question() -> None:
    rules = book(requirement('require: {income_percent_of_limit: "<= 100"}'))
    facts: dict[str, FactValue] = {
        **SAFE,
        "household_size": 3,
        "household_income": 1,
        "household_area": "none_published",
    }
    found = determine(rules, facts, dictionary())
    assert found.answer is Answer.NEEDS_STAFF_DECISION
    assert found.questions == ()
    assert determine(rules, facts, dictionary(), {"XX-01": decided("met")}).answer is Answer.ELIGIBLE


FINE = requirement('require: {child_age_now: "< 18"}')


@pytest.mark.parametrize(
    ("text", "where", "found", "allowed"),
    [
        ("", "whole file", "no `name: value` lines", "a mapping"),
        ("- a", "whole file", "no `name: value` lines", "a mapping"),
        ("a: [", "line", "", "indented by spaces"),
        ("a: &x 1\nb: *x", "line 1", "an anchor", "written out"),
        ("a: !!python/object:os.system 1", "line 1", "a tag", "plain text"),
        ("a: 1\na: 2", "line 2", "`a` written twice", ""),
        ("? [a]\n: b", "line 1", "a key that is not text", ""),
        ("b: 2\na: \x00", "line 2", "hidden or control", "visible"),
        (HEAD + FINE, "requirements", "no return authority", "decide_by: staff"),
        (HEAD.replace("held", "ours") + FINE + RETURN, "`kind`", "`ours`", "held, asked, elsewhere"),
        (HEAD.replace("cents", "euro") + FINE + RETURN, "`unit`", "`euro`", "cents, night"),
        (HEAD.replace("2026-01-01", "soon") + FINE + RETURN, "`from`", "`soon`", "2026-01-01"),
        (HEAD.replace("travel_start", "purpose") + FINE + RETURN, "`basis`", "`purpose`", "a date fact"),
        (HEAD.replace("source:", "sauce:") + FINE + RETURN, "`source`", "nothing", "required"),
        ("extra: 1\n" + HEAD + FINE + RETURN, "`extra`", "not known", "source"),
        (HEAD + FINE + FINE + RETURN, "`id`", "`XX-01`", "each once"),
        (HEAD + requirement("nothing: 1") + RETURN, "XX-01", "none of them", "exactly one of require"),
        (HEAD + requirement("require: {}") + RETURN, "`require`", "an empty group", "at least one"),
        (HEAD + requirement("require: [a]") + RETURN, "`require`", "a list", "one group"),
        (HEAD + requirement("require_any: {a: b}") + RETURN, "`require_any`", "one group", "a list"),
        (
            HEAD + requirement('require: {chld_age: "< 18"}') + RETURN,
            "XX-01",
            "unknown field `chld_age`",
            "_fields",
        ),
        (
            HEAD + requirement('require: {child_age_now: "ten"}') + RETURN,
            "XX-01, `require`, `child_age_now`",
            "`ten`",
            "= v",
        ),
        (
            HEAD + requirement('require: {child_age_now: "= 1"}', confidence="UNVERIFIED") + RETURN,
            "`confidence`",
            "UNVERIFIED",
            "HIGH or MEDIUM",
        ),
        (
            HEAD
            + requirement('decide_by: staff\n    decision: {report_number_given: "yes"}', name="XX-02")
            + RETURN,
            "`decision`",
            "`report_number_given`",
            "only staff supply",
        ),
        (HEAD + FINE.replace("es: d", "fr: d") + RETURN, "not_met", "nothing", "required"),
    ],
)
def test_a_broken_file_says_where_what_and_what_is_allowed(
    text: str, where: str, found: str, allowed: str
) -> None:
    with pytest.raises(RuleFileBroken) as broken:
        compile_rulebook(text.encode(), dictionary(), "sample/x.yaml")
    assert str(broken.value).startswith("sample/x.yaml, ")
    assert where in broken.value.where
    assert found in broken.value.found
    assert allowed in broken.value.allowed


def test_bytes_that_are_not_text_and_files_too_long_are_refused() -> None:
    with pytest.raises(RuleFileBroken, match="not text"):
        compile_rulebook(b"a: \xff", dictionary(), "x")
    with pytest.raises(RuleFileBroken, match="at most"):
        compile_rulebook(b"#" * 200_001, dictionary(), "x")


def test_no_and_off_stay_text_and_never_turn_into_false() -> None:
    head = HEAD.replace("name: Sample", "name: NO")
    assert book(FINE, head=head).name == "NO"
