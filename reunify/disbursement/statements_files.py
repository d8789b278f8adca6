"""A vendor's bill read from CSV: closed, checked whole, and every refusal names its line and column.

Columns in any order: `locator`, `amount`, `date`, `reference`. What a cell holds is never said back: a
bill may name a guest where none belongs.
"""

from __future__ import annotations

import csv
import io
import re
from codecs import BOM_UTF8
from collections import Counter
from datetime import date

from reunify.disbursement.statements_policy import Billed, plain_locator
from reunify.kernel.money import Money, NotMoney
from reunify.kernel.refusals import Refused
from reunify.rates.closed_yaml import LARGEST_FILE, RuleFileBroken, decoded

COLUMNS = ("locator", "amount", "date", "reference")
MOST_LINES = 500
LONGEST_CELL = 60
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# One word with a digit in it: a bill or folio number. A guest's name is none.
_REFERENCE = re.compile(r"(?=[^\d]*\d)[A-Za-z0-9][A-Za-z0-9./#-]{0,39}")
_QUOTES = 'cells split by commas; a cell with a comma or a quote stands in "double quotes"'


class StatementBroken(Refused):
    """The file is not taken in, and nothing of it is kept."""

    field = "/file"

    def __init__(self, where: str, found: str, allowed: str) -> None:
        super().__init__(f"The bill, {where}: found {found}. Allowed: {allowed}.")


def read_statement(body: bytes) -> list[Billed]:
    """Every line, at least one. Raises StatementBroken."""
    rows = _rows(_text(body))
    if not rows:
        raise StatementBroken("whole file", "nothing", f"a first line `{','.join(COLUMNS)}`")
    columns = _columns(rows[0][1])
    if (many := len(rows) - 1) > MOST_LINES:
        raise StatementBroken("whole file", f"{many} lines", f"at most {MOST_LINES}, or two files")
    if not many:
        raise StatementBroken("whole file", "no lines", "at least one line under the first")
    return [_line(columns, values, number) for number, values in rows[1:]]


def _text(body: bytes) -> str:
    if len(body) > LARGEST_FILE:
        raise StatementBroken(
            "whole file", f"more than {LARGEST_FILE} bytes", "a smaller one; split it by month"
        )
    try:
        return decoded(body.removeprefix(BOM_UTF8), "bill")
    except RuleFileBroken as broken:
        raise StatementBroken(broken.where, broken.found, broken.allowed) from None


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Line numbers and cells. A line with nothing on it is passed over."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    found: list[tuple[int, list[str]]] = []
    try:
        for values in reader:
            if any("\n" in v or "\r" in v for v in values):
                raise StatementBroken(
                    f"line {reader.line_num}", "a line break in a cell", "cells of one line"
                )
            if any(v.strip() for v in values):
                found.append((reader.line_num, values))
    except csv.Error:
        raise StatementBroken(f"line {reader.line_num}", "quotes that do not match", _QUOTES) from None
    return found


def _columns(written: list[str]) -> list[str]:
    names = [name.strip().casefold() for name in written]
    for number, name in enumerate(names, 1):
        if name not in COLUMNS:
            raise StatementBroken(
                f"line 1, column {number}", "an unknown column", f"{', '.join(COLUMNS)}; take the others out"
            )
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise StatementBroken("line 1", f"`{twice[0]}` twice", "each column once")
    lacking = [name for name in COLUMNS if name not in names]
    if lacking:
        raise StatementBroken(
            "line 1", f"no column `{lacking[0]}`", f"all of {', '.join(COLUMNS)}; its cells may be empty"
        )
    return names


def _line(columns: list[str], values: list[str], number: int) -> Billed:
    if len(values) != len(columns):
        raise StatementBroken(f"line {number}", f"{len(values)} cells", f"{len(columns)}; {_QUOTES}")
    at = dict(zip(columns, values, strict=True))
    for name, written in at.items():
        if written.startswith(_FORMULA):
            remedy = "what the cell shows, as plain text"
            if name == "amount":
                remedy = "dollars and cents above zero; a credit is not billed, leave its line out"
            raise _bad(number, name, "a sign that a spreadsheet takes for a formula", remedy)
        if len(written.strip()) > LONGEST_CELL:
            raise _bad(number, name, "a long text", f"at most {LONGEST_CELL} characters")
    locator = at["locator"].strip()
    if not plain_locator(locator):
        raise _bad(number, "locator", "nothing to find a booking by", "the confirmation number")
    return Billed(
        number,
        locator,
        _amount(at["amount"], number),
        _day(at["date"], number),
        _ref(at["reference"], number),
    )


def _amount(written: str, number: int) -> Money:
    try:
        amount = Money.parse(written.strip())
    except NotMoney:
        amount = Money(0)
    if not Money(0) < amount:
        raise _bad(number, "amount", "no such amount", "dollars and cents above zero, like 1284.50")
    return amount


def _day(written: str, number: int) -> date:
    said = written.strip()
    try:
        if _DAY.fullmatch(said):
            return date.fromisoformat(said)
    except ValueError:
        pass
    raise _bad(number, "date", "no such day", "the day of the stay or the travel, like 2026-10-01")


def _ref(written: str, number: int) -> str | None:
    said = written.strip()
    if said and not _REFERENCE.fullmatch(said):
        raise _bad(
            number,
            "reference",
            "more than a number",
            "the vendor's own number, without a guest's name, or nothing",
        )
    return said or None


def _bad(number: int, column: str, found: str, allowed: str) -> StatementBroken:
    return StatementBroken(f"line {number}, `{column}`", found, allowed)
