"""Learning a fact undoes nothing that is settled, order never matters, limits count on both sides."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reunify.intake.form import Category
from reunify.rates.fields import FactValue, dictionary
from reunify.rules.answers import Answer, Determination, Outcome
from reunify.rules.bundle import joined, parted
from reunify.rules.cells import Cell
from reunify.rules.cut_points import ends, number, stretches, typed
from reunify.rules.decide import determine
from reunify.rules.kleene import NO, YES
from reunify.rules.library import shipped
from reunify.rules.model import NoRulesForDate, Rulebook, Rulebooks
from reunify.rules.reading import CATEGORIES, compile_rulebook
from reunify.rules.tables import apply
from tests.unit.rule_books import DOMAINS, Case, cases, words
from tests.unit.rule_texts import HEAD, book, requirement

SETTLED = (Outcome.MET, Outcome.NOT_MET)
FINAL = (Answer.ELIGIBLE, Answer.INELIGIBLE)
BOOKS = [b for source in sorted(shipped().versions) for b in shipped().versions[source]]


def judged(case: Case, facts: dict[str, FactValue]) -> Determination:
    return determine(case.book, facts, words(), case.decisions)


@settings(max_examples=60, deadline=None)
@given(cases(unknown=4), st.data())
def test_learning_a_fact_never_undoes_what_is_settled(case: Case, data: st.DataObject) -> None:
    before = judged(case, case.facts)
    for name in [n for n in case.used if case.facts[n] is None]:
        after = judged(case, {**case.facts, name: data.draw(st.sampled_from(DOMAINS[name]))})
        for old, new in zip(before.results, after.results, strict=True):
            if old.outcome in SETTLED:
                assert new.outcome is old.outcome
            if old.outcome is not Outcome.UNKNOWN:
                assert new.outcome is not Outcome.UNKNOWN
        for was, now in zip(before.tables, after.tables, strict=True):
            if was.outcome is Outcome.MET:
                assert now.outcome is Outcome.MET
                assert set(was.rows) <= set(now.rows) <= {*was.rows, *was.possible}
        if before.answer in FINAL:
            assert after.answer is before.answer
        if before.answer is Answer.ELIGIBLE:
            assert {(c.scope, c.at_most) for c in after.caps} == {(c.scope, c.at_most) for c in before.caps}


def mixed(case: Case, dice: random.Random) -> Rulebook:
    """The same book with requirements, groups and cells in another order, and rows too unless they count."""
    rules, tables = parted(case.book.body)
    for name, text in tables.items():
        heads, *rows = text.decode().splitlines()
        if case.book.tables[0].hit != "first":
            dice.shuffle(rows)
        tables[name] = "\n".join([heads, *rows]).encode()
    whole = compile_rulebook(joined(rules, tables), words(), "sample/x.yaml")
    listed = []
    for rule in whole.requirements:
        groups = [tuple(dice.sample(group, len(group))) for group in rule.groups]
        listed.append(replace(rule, groups=tuple(dice.sample(groups, len(groups)))))
    return replace(whole, requirements=tuple(dice.sample(listed, len(listed))))


@settings(max_examples=40, deadline=None)
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_requirements_groups_cells_and_rows_never_matters(
    case: Case, dice: random.Random
) -> None:
    before = judged(case, case.facts)
    after = determine(mixed(case, dice), case.facts, words(), case.decisions)
    assert gist(after) == gist(before)


def gist(found: Determination) -> tuple[object, ...]:
    """What must be the same in any order."""
    return (
        found.answer,
        {r.requirement.id: (r.outcome, frozenset(r.unknown)) for r in found.results},
        [(t.outcome, t.fault, frozenset(t.rows), frozenset(t.possible)) for t in found.tables],
        {(c.scope, c.category, c.at_most) for c in found.caps},
        {q.field for q in found.questions},
        {frozenset(name for name, _ in change.facts) for change in found.changes},
    )


def reads(cell: Cell, value: FactValue) -> bool:
    """The grammar read a second time, from the text alone."""
    field = shipped().dictionary[cell.field]

    def plain(text: str) -> FactValue:
        return field.parse(text.strip())

    written = cell.written
    if written == "-":
        return True
    if written in ("yes", "no"):
        return value is (written == "yes")
    if ".." in written:
        low, high = written.split("..")
        return number(plain(low)) <= number(value) <= number(plain(high))
    for word, wanted in (("not in ", False), ("in ", True)):
        if written.startswith(word):
            return (value in [plain(t) for t in written.removeprefix(word).split(",")]) is wanted
    sign, literal = written.split(" ", 1)
    if sign == "=":
        return value == plain(literal)
    here, limit = number(value), number(plain(literal))
    return {"<": here < limit, "<=": here <= limit, ">": here > limit, ">=": here >= limit}[sign]


def around(cell: Cell) -> list[FactValue]:
    """At each limit, one over and one under; of a choice every value."""
    field = shipped().dictionary[cell.field]
    if field.type in ("yes_no", "choice"):
        return [part.low for part in stretches(field, ())]
    least, greatest = ends(field)
    points = {number(want) + step for want in cell.wants for step in (-1, 0, 1)}
    return [typed(field, point) for point in sorted(points) if least <= point <= greatest]


@pytest.mark.parametrize("rules", BOOKS, ids=lambda b: f"{b.source} {b.effective_from}")
def test_every_limit_of_a_shipped_book_counts_at_over_and_under(rules: Rulebook) -> None:
    for rule in rules.requirements:
        for group in rule.groups:
            good = {c.field: suits(c) for c in group}
            for cell in group:
                for value in around(cell):
                    facts = {**good, cell.field: value}
                    (found,) = [
                        r
                        for r in determine(rules, facts, shipped().dictionary).results
                        if r.requirement is rule
                    ]
                    assert cell.holds(value) is (YES if reads(cell, value) else NO)
                    if reads(cell, value):
                        assert (found.outcome is Outcome.MET) is (rule.form != "deny_if")
                    elif len(rule.groups) == 1:
                        assert (found.outcome is Outcome.MET) is (rule.form == "deny_if")


@pytest.mark.parametrize(
    "rules", [b for b in BOOKS if b.tables], ids=lambda b: f"{b.source} {b.effective_from}"
)
def test_every_limit_of_a_shipped_table_counts_at_over_and_under(rules: Rulebook) -> None:
    for table in rules.tables:
        for row in table.rows:
            good = {c.field: suits(c) for c in row.cells}
            for cell in row.cells:
                for value in around(cell):
                    found = apply(table, {**good, cell.field: value})
                    assert cell.holds(value) is (YES if reads(cell, value) else NO)
                    assert found.outcome is not Outcome.UNKNOWN
                    if table.hit != "first":
                        assert (row.id in found.rows) is reads(cell, value)


def suits(cell: Cell) -> FactValue:
    """A value that meets the cell."""
    field = shipped().dictionary[cell.field]
    return next((p.low for p in stretches(field, (cell,)) if cell.holds(p.low) is YES), None)


def test_the_cost_categories_are_those_of_the_request_form() -> None:
    assert set(CATEGORIES) == {c.value for c in Category}


def dated(start: str, more: str = "") -> Rulebook:
    head = HEAD.replace("{from: 2026-01-01, basis", f"{{from: {start}, {more}basis")
    return book(requirement('require: {child_age_now: "-"}'), head=head)


def test_a_version_that_has_ended_does_not_bring_an_older_one_back() -> None:
    books = Rulebooks(
        dictionary(), "", {"sample": (dated("2026-01-01"), dated("2026-03-01", "to: 2026-05-31, "))}
    )

    def chosen(day: date) -> list[date]:
        try:
            return [b.effective_from for b in books.chosen({"travel_start": day})]
        except NoRulesForDate:
            return []

    assert chosen(date(2025, 12, 31)) == []
    assert chosen(date(2026, 1, 1)) == [date(2026, 1, 1)]
    assert chosen(date(2026, 2, 28)) == [date(2026, 1, 1)]
    assert chosen(date(2026, 3, 1)) == [date(2026, 3, 1)]
    assert chosen(date(2026, 5, 31)) == [date(2026, 3, 1)]
    assert chosen(date(2026, 6, 1)) == []
