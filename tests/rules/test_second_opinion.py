"""Another engine reads the same rules and must say the same of 20,000 sets of facts, some unknown."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

import pytest

from reunify.rates.fields import Dictionary, FactValue, Field
from reunify.rules import cells
from reunify.rules.cells import Cell
from reunify.rules.decide import determine
from reunify.rules.kleene import NO, UNKNOWN, YES, Truth, both, either, opposite
from reunify.rules.library import shipped
from reunify.rules.model import Requirement, Rulebook
from reunify.rules.table_files import TableHead, read_table
from tests.rules import cel_opinion
from tests.rules.cel_opinion import Opinion, around
from tests.rules.tables_world import Facts, book, requirement, small

DICTIONARY = shipped().dictionary
BOOKS = {f"{b.source} {b.effective_from}": b for versions in shipped().versions.values() for b in versions}
ALL = 20_000
EACH = -(-ALL // len(BOOKS))
_SAID = {True: YES, False: NO, None: UNKNOWN}
_ROWS = (
    ("A", "< 3", "= home", "-", "2026-01-01..2026-09-30", "900.00"),
    ("B", "< 3", "not in home", "yes", "> 2026-09-30", "-"),
    ("C", "3..5", "-", "-", "-", "700.00"),
    ("D", "> 5", "in home, court", "no", "-", "700.00"),
    ("E", "-", "= visit", "-", "<= 2026-06-30", "50.00"),
)


@pytest.mark.parametrize("name", sorted(BOOKS))
def test_both_engines_say_the_same(name: str) -> None:
    opinion = Opinion(BOOKS[name], DICTIONARY)
    assert list(differences(BOOKS[name], opinion, DICTIONARY, times=EACH, seed=name)) == []


def test_the_facts_of_all_sources_are_twenty_thousand_and_some_of_them_are_unknown() -> None:
    assert EACH * len(BOOKS) >= ALL
    facts = [f for name in sorted(BOOKS) for f in some_facts(BOOKS[name], DICTIONARY, times=50, seed=name)]
    values = [value for f in facts for value in f.values()]
    assert 0.1 < sum(value is None for value in values) / len(values) < 0.5


@pytest.mark.parametrize("name", sorted(name for name, b in BOOKS.items() if b.requirements))
def test_one_wrong_cell_is_noticed(name: str) -> None:
    """Each cell of each requirement turned wrong by itself: the other engine has the right ones."""
    right = BOOKS[name]
    opinion = Opinion(right, DICTIONARY)
    for n, rule in enumerate(right.requirements):
        for wrong in turned(rule, DICTIONARY):
            if means_the_same(rule, wrong, DICTIONARY):
                continue  # `<= 18` beside `>= 18`: the other group covers it
            rules = (*right.requirements[:n], wrong, *right.requirements[n + 1 :])
            planted = replace(right, requirements=rules)
            found = differences(planted, opinion, DICTIONARY, times=500, seed=rule.id)
            assert any(said[0] == rule.id for said in found), rule.id


@pytest.mark.parametrize("hit", ["unique", "first", "collect"])
def test_the_rows_of_a_table_are_read_alike_and_one_wrong_cell_is_noticed(hit: str) -> None:
    right = a_book_with_a_table(hit, _ROWS)
    opinion = Opinion(right, small())
    assert list(differences(right, opinion, small(), times=600, seed=hit)) == []
    for n, row in enumerate(_ROWS):
        for column in range(1, 5):
            cell = cells.parse(row[column], small()[right.tables[0].fields[column - 1]])
            wrong = (*row[:column], opposite_of(cell), *row[column + 1 :])
            planted = a_book_with_a_table(hit, (*_ROWS[:n], wrong, *_ROWS[n + 1 :]))
            assert any(differences(planted, opinion, small(), times=600, seed=hit)), (row[0], column)


def test_a_fact_that_is_not_there_is_absorbed_in_either_order() -> None:
    nothing = cel_opinion.context({"age": None})
    for written, said in (
        ("false && (age < 3)", False),
        ("(age < 3) && false", False),
        ("true || (age < 3)", True),
        ("(age < 3) || true", True),
        ("(age < 3) && true", None),
        ("!(age in [1])", None),
    ):
        assert cel_opinion.said_by(cel_opinion.compiled(written), nothing) is said


def test_a_mistake_in_the_other_reading_is_not_taken_for_an_unknown() -> None:
    with pytest.raises(TypeError):
        cel_opinion.said_by(cel_opinion.compiled("age < 3"), cel_opinion.context({"age": "nine"}))


def differences(
    judged: Rulebook, opinion: Opinion, dictionary: Dictionary, *, times: int, seed: str
) -> Iterator[tuple[str, str, str, Facts]]:
    """Where our engine, judging by `judged`, and the other one, by the book it read, say something else."""
    for facts in some_facts(opinion.book, dictionary, times=times, seed=seed):
        known = cel_opinion.context(facts)
        for rule, other in zip(judged.requirements, opinion.rules, strict=True):
            ours, theirs = truth_of(rule, facts), _SAID[other.truth(known)]
            if ours is not theirs:
                yield rule.id, ours.name, theirs.name, facts
        for table, rows in zip(judged.tables, opinion.tables, strict=True):
            for row, match in zip(table.rows, rows.matches(known), strict=True):
                ours, theirs = both(c.holds(facts[c.field]) for c in row.cells), _SAID[match]
                if ours is not theirs:
                    yield f"{table.id} row {row.id}", ours.name, theirs.name, facts
        answer = determine(judged, facts, dictionary).answer.value
        if answer != (other_answer := opinion.answer(facts)):
            yield "answer", answer, other_answer, facts


def truth_of(rule: Requirement, facts: Facts) -> Truth:
    if not rule.groups:
        return UNKNOWN
    truth = either(both(c.holds(facts.get(c.field)) for c in group) for group in rule.groups)
    return opposite(truth) if rule.form == "deny_if" else truth


def some_facts(judged: Rulebook, dictionary: Dictionary, *, times: int, seed: str) -> Iterator[Facts]:
    """Values at, under and over every limit the book names; few or many of them unknown."""
    dice = random.Random(seed)
    choices = domains(judged, dictionary)
    for _ in range(times):
        unknown = dice.choice((0.05, 0.2, 0.5))
        yield {
            name: None if dice.random() < unknown else dice.choice(values) for name, values in choices.items()
        }


def domains(judged: Rulebook, dictionary: Dictionary) -> dict[str, Sequence[FactValue]]:
    """The facts of the book and what they are worked out from, each with the values worth trying."""
    used: dict[str, list[Cell]] = {}
    for cell in all_cells(judged):
        used.setdefault(cell.field, []).append(cell)
    for name in list(used):
        for source in dictionary[name].computed_from or ():
            used.setdefault(source, [])
    return {name: values_for(dictionary[name], found) for name, found in sorted(used.items())}


def all_cells(judged: Rulebook) -> Iterator[Cell]:
    for rule in judged.requirements:
        for group in rule.groups:
            yield from group
    for table in judged.tables:
        for row in table.rows:
            yield from row.cells


def values_for(field: Field, found: Sequence[Cell]) -> Sequence[FactValue]:
    if field.type == "yes_no":
        return (True, False)
    if field.type == "choice":
        return sorted(field.values)
    return around([want for cell in found for want in cell.wants], field)


def turned(rule: Requirement, dictionary: Dictionary) -> Iterator[Requirement]:
    """The requirement with one cell turned round, for each of its cells."""
    for g, group in enumerate(rule.groups):
        for n, cell in enumerate(group):
            wrong = cells.parse(opposite_of(cell), dictionary[cell.field])
            changed = (*group[:n], wrong, *group[n + 1 :])
            yield replace(rule, groups=(*rule.groups[:g], changed, *rule.groups[g + 1 :]))


def means_the_same(one: Requirement, other: Requirement, dictionary: Dictionary) -> bool:
    """Tried with every combination of values at, under and over their limits, and none."""
    choices = domains(replace(BOOKS[min(BOOKS)], requirements=(one, other), tables=()), dictionary)
    used = [[*choices[name], None] for name in one.fields]
    tried = (dict(zip(one.fields, values, strict=True)) for values in product(*used))
    return all(truth_of(one, facts) is truth_of(other, facts) for facts in tried)


def opposite_of(cell: Cell) -> str:
    """The smallest mistake a person could make in this cell: one sign, one end, one word."""
    written = cell.written
    for right, wrong in (("<= ", "< "), (">= ", "> "), ("< ", "<= "), ("> ", ">= ")):
        if written.startswith(right):
            return wrong + written.removeprefix(right)
    if written in ("yes", "no"):
        return "no" if written == "yes" else "yes"
    if written == "-":
        return {"found": "yes", "why": "= home", "age": "< 3", "begins": "< 2026-06-30"}[cell.field]
    if written.startswith("not in "):
        return written.removeprefix("not ")
    if written.startswith("in "):
        return f"not {written}"
    low, dots, _ = written.partition("..")
    return f">= {low}" if dots else f"not in {written.removeprefix('= ')}"


def a_book_with_a_table(hit: str, rows: Sequence[Sequence[str]]) -> Rulebook:
    head = TableHead("TT-CAPS", "caps.csv", hit, "cents", ("lodging",))
    lines = ["row,age,why,found,begins,=> trip_cap,cite"]
    lines += [",".join(f'"{cell}"' for cell in (*row, "1")) for row in rows]
    table = read_table("\n".join(lines).encode(), head, small(), "caps.csv")
    return book(requirement(1, "require_any", {"age": "< 6"}, {"found": "yes"}), tables=[table])
