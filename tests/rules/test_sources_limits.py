"""Every number of a source is held by its examples: change it by one, and `rules check` says so."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from reunify.allocation.policy import LineNeed, RuleCap, within_split
from reunify.intake.form import Category
from reunify.rules.bundle import joined, parted
from reunify.rules.decide import determine
from reunify.rules.model import Rulebook
from reunify.rules.proving import failures
from reunify.rules.reading import compile_rulebook
from tests.rules.test_rule_files import examples_of
from tests.rules.test_sources import BOOKS, OURS, WORDS, named

WITH_TABLES = [book for book in BOOKS if book.tables]
_CELL = re.compile(r'"(?:[<>]=? |= )?\d+(?:\.\.\d+)?"')
_NUMBER = re.compile(r"\d+")


def again(book: Rulebook, rules: str, tables: dict[str, str]) -> Rulebook:
    body = joined(rules.encode(), {name: text.encode() for name, text in tables.items()})
    return compile_rulebook(body, WORDS, "planted.yaml")


def texts(book: Rulebook) -> tuple[str, dict[str, str]]:
    rules, tables = parted(book.body)
    return rules.decode(), {name: text.decode() for name, text in tables.items()}


def planted_tables(book: Rulebook) -> Iterator[tuple[str, Rulebook]]:
    """Each number before the citation of each row, one more and (where it can be) one less."""
    rules, tables = texts(book)
    for name, text in tables.items():
        lines = text.splitlines()
        for at, line in enumerate(lines[1:], 1):
            until = line.index(',"')
            for found in _NUMBER.finditer(line, 0, until):
                for by in (-1, 1):
                    if int(found[0]) + by < 0 or (found[0] == "00" and by < 0):
                        continue
                    other = f"{int(found[0]) + by:0{len(found[0])}d}"
                    changed = line[: found.start()] + other + line[found.end() :]
                    text = "\n".join([*lines[:at], changed, *lines[at + 1 :]])
                    yield changed[:until], again(book, rules, tables | {name: text})


def planted_rules(book: Rulebook) -> Iterator[tuple[str, Rulebook]]:
    """Each number in a cell of a requirement, one more and one less."""
    rules, tables = texts(book)
    for cell in _CELL.finditer(rules):
        for found in _NUMBER.finditer(rules, cell.start(), cell.end()):
            for by in (-1, 1):
                other = f"{int(found[0]) + by}"
                changed = rules[: found.start()] + other + rules[found.end() :]
                yield f"{cell[0]} to {other}", again(book, changed, tables)


@pytest.mark.parametrize("book", WITH_TABLES, ids=lambda b: b.source)
def test_a_changed_number_in_a_table_fails_an_example(book: Rulebook) -> None:
    planted = list(planted_tables(book))
    assert len(planted) >= 2
    for where, other in planted:
        assert failures(other, examples_of(book), WORDS), where


def test_a_changed_limit_of_a_requirement_fails_an_example() -> None:
    seen = 0
    for book in BOOKS:
        for where, other in planted_rules(book):
            assert failures(other, examples_of(book), WORDS), f"{book.source}: {where}"
            seen += 1
    assert seen >= 20


@pytest.mark.parametrize("book", OURS, ids=lambda b: b.source)
def test_a_number_the_organisation_set_says_so_where_it_is_cited(book: Rulebook) -> None:
    if not book.organisation_set:
        return
    for table in book.tables:
        for row in table.rows:
            assert row.cite.startswith("Organisation-set"), f"{table.id} row {row.id}"
    for rule in book.requirements:
        numbers = [w for group in rule.groups for c in group for w in c.wants if type(w) is int]
        if rule.owed_within or any(w != 100 for w in numbers):  # 100: exactly the organisation's own limit
            assert rule.cite.doc.startswith("Organisation-set"), rule.id
            assert str(rule.owed_within or numbers[0]) in rule.cite.at, rule.id
            assert "organisation" in rule.cite.at, rule.id
    assert book.payer_order is not None
    assert book.payer_order.cite.doc.startswith("Organisation-set")


@pytest.mark.parametrize(("nights", "given"), [(2, 2), (3, 3), (4, 3)])
def test_the_hotel_partner_gives_a_child_three_nights_and_no_fourth(nights: int, given: int) -> None:
    (cap,) = determine(named("partner_hotel_nights"), {}, WORDS).caps
    rule = RuleCap("hotel", cap.scope, cap.category, cap.at_most, cap.cite)
    needs = [
        LineNeed(f"night-{n}", Category.LODGING, "partner_gives", "p", "hotel", "night", 1, 1, "rule 1")
        for n in range(nights)
    ]
    ((places, most),) = within_split(rule, needs, travelers=2, legs=2)
    assert len(places) == nights
    assert min(nights, most) == given
