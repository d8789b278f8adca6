"""One published table, row by row, with nothing guessed: a cell that cannot be right stops the whole file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from reunify.kernel.money import Money
from reunify.kernel.text import is_safe
from reunify.rates.closed_yaml import RuleFileBroken

FOLDER = "parameters"
LARGEST_TABLE = 5_000_000
_FORMULA = ("=", "+", "@", "\t")
_AMOUNT = re.compile(r"\d{1,7}(\.\d{1,3})?")
_WHOLE = re.compile(r"\d{1,9}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """One row of one table. `number` is its line in the file, as a spreadsheet counts."""

    file: str
    number: int
    values: Mapping[str, str]

    def broken(self, column: str, found: str, allowed: str) -> RuleFileBroken:
        return RuleFileBroken(self.file, f"row {self.number}, column `{column}`", found, allowed)

    def text(self, column: str) -> str:
        value = self.values[column]
        if not value.strip():
            raise self.broken(column, "nothing", "a text; it is required")
        return value

    def one_of(self, column: str, allowed: tuple[str, ...]) -> str:
        value = self.values[column]
        if value not in allowed:
            raise self.broken(column, _shown(value), ", ".join(allowed))
        return value

    def whole(self, column: str) -> int:
        value = self.values[column]
        if not _WHOLE.fullmatch(value):
            raise self.broken(column, _shown(value), "a whole number, zero or more")
        return int(value)

    def dollars(self, column: str) -> Money:
        """Dollars with at most two decimals; never below zero."""
        amount = self.rate(column)
        if amount != amount.quantize(Decimal("0.01")):
            raise self.broken(column, _shown(self.values[column]), "dollars and cents like 113 or 64.50")
        return Money.from_dollars(amount)

    def rate(self, column: str) -> Decimal:
        """Dollars with at most three decimals, as a mileage rate has them."""
        value = self.values[column]
        if not _AMOUNT.fullmatch(value):
            raise self.broken(column, _shown(value), "dollars, zero or more, like 113 or 0.725")
        return Decimal(value)

    def day(self, column: str) -> date:
        value = self.values[column]
        try:
            if not _DAY.fullmatch(value):
                raise ValueError
            return date.fromisoformat(value)
        except ValueError:
            raise self.broken(column, _shown(value), "a date like 2026-10-01") from None

    def american_day(self, column: str) -> date:
        """A date as the non-contiguous table prints it, 10/01/2026."""
        value = self.values[column]
        try:
            month, day, year = (int(part) for part in value.split("/"))
            return date(year, month, day)
        except ValueError:
            raise self.broken(column, _shown(value), "a date like 10/01/2026") from None


def parameter_rows(folder: Path, name: str, columns: tuple[str, ...]) -> Iterator[ParameterRow]:
    """Every row of `parameters/<name>` under the rules folder. Each names its source.

    Raises RuleFileBroken with file, row, column, what was found and what is allowed.
    """
    for number, values in _lines(folder, name, columns):
        row = ParameterRow(name, number, values)
        if not values.get("source", "").strip():
            raise row.broken("source", "nothing", "where this row was published; it is required")
        yield row


def _lines(folder: Path, name: str, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(io.StringIO(_text(folder, name), newline=""), strict=True)
    try:
        head = next(reader, [])
        _check_head(head, name, columns)
        for cells in reader:
            if len(cells) != len(head):
                found = f"{len(cells)} cells"
                raise RuleFileBroken(name, f"row {reader.line_num}", found, f"{len(head)}, one per column")
            for column, cell in zip(head, cells, strict=True):
                if cell.startswith(_FORMULA):
                    where = f"row {reader.line_num}, column `{column}`"
                    raise RuleFileBroken(name, where, f"`{cell[:40]}`, a formula", "a value, not a formula")
            yield reader.line_num, dict(zip(head, cells, strict=True))
    except csv.Error:
        where = f"row {reader.line_num}"
        raise RuleFileBroken(name, where, "a quote that is not closed", "plain CSV with commas") from None


def _text(folder: Path, name: str) -> str:
    try:
        body = (folder / FOLDER / name).read_bytes()
    except OSError:
        raise RuleFileBroken(name, "whole file", "no such file", f"the table under {FOLDER}/") from None
    if len(body) > LARGEST_TABLE:
        raise RuleFileBroken(name, "whole file", f"{len(body)} bytes", f"at most {LARGEST_TABLE} bytes")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as wrong:
        row = body.count(b"\n", 0, wrong.start) + 1
        raise RuleFileBroken(
            name, f"row {row}", "bytes that are not text", "UTF-8 text; save as CSV UTF-8"
        ) from None
    if not is_safe(text.replace("\r\n", "\n")):
        raise RuleFileBroken(name, "whole file", "hidden or control characters", "visible text")
    return text


def _check_head(head: list[str], name: str, columns: tuple[str, ...]) -> None:
    wanted = (*columns, "source")
    for column in head:
        if column not in wanted:
            raise RuleFileBroken(
                name, f"row 1, column `{column[:40]}`", "a column not known", ", ".join(wanted)
            )
    for column in wanted:
        if head.count(column) != 1:
            found = "nothing" if column not in head else "the column twice"
            raise RuleFileBroken(name, f"row 1, column `{column}`", found, "the column, once")


def _shown(value: str) -> str:
    return f"`{value[:40]}`" if value.strip() else "nothing"
