"""A version in sentences and tables, as staff read it; and a replay's report as counts and bars. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from reunify.rates.fields import Dictionary, Words
from reunify.rules.model import CARD, Cite, Requirement, Rulebook, Table
from reunify.rules.readable import (
    amount_in_words,
    attested_in_words,
    fact_in_words,
    heads_in_words,
    hit_in_words,
    requirement_in_words,
    rows_in_words,
    test_in_words,
    traits_in_words,
)

CONFIDENCE = {
    "HIGH": "High: it may refuse",
    "MEDIUM": "Medium: it asks staff and never refuses",
    "UNVERIFIED": "Unverified: a member of staff decides",
}


@dataclass(frozen=True, slots=True)
class ShownRequirement:
    """`groups`: the tests, one list for each group; more than one list means at least one must hold whole."""

    id: str
    name: str
    heading: str
    groups: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    confidence: str
    cite: Cite
    met: Words
    not_met: Words
    attest: str
    verified_on: date
    review_by: date
    past_due: bool


@dataclass(frozen=True, slots=True)
class ShownTable:
    id: str
    file: str
    hit: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class ShownBook:
    """One version. `basis`: which fact's date picks it."""

    book: Rulebook
    traits: str
    basis: str
    requirements: tuple[ShownRequirement, ...]
    tables: tuple[ShownTable, ...]
    card_past_due: bool

    @property
    def past_due(self) -> int:
        return sum(r.past_due for r in self.requirements)


def show_book(book: Rulebook, dictionary: Dictionary, today: date) -> ShownBook:
    return ShownBook(
        book=book,
        traits=_capital(traits_in_words(book)),
        basis=fact_in_words(dictionary[book.basis]),
        requirements=tuple(_requirement(r, dictionary, today) for r in book.requirements),
        tables=tuple(_table(t, dictionary, book.unit) for t in book.tables),
        card_past_due=CARD in book.overdue(today),
    )


def _requirement(rule: Requirement, dictionary: Dictionary, today: date) -> ShownRequirement:
    lines = requirement_in_words(rule, dictionary)
    tests = tuple(
        tuple(_capital(test_in_words(cell, dictionary[cell.field])) for cell in group)
        for group in rule.groups
    )
    shown = sum(map(len, tests)) if len(tests) < 2 else len(tests)
    return ShownRequirement(
        id=rule.id,
        name=rule.name,
        heading=lines[0].removesuffix(":"),
        groups=tests,
        notes=lines[1 + shown :] if rule.groups else lines[1:],
        confidence=CONFIDENCE[rule.confidence],
        cite=rule.cite,
        met=rule.met,
        not_met=rule.not_met,
        attest=f"Yes; the proof is owed {attested_in_words(rule.owed_within)}" if rule.owed_within else "No",
        verified_on=rule.verified_on,
        review_by=rule.review_by,
        past_due=rule.review_by < today,
    )


def _table(table: Table, dictionary: Dictionary, unit: str | None) -> ShownTable:
    return ShownTable(
        id=table.id,
        file=table.file,
        hit=_capital(hit_in_words(table)),
        heads=heads_in_words(table, dictionary),
        rows=rows_in_words(table, dictionary, unit),
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# The report of a replay ---------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Bar:
    """One fund before and after. Widths in the drawing's own units, of 638; words say the same."""

    source: str
    before: str
    after: str
    before_wide: int
    after_wide: int
    difference: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """How many answers went from what to what. `cells`: row by row, in the order of `after`."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    cells: tuple[tuple[int, ...], ...]


_ROOM = 638
_ORDER = (
    "eligible",
    "eligible_provisional",
    "worth_applying",
    "needs_information",
    "needs_staff_decision",
    "ask",
    "ineligible",
    "unlikely",
)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many past answers the replay went over, and what became of them. `engine`: empty in no report."""

    determinations: int
    same: int
    flips_total: int
    flips_to_yes: int
    not_covered: int
    skipped_erased: int
    skipped_unreadable: int
    engine: str


def counts_of(report: Mapping[str, Any]) -> Counts:
    """Zero where a report does not say."""
    numbers = {f.name: int(report.get(f.name, 0)) for f in fields(Counts) if f.name != "engine"}
    return Counts(engine=str(report.get("engine", "")), **numbers)


def chart_of(report: Mapping[str, Any], names: Mapping[str, str]) -> tuple[Bar, ...]:
    """`names`: what a source is called. Bars of one unit share a scale."""
    rows = [r for r in report.get("by_fund", []) if isinstance(r, Mapping)]
    most: dict[str, int] = {}
    for row in rows:
        unit = str(row["unit"])
        most[unit] = max(most.get(unit, 0), int(row["payable_before"]), int(row["payable_after"]))
    return tuple(_bar(row, names, most[str(row["unit"])]) for row in rows)


def _bar(row: Mapping[str, Any], names: Mapping[str, str], most: int) -> Bar:
    before, after, unit = int(row["payable_before"]), int(row["payable_after"]), str(row["unit"])
    return Bar(
        source=names.get(str(row["source"]), str(row["source"])),
        before=amount_in_words(before, unit),
        after=amount_in_words(after, unit),
        before_wide=_scaled(before, most),
        after_wide=_scaled(after, most),
        difference=_difference(before, after, unit),
    )


def _scaled(amount: int, most: int) -> int:
    return max(2, amount * _ROOM // most) if amount > 0 and most > 0 else 0


def _difference(before: int, after: int, unit: str) -> str:
    if before == after:
        return "the same"
    return f"{amount_in_words(abs(after - before), unit)} {'more' if after > before else 'less'}"


def matrix_of(report: Mapping[str, Any]) -> Matrix:
    """Only answers that occur, yes first."""
    counted = {(str(a), str(b)): int(n) for a, b, n in report.get("answers", [])}
    before = tuple(sorted({a for a, _ in counted}, key=_place))
    after = tuple(sorted({b for _, b in counted}, key=_place))
    return Matrix(before, after, tuple(tuple(counted.get((a, b), 0) for b in after) for a in before))


def _place(answer: str) -> tuple[int, str]:
    return (_ORDER.index(answer) if answer in _ORDER else len(_ORDER), answer)


def money_moved(flip: Mapping[str, Any], unit: str) -> str:
    """`$1,240.00 before, nothing after`."""
    before, after = int(flip["cents_from"]), int(flip["cents_to"])
    if before == after:
        return amount_in_words(before, unit) if before else "nothing, before and after"
    return f"{_some(before, unit)} before, {_some(after, unit)} after"


def _some(amount: int, unit: str) -> str:
    return amount_in_words(amount, unit) if amount else "nothing"
