"""What of a rule is only wording, and the fingerprint of what a person decides on. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reunify.kernel.canonical import digest_of
from reunify.rates.fields import FactValue, Words
from reunify.rules.answers import words_content
from reunify.rules.cells import Cell
from reunify.rules.kleene import UNKNOWN, Truth
from reunify.rules.model import HandOff, Requirement, Rulebook, Table


def substance(part: Requirement | Table) -> str:
    """The fingerprint of a requirement or table without its wording: another one, and what people decided on
    it counts no more.

    The days on which a citation was and will be read, and its link, are left out: reading the law again and
    finding it the same takes nobody's decision back.
    """
    return digest_of(_of_table(part) if isinstance(part, Table) else _of_requirement(part))


def _of_requirement(rule: Requirement) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if _only_asked(rule):
        said = {"name": rule.name, "question": words_content(rule.question) if rule.question else None}
    return {
        "id": rule.id,
        "form": rule.form,
        "groups": [_written(group) for group in rule.groups],
        "confidence": rule.confidence,
        "cite": [rule.cite.doc, rule.cite.at],
        "owed_within": rule.owed_within,
        **said,
    }


def _of_table(table: Table) -> dict[str, Any]:
    rows = [[_written(row.cells), [cap.content() for cap in row.gives]] for row in table.rows]
    return {"id": table.id, "hit": table.hit, "fields": list(table.fields), "rows": rows}


def _written(cells: tuple[Cell, ...]) -> list[list[str]]:
    return [[cell.field, cell.written] for cell in cells]


def wording_only(before: Rulebook, after: Rulebook) -> bool:
    """True where only sentences differ: not one condition, number, date, citation or order.

    The sentences are `say`, names, questions, hand-off texts, and the reason of the payer order. Of a plain
    staff decision the name and the question are the condition itself: there is nothing else a person answers.

    A citation, a confidence and what may be attested are never wording: they say on what ground, and whether,
    a family is refused. Nor are `verified_on` and `review_by`: no answer depends on them, but they claim that
    somebody read the law again, and whoever approves must see that claim as a change, not under "only words".
    """
    return _without_words(before) == _without_words(after)


_NONE = Words("", "")


def _without_words(book: Rulebook) -> Rulebook:
    order = book.payer_order
    return replace(
        book,
        name="",
        public_name=_NONE,
        payer_order=replace(order, because="") if order else None,
        requirements=tuple(_bare_requirement(r) for r in book.requirements),
        tables=tuple(_bare_table(t) for t in book.tables),
        hand_off=_bare_hand_off(book.hand_off) if book.hand_off else None,
        sha256="",
        body=b"",
    )


def _bare_requirement(requirement: Requirement) -> Requirement:
    asked = _NONE if requirement.question is not None else None
    groups = tuple(_bare_cells(g) for g in requirement.groups)
    bare = replace(requirement, met=_NONE, not_met=_NONE, groups=groups)
    return bare if _only_asked(requirement) else replace(bare, name="", question=asked)


def _only_asked(requirement: Requirement) -> bool:
    """A plain staff decision: what the person is asked is the whole rule."""
    return requirement.form == "decide_by" and not requirement.groups


def _bare_table(table: Table) -> Table:
    return replace(table, rows=tuple(replace(row, cells=_bare_cells(row.cells)) for row in table.rows))


def _bare_cells(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
    """A cell is what is written in it; the function made of it is another one each time."""
    return tuple(replace(cell, holds=_never) for cell in cells)


def _never(value: FactValue) -> Truth:
    return UNKNOWN


def _bare_hand_off(card: HandOff) -> HandOff:
    """A deadline, an address and a number are facts, and stay."""
    consequence = _NONE if card.consequence is not None else None
    return replace(card, staff=_NONE, family=_NONE, consequence=consequence)
