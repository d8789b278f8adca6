"""One cell of a rule: a closed grammar of ten forms, parsed by the field's type. Never an expression.

`-`  `= v`  `< v`  `<= v`  `> v`  `>= v`  `a..b` (both ends)  `in a, b`  `not in a, b`  `yes`  `no`
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from reunify.rates.fields import FactValue, Field, NotAValue
from reunify.rules.cut_points import stretches
from reunify.rules.kleene import NO, UNKNOWN, YES, Truth

GRAMMAR = "-, = v, < v, <= v, > v, >= v, a..b, in a, b, not in a, b, yes, no"
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ORDERED = ("integer", "money", "date")
_COMPARISON = re.compile(r"(<=|>=|<|>|=)\s+(\S.*)")
_BETWEEN = re.compile(r"(\S+)\.\.(\S+)")
_MEMBERS = re.compile(r"(not in|in)\s+(\S.*)")


class NotACell(ValueError):
    """The cell cannot be read. Carries what was found and what is allowed."""

    def __init__(self, found: str, allowed: str) -> None:
        super().__init__(f"found {found}; allowed: {allowed}")
        self.found = found
        self.allowed = allowed


@dataclass(frozen=True, slots=True)
class Cell:
    """A test of one fact. `holds` answers in three values; an unknown fact is unknown.

    `wants`: the values it names. `decides`: some value of the fact meets it and some value does not.
    """

    field: str
    written: str
    holds: Callable[[FactValue], Truth]
    wants: tuple[FactValue, ...] = ()
    decides: bool = False


def parse(written: str, field: Field) -> Cell:
    """Raises NotACell."""
    cell = _parsed(written.strip(), field)
    if len({cell.holds(part.low) for part in stretches(field, (cell,))}) > 1:
        return replace(cell, decides=True)
    return cell


def _parsed(text: str, field: Field) -> Cell:
    if text == "-":
        return Cell(field.name, text, _anything)
    if text in ("yes", "no"):
        return _equals(field, text, text)
    if found := _COMPARISON.fullmatch(text):
        sign, literal = found[1], found[2]
        if sign == "=":
            return _equals(field, text, literal)
        return _ordered(field, text, sign, literal)
    if found := _MEMBERS.fullmatch(text):
        return _membership(field, text, found[1] == "in", found[2])
    if found := _BETWEEN.fullmatch(text):
        return _between(field, text, found[1], found[2])
    raise NotACell(f"`{text}`", GRAMMAR)


def _anything(value: FactValue) -> Truth:
    return YES


def _literal(field: Field, written: str) -> Any:
    try:
        return field.parse(written.strip())
    except NotAValue as wrong:
        raise NotACell(f"`{written.strip()}` for {field.name}", str(wrong)) from None


def _equals(field: Field, text: str, literal: str) -> Cell:
    if literal in ("yes", "no") and field.type != "yes_no":
        raise NotACell(f"`{text}` for {field.name}, which is {field.type}", GRAMMAR)
    want = _literal(field, literal)

    def holds(value: FactValue) -> Truth:
        if value is None:
            return UNKNOWN
        return YES if value == want else NO

    return Cell(field.name, text, holds, (want,))


def _ordered(field: Field, text: str, sign: str, literal: str) -> Cell:
    _check_ordered(field, text)
    want, compare = _literal(field, literal), _COMPARE[sign]

    def holds(value: FactValue) -> Truth:
        if value is None:
            return UNKNOWN
        return YES if compare(value, want) else NO

    return Cell(field.name, text, holds, (want,))


def _between(field: Field, text: str, low_text: str, high_text: str) -> Cell:
    _check_ordered(field, text)
    low, high = _literal(field, low_text), _literal(field, high_text)
    if high < low:
        raise NotACell(f"`{text}`", "the smaller end first")

    def holds(value: FactValue) -> Truth:
        if value is None:
            return UNKNOWN
        return YES if low <= value <= high else NO

    return Cell(field.name, text, holds, (low, high))


def _membership(field: Field, text: str, inside: bool, listed: str) -> Cell:
    wanted = tuple(_literal(field, part) for part in listed.split(","))
    members = frozenset(wanted)
    if len(members) != len(wanted):
        raise NotACell(f"`{text}`, which names a value twice", "each value once")
    hit, miss = (YES, NO) if inside else (NO, YES)

    def holds(value: FactValue) -> Truth:
        if value is None:
            return UNKNOWN
        return hit if value in members else miss

    return Cell(field.name, text, holds, wanted)


def _check_ordered(field: Field, text: str) -> None:
    if field.type not in _ORDERED:
        raise NotACell(f"`{text}` for {field.name}, which is {field.type}", "=, in, not in, yes, no or -")
