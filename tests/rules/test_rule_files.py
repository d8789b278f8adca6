"""Every rule file loads, every example gives the answer it states, and every requirement is proved by one."""

from __future__ import annotations

import csv

import pytest

from reunify.rates.places import rules_folder
from reunify.rules.answers import Answer, Outcome
from reunify.rules.decide import determine
from reunify.rules.examples import Example, load_examples
from reunify.rules.library import shipped
from reunify.rules.model import Rulebook

FOLDER = rules_folder()
BOOKS = [book for versions in shipped().versions.values() for book in versions]
GOOD = (Answer.ELIGIBLE, Answer.ELIGIBLE_PROVISIONAL, Answer.WORTH_APPLYING)


def examples_of(book: Rulebook) -> tuple[Example, ...]:
    path = FOLDER / book.source / f"{book.effective_from}.examples.yaml"
    return load_examples(path.read_bytes(), shipped().dictionary, f"{book.source}/{path.name}")


ALL = [
    pytest.param(book, example, id=f"{book.source}: {example.name}")
    for book in BOOKS
    for example in examples_of(book)
]


@pytest.mark.parametrize(("book", "example"), ALL)
def test_the_example_gives_its_answer(book: Rulebook, example: Example) -> None:
    found = determine(book, example.facts, shipped().dictionary, example.decisions)
    assert found.answer == example.answer
    if example.because is not None:
        decided = {r.requirement.id: r.outcome for r in found.results}
        assert decided[example.because] is not Outcome.MET
    if example.asks is not None:
        assert [q.field for q in found.questions] == list(example.asks)


@pytest.mark.parametrize("book", BOOKS, ids=lambda b: b.source)
def test_each_requirement_alone_decides_at_least_one_example(book: Rulebook) -> None:
    alone = set()
    for example in examples_of(book):
        found = determine(book, example.facts, shipped().dictionary, example.decisions)
        unmet = [r.requirement.id for r in found.results if r.outcome is not Outcome.MET]
        if len(unmet) == 1 and found.answer not in GOOD:
            assert example.because == unmet[0]
            alone.add(unmet[0])
    assert alone == {r.id for r in book.requirements}


@pytest.mark.parametrize("book", BOOKS, ids=lambda b: b.source)
def test_money_of_our_own_is_said_to_be_set_by_the_organisation(book: Rulebook) -> None:
    assert book.organisation_set is book.held


def test_every_published_row_names_its_source() -> None:
    for path in sorted((FOLDER / "parameters").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.DictReader(file), 2):
                assert row["source"], f"{path.name} line {number}"
