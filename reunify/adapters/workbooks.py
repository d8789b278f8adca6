"""XlsxWriter, and a CSV beside it: tables for the funder and the auditor, in which no text is ever a formula.

Money is kept in whole cents and written in dollars. A workbook knows only binary fractions: each number is
checked before it goes into the file, and what is read back, to the cent, is the same cents (`_dollars`).
The same sheets give the same bytes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import xlsxwriter

from reunify.kernel.money import LARGEST_CENTS
from reunify.kernel.workbook import Cell, Column, Kind, Sheet

_MADE: Final = datetime(2000, 1, 1, tzinfo=UTC)  # fixed, so that bytes repeat
_MOST_ROWS: Final = 1_048_576  # of the file format, the header row among them
_CENT: Final = Decimal("0.01")
_LONGEST_TEXT: Final = 32_767
_LONGEST_NAME: Final = 31
_NOT_IN_A_NAME: Final = frozenset("[]:*?/\\")
_MOST_COUNT: Final = 10**15  # a workbook keeps fifteen digits of a number
# What a spreadsheet takes for the start of a formula (OWASP, CSV injection), wide forms too.
_BEGINS_A_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_FORMATS: Final = {
    Kind.TEXT: "@",
    Kind.CENTS: "#,##0.00;[Red]-#,##0.00",
    Kind.COUNT: "#,##0",
    Kind.DAY: "yyyy-mm-dd",
}
_WIDTHS: Final = {Kind.TEXT: 28, Kind.CENTS: 16, Kind.COUNT: 12, Kind.DAY: 12}


class NotASheet(ValueError):
    """A cell that is not what its column says, or more than the file format holds."""


def workbook(sheets: Sequence[Sheet]) -> bytes:
    """An .xlsx of at least one sheet: a frozen header row, money in dollars, days as dates, text as text.

    Raises NotASheet. Rows are streamed to temporary files, never all held in memory.
    """
    _check_names(sheets)
    for sheet in sheets:
        if len(sheet.rows) >= _MOST_ROWS:
            raise NotASheet(
                f"{sheet.name} has {len(sheet.rows)} rows, a workbook holds fewer: ask for the CSV."
            )
    into = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(into, {**options, "strings_to_numbers": False}) as book:
        book.set_properties({"created": _MADE})
        formats = {kind: book.add_format({"num_format": _FORMATS[kind]}) for kind in Kind}
        head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        for sheet in sheets:
            _write(book.add_worksheet(sheet.name), sheet, formats, head)
    return into.getvalue()


def csv_text(sheet: Sheet) -> str:
    """The sheet as CSV (RFC 4180): money as 1234.56, days as 2026-09-30.

    A text that a spreadsheet would read as a formula gets an apostrophe before it. Raises NotASheet.
    """
    into = io.StringIO(newline="")
    writer = csv.writer(into, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    writer.writerow([_no_formula(column.title) for column in sheet.columns])
    for row in sheet.rows:
        _check_width(sheet, row)
        writer.writerow([_said(column, cell) for column, cell in zip(sheet.columns, row, strict=True)])
    return into.getvalue()


def _check_names(sheets: Sequence[Sheet]) -> None:
    if not sheets:
        raise NotASheet("A workbook has at least one sheet.")
    names = [sheet.name.casefold() for sheet in sheets]
    for sheet in sheets:
        name = sheet.name
        bad = _NOT_IN_A_NAME.intersection(name) or name.startswith("'") or name.endswith("'")
        if not name.strip() or len(name) > _LONGEST_NAME or bad or names.count(name.casefold()) > 1:
            raise NotASheet(
                f"{name!r} cannot name a sheet: 1-31 characters, used once, none of []:*?/\\ in it."
            )


def _check_width(sheet: Sheet, row: Sequence[Cell]) -> None:
    if len(row) != len(sheet.columns):
        raise NotASheet(f"{sheet.name}: a row has {len(row)} cells for {len(sheet.columns)} columns.")


def _write(page: Any, sheet: Sheet, formats: dict[Kind, Any], head: Any) -> None:
    page.freeze_panes(1, 0)
    for at, column in enumerate(sheet.columns):
        page.set_column(at, at, max(_WIDTHS[column.kind], min(len(column.title) + 2, 40)))
        page.write_string(0, at, _text(column, column.title), head)
    for down, row in enumerate(sheet.rows, start=1):
        _check_width(sheet, row)
        for at, (column, cell) in enumerate(zip(sheet.columns, row, strict=True)):
            if cell is not None:
                _put(page, column)(down, at, _value(column, cell), formats[column.kind])


def _put(page: Any, column: Column) -> Callable[..., Any]:
    writers: dict[Kind, Callable[..., Any]] = {
        Kind.TEXT: page.write_string,
        Kind.CENTS: page.write_number,
        Kind.COUNT: page.write_number,
        Kind.DAY: page.write_datetime,
    }
    return writers[column.kind]


def _value(column: Column, cell: Cell) -> str | int | Decimal | date:
    if column.kind is Kind.TEXT:
        return _text(column, cell)
    if column.kind is Kind.CENTS:
        return _dollars(_whole(column, cell, LARGEST_CENTS))
    return _day(column, cell) if column.kind is Kind.DAY else _whole(column, cell, _MOST_COUNT)


def _text(column: Column, cell: Cell) -> str:
    if type(cell) is not str or len(cell) > _LONGEST_TEXT:
        raise NotASheet(f"{column.title} takes text of at most {_LONGEST_TEXT} characters, not {cell!r:.60}.")
    return cell


def _whole(column: Column, cell: Cell, most: int) -> int:
    if type(cell) is not int or abs(cell) > most:
        raise NotASheet(f"{column.title} takes a whole number up to {most}, not {cell!r:.60}.")
    return cell


def _day(column: Column, cell: Cell) -> date:
    if type(cell) is not date:
        raise NotASheet(f"{column.title} takes a day, not {cell!r:.60}.")
    return cell


def _dollars(cents: int) -> Decimal:
    """Exact dollars. Raises NotASheet unless the sixteen digits put into the file are these cents."""
    dollars = Decimal(cents).scaleb(-2)
    written = f"{float(dollars):.16G}"
    if Decimal(written).quantize(_CENT) != dollars:
        raise NotASheet(f"{cents} cents would not be the same amount in a workbook: ask for the CSV.")
    return dollars


def _said(column: Column, cell: Cell) -> str:
    if cell is None:
        return ""
    if column.kind is Kind.TEXT:
        return _no_formula(_text(column, cell))
    if column.kind is Kind.CENTS:
        cents = _whole(column, cell, LARGEST_CENTS)
        return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"
    return (
        _day(column, cell).isoformat() if column.kind is Kind.DAY else str(_whole(column, cell, _MOST_COUNT))
    )


def _no_formula(text: str) -> str:
    begins = text.startswith(_BEGINS_A_FORMULA) or text.lstrip().startswith(_BEGINS_A_FORMULA)
    return f"'{text}" if begins else text
