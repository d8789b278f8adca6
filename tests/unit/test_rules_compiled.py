"""The compiled answer is the interpreted answer, for every shipped book, random books, and any facts."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from reunify.rates.fields import FactValue, Field, dictionary
from reunify.rules import cells
from reunify.rules.answers import Answer
from reunify.rules.compiled import Status, status
from reunify.rules.decide import determine
from reunify.rules.library import shipped
from reunify.rules.model import CONFIDENCES, Decision, Requirement, Rulebook, Table, suspended_id
from reunify.rules.table_files import TableHead, read_table

FIELDS = dictionary().fields
BOOKS = {f"{b.source} {b.effective_from}": b for books in shipped().versions.values() for b in books}
TYPED = sorted(name for name, field in FIELDS.items())
DAY = date(2026, 3, 1)


@pytest.mark.parametrize("name", sorted(BOOKS))
def test_a_shipped_book_compiled_gives_the_answer_it_gives_interpreted(name: str) -> None:
    check(BOOKS[name], random.Random(name), times=150)


def test_random_books_compiled_give_the_answer_they_give_interpreted() -> None:
    dice = random.Random(20260301)
    seen: set[Answer] = set()
    for _ in range(100):
        seen |= check(random_book(dice), dice, times=30)
    assert seen == set(Answer)  # the dice reach every answer, so each is compared


def test_the_answer_is_the_same_from_a_row_of_values() -> None:
    dice = random.Random(7)
    book = next(b for b in BOOKS.values() if b.held)
    compiled = status(book, dictionary())
    for facts in (some_facts(book, dice) for _ in range(200)):
        row = [facts.get(name) for name in compiled.fields]
        assert compiled.of_row(row) is compiled(facts)


def test_nothing_a_person_typed_is_in_the_text_of_the_function() -> None:
    """Names and literals are bound as objects: a value that looks like code is only compared."""
    rule = next(b for b in BOOKS.values() if b.held).requirements[0]
    hostile = "'); import os  # "
    cell = cells.Cell("case_type", f"= {hostile}", cells._anything, (hostile,))
    book = replace(
        next(b for b in BOOKS.values() if b.held),
        requirements=(
            replace(rule, id=hostile, form="require", groups=((cell,),), confidence="HIGH", owed_within=3),
        ),
        tables=(),
    )
    compiled = status(book, dictionary())
    assert compiled({"case_type": hostile}) is Answer.ELIGIBLE
    assert compiled({"case_type": "anything"}) is Answer.INELIGIBLE
    said = compiled.by_name.__code__
    words = {*said.co_names, *said.co_varnames, *map(str, said.co_consts)}
    assert not any("import" in word or "case_type" in word for word in words)


def check(book: Rulebook, dice: random.Random, *, times: int) -> set[Answer]:
    compiled = status(book, dictionary())
    seen = set()
    for _ in range(times):
        facts, decisions = some_facts(book, dice), some_decisions(book, dice)
        row = [facts.get(name) for name in compiled.fields]
        for suspended in (False, True):
            meant = determine(book, facts, dictionary(), decisions, suspended=suspended).answer
            assert compiled(facts, decisions, suspended=suspended) is meant, (facts, decisions, suspended)
            assert compiled.of_row(row, decisions, suspended=suspended) is meant
            seen.add(meant)
    return seen


def some_facts(book: Rulebook, dice: random.Random) -> dict[str, FactValue]:
    """Values on both sides of each literal, and unknown ones: written None or not there at all."""
    facts: dict[str, FactValue] = {}
    unknown = dice.choice((0.0, 0.05, 0.4))
    for name in read_by(book):
        if dice.random() >= unknown:
            facts[name] = some_value(FIELDS[name], wanted(book, name), dice)
        elif dice.random() < 0.5:
            facts[name] = None
    return facts


def read_by(book: Rulebook) -> list[str]:
    named = {f for r in book.requirements for f in r.fields}
    named |= {f for table in book.tables for f in table.fields}
    named |= {n for f in named for n in FIELDS[f].computed_from or ()}
    return sorted(named)


def wanted(book: Rulebook, name: str) -> list[FactValue]:
    groups = [g for r in book.requirements for g in r.groups]
    groups += [row.cells for table in book.tables for row in table.rows]
    return [want for group in groups for cell in group if cell.field == name for want in cell.wants]


def some_value(field: Field, wants: list[FactValue], dice: random.Random) -> FactValue:
    if wants and dice.random() < 0.8:
        want = dice.choice(wants)
        if isinstance(want, bool | str):
            return want
        step = dice.choice((-1, 0, 0, 1))
        return want + timedelta(days=step) if isinstance(want, date) else (want or 0) + step
    match field.type:
        case "yes_no":
            return dice.random() < 0.5
        case "choice":
            return dice.choice(sorted(field.values))
        case "date":
            return DAY + timedelta(days=dice.randrange(-400, 400))
        case _:
            return dice.randrange(0, 40)


def some_decisions(book: Rulebook, dice: random.Random) -> dict[str, Decision]:
    named = [*(r.id for r in book.requirements), *(t.id for t in book.tables)]
    often = [name for name in named if dice.random() < 0.3] + [suspended_id(book.source)]
    return {name: Decision(dice.choice(("met", "met", "not_met", "attested")), DAY) for name in often}


def random_book(dice: random.Random) -> Rulebook:
    """Requirements of every form, over facts of every type, with each form of cell."""
    like = dice.choice([b for b in BOOKS.values() if not b.card_only])
    rules = tuple(random_rule(n, like.requirements[0], dice) for n in range(dice.randrange(1, 6)))
    tables = tuple(random_table(n, dice) for n in range(dice.choice((0, 0, 1, 2))))
    return replace(like, kind=dice.choice(("held", "asked", "elsewhere")), requirements=rules, tables=tables)


def random_table(number: int, dice: random.Random) -> Table:
    """Two facts and a few rows: gaps and overlaps are common, and rows that give the same."""
    names = dice.sample(TYPED, 2)
    rows = [
        [f"R{n}", *(random_cell(FIELDS[name], dice) for name in names), dice.choice(("-", "100", "200")), "1"]
        for n in range(dice.randrange(1, 5))
    ]
    if dice.random() < 0.5:
        rows.append(["Z", "-", "-", "300", "1"])
    written = io.StringIO()
    csv.writer(written).writerows([["row", *names, "=> trip_cap", "cite"], *rows])
    head = TableHead(f"T-{number}", "t.csv", dice.choice(("unique", "first", "collect")), "cents", ())
    return read_table(written.getvalue().encode(), head, dictionary(), "t.csv")


def random_rule(number: int, like: Requirement, dice: random.Random) -> Requirement:
    form = dice.choice(("require", "require", "require_any", "deny_if", "decide_by"))
    wide = {"require_any": 3, "decide_by": dice.randrange(2)}.get(form, 1)
    return replace(
        like,
        id=f"XX-{number:02}",
        form=form,
        groups=tuple(tuple(random_group(dice)) for _ in range(wide)),
        confidence=dice.choice(CONFIDENCES),
        owed_within=dice.choice((None, 10)) if form != "decide_by" else None,
    )


def random_group(dice: random.Random) -> Iterator[cells.Cell]:
    for name in dice.sample(TYPED, dice.randrange(1, 4)):
        field = FIELDS[name]
        yield cells.parse(random_cell(field, dice), field)


def random_cell(field: Field, dice: random.Random) -> str:
    if dice.random() < 0.05:
        return "-"
    match field.type:
        case "yes_no":
            return dice.choice(("yes", "no", "= yes", "in no, yes"))
        case "choice":
            two = dice.sample(sorted(field.values), min(2, len(field.values)))
            return dice.choice((f"= {two[0]}", f"in {', '.join(two)}", f"not in {', '.join(two)}"))
        case "date":
            low, high = sorted(DAY + timedelta(days=dice.randrange(-30, 30)) for _ in range(2))
        case _:
            low, high = sorted(dice.randrange(field.low or 0, (field.low or 0) + 10) for _ in range(2))
    return dice.choice(
        (f"= {low}", f"< {low}", f"<= {low}", f"> {low}", f">= {low}", f"{low}..{high}", f"not in {low}")
    )


def test_a_card_is_never_judged() -> None:
    book = replace(next(b for b in BOOKS.values() if b.kind == "elsewhere"), card_only=True, requirements=())
    compiled: Status = status(book, dictionary())
    assert compiled({}) is determine(book, {}, dictionary()).answer is Answer.ASK
