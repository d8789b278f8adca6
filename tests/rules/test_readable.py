"""Every form of a cell, a requirement and a cap in words a program officer would use."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reunify.rates.fields import Words
from reunify.rules import cells, readable
from reunify.rules.library import shipped
from reunify.rules.model import Cap, Row
from tests.rules.tables_world import a_book, requirement, small, table


@pytest.mark.parametrize(
    ("fact", "written", "said"),
    [
        ("income", "<= 1284.50", "income is at most $1,284.50"),
        ("income", "< 1000", "income is under $1,000.00"),
        ("income", "> 1000", "income is over $1,000.00"),
        ("income", ">= 1000", "income is at least $1,000.00"),
        ("income", "1000..2000", "income is $1,000.00 to $2,000.00"),
        ("age", "= 3", "age of the child is 3"),
        ("age", "in 1, 2, 3", "age of the child is 1, 2 or 3"),
        ("age", "not in 1, 2", "age of the child is none of 1 or 2"),
        ("age", "not in 1", "age of the child is not 1"),
        ("age", "-", "age of the child: anything"),
        ("begins", "< 2026-10-01", "first day is before 2026-10-01"),
        ("begins", "<= 2026-10-01", "first day is on or before 2026-10-01"),
        ("begins", "> 2026-10-01", "first day is after 2026-10-01"),
        ("begins", ">= 2026-10-01", "first day is on or after 2026-10-01"),
        ("begins", "2026-10-01..2026-10-31", "first day is 2026-10-01 to 2026-10-31"),
        ("found", "yes", "the child is found: yes"),
        ("found", "= no", "the child is found: no"),
        ("why", "= home", "purpose is Home"),
        ("why", "in home, court", "purpose is Home or Court"),
    ],
)
def test_a_cell_is_a_sentence(fact: str, written: str, said: str) -> None:
    field = small()[fact]
    assert readable.test_in_words(cells.parse(written, field), field) == said


def test_the_limit_of_the_organisation_reads_as_people_say_it() -> None:
    field = shipped().dictionary["income_percent_of_limit"]
    said = readable.test_in_words(cells.parse("<= 100", field), field)
    assert said == "income as a percent of the organisation's limit is at most 100"


def test_a_unit_of_one_word_goes_with_its_number() -> None:
    field = shipped().dictionary["child_age_now"]
    assert readable.cell_in_words(cells.parse("< 18", field), field) == "under 18 years"
    assert readable.cell_in_words(cells.parse("= 1", field), field) == "1 year"
    tickets = shipped().dictionary["home_free_tickets_before"]
    said = readable.test_in_words(cells.parse("< 1", tickets), tickets)
    assert said == "Home Free tickets used before is under 1 ticket"


def test_a_requirement_says_its_form_first() -> None:
    one = requirement(1, "require", {"age": "< 3", "found": "yes"})
    assert readable.requirement_in_words(one, small()) == (
        "Must hold, all together:",
        "age of the child is under 3",
        "the child is found: yes",
    )
    either = requirement(1, "require_any", {"age": "< 3", "found": "yes"}, {"why": "= home"})
    assert readable.requirement_in_words(either, small()) == (
        "At least one must hold:",
        "age of the child is under 3 and the child is found: yes",
        "purpose is Home",
    )
    deny = requirement(1, "deny_if", {"age": "< 3"})
    assert readable.requirement_in_words(deny, small())[0] == "Refused when:"


def test_a_rule_that_is_not_sure_says_that_it_only_asks() -> None:
    unsure = requirement(1, "require", {"age": "< 3"}, confidence="MEDIUM")
    assert "Never refuses by itself" in readable.requirement_in_words(unsure, small())[-1]
    deny = requirement(1, "deny_if", {"age": "< 3"}, confidence="MEDIUM")
    assert readable.requirement_in_words(deny, small())[0] == "A member of staff is asked when:"


def test_what_may_be_attested_says_by_when_the_proof_is_owed() -> None:
    said = readable.requirement_in_words(
        replace(requirement(1, "require", {"age": "< 3"}), owed_within=10), small()
    )
    assert said[-1] == "May be attested; the proof is owed within 10 days."


def test_a_plain_staff_decision_is_its_question() -> None:
    asked = replace(requirement(1, "decide_by"), question=Words("Is the plan sound?", "¿Es sólido el plan?"))
    assert readable.requirement_in_words(asked, small()) == ("Staff are asked: Is the plan sound?",)


@pytest.mark.parametrize(
    ("scope", "category", "most", "unit", "said"),
    [
        ("trip", None, 150_000, "cents", "at most $1,500.00 for a trip"),
        ("traveler", "air_fare", 50_050, "cents", "at most $500.50 for each traveler, air fare"),
        ("trip", None, 1, "night", "at most 1 night for a trip"),
        ("leg", None, 25_000, "mile", "at most 25,000 miles for each leg"),
        ("lifetime_uses", None, 1, "cents", "at most 1 use in a lifetime"),
        ("lifetime_uses", None, 2, "night", "at most 2 uses in a lifetime"),
    ],
)
def test_a_cap_is_said_in_its_own_unit(
    scope: str, category: str | None, most: int, unit: str, said: str
) -> None:
    assert readable.cap_in_words(Cap(scope, category, most, "1", "T row A"), unit) == said


def test_a_table_reads_row_by_row_below_the_labels_of_its_facts() -> None:
    one = table("first", "age why", "A | < 3 | = home", "B | - | -")
    capped = tuple(replace(r, gives=(Cap("trip", None, 90_000, "2(a)", "T"),)) for r in one.rows[:1])
    rows = readable.rows_in_words(replace(one, rows=(*capped, one.rows[1])), small(), "cents")
    assert readable.heads_in_words(one, small()) == (
        "Row",
        "Age of the child",
        "Purpose",
        "Gives",
        "Where it is written",
    )
    assert rows == (
        ("A", "under 3", "Home", "at most $900.00 for a trip", "1"),
        ("B", "anything", "anything", "no cap", "1"),
    )
    assert readable.row_in_words(capped[0], small(), "cents") == (
        "age of the child is under 3 and purpose is Home: at most $900.00 for a trip"
    )


def test_a_row_without_a_test_always_counts() -> None:
    (row,) = table("first", "age", "Z | -").rows
    assert isinstance(row, Row)
    assert readable.row_in_words(row, small(), "cents") == "always: no cap"


@pytest.mark.parametrize("source", sorted(shipped().versions))
def test_the_text_of_a_version_says_all_of_it(source: str) -> None:
    for book in shipped().versions[source]:
        text = readable.table_text(book, shipped().dictionary)
        parts = [
            book.name,
            book.sha256,
            *(r.id for r in book.requirements),
            *(r.name for r in book.requirements),
        ]
        parts += [row.id for one in book.tables for row in one.rows]
        assert [part for part in parts if part not in text] == []


def test_the_book_of_these_tests_is_ours() -> None:
    assert "ours to give" in readable.traits_in_words(a_book())
