"""A decision table read from CSV: closed, checked whole, and every refusal names its row and column.

Columns, in this order: `row`, facts, `=> outputs`, `cite`. A cell with a comma stands in double quotes.
"""

from __future__ import annotations

import csv
import io
import re
from codecs import BOM_UTF8
from collections import Counter
from dataclasses import dataclass

from reunify.kernel.money import Money, NotMoney
from reunify.rates.closed_yaml import LARGEST_FILE, RuleFileBroken, decoded
from reunify.rates.fields import Dictionary
from reunify.rules import cells
from reunify.rules.cells import Cell, NotACell
from reunify.rules.cut_points import stretches
from reunify.rules.kleene import YES
from reunify.rules.model import CAP_SCOPES, Cap, Row, Table

_ROW = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,19}")
_WHOLE = re.compile(r"\d{1,9}")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_WRITTEN = {"cents": "dollars and cents like 1284.50", "night": "whole nights", "mile": "whole miles"}
_LIFETIME = "lifetime_uses"
MOST_COLUMNS = 20  # in all, as many as a page shows
MOST_FACTS = 12
MOST_ROWS = 500
# Ways in which all the facts of a table may turn out, as far as its rows tell them apart: what an answer with
# nothing known looks at.
MOST_WORLDS = 4_096
_SPLIT = "split it into tables of fewer columns"
_QUOTES = 'cells split by commas; a cell with a comma or a quote stands in "double quotes"'


def read_table(body: bytes, head: TableHead, dictionary: Dictionary, file: str) -> Table:
    """`file` names the CSV in what is said of it. Raises RuleFileBroken with the row and the column."""
    lines = _lines(body, file)
    if not lines:
        raise RuleFileBroken(file, "whole file", "nothing", "a first line `row, ..., => ..., cite`")
    sheet = _Sheet(lines[0][1], head, dictionary, file)
    if (many := len(lines) - 1) > MOST_ROWS:
        raise RuleFileBroken(file, "whole file", f"{many} rows", f"at most {MOST_ROWS}, or two tables")
    rows: dict[str, Row] = {}
    for line, values in lines[1:]:
        row = sheet.row(values, line)
        if row.id in rows:
            raise RuleFileBroken(file, f"line {line}, `row`", f"`{row.id}` twice", "each row id once")
        rows[row.id] = row
    if not rows:
        raise RuleFileBroken(file, "whole file", "no rows", "at least one row under the first line")
    listed = tuple(rows.values())
    reach = _reach(sheet.fields, listed, dictionary, file)
    return Table(head.id, head.file, head.hit, sheet.fields, sheet.outputs, listed, reach)


@dataclass(frozen=True, slots=True)
class TableHead:
    """What the rule file says of a table. `unit`: cents, night or mile; `categories`: those it may cap."""

    id: str
    file: str
    hit: str
    unit: str
    categories: tuple[str, ...]


def _lines(body: bytes, file: str) -> list[tuple[int, list[str]]]:
    """Line numbers and cells. A line with nothing on it is passed over."""
    reader = csv.reader(io.StringIO(_text(body, file), newline=""), strict=True)
    found: list[tuple[int, list[str]]] = []
    try:
        for values in reader:
            line = f"line {reader.line_num}"
            if any("\n" in v or "\r" in v for v in values):
                raise RuleFileBroken(file, line, "a line break in a cell", "cells of one line")
            if values:
                found.append((reader.line_num, values))
    except csv.Error:
        where = f"line {reader.line_num}"
        raise RuleFileBroken(file, where, "quotes that do not match", _QUOTES) from None
    return found


def _text(body: bytes, file: str) -> str:
    """UTF-8; the mark that spreadsheets write before it is taken off."""
    if len(body) > LARGEST_FILE:
        raise RuleFileBroken(file, "whole file", f"{len(body)} bytes", f"at most {LARGEST_FILE} bytes")
    return decoded(body.removeprefix(BOM_UTF8), file)


class _Sheet:
    """The columns, known good; it reads one row at a time."""

    def __init__(self, columns: list[str], head: TableHead, dictionary: Dictionary, file: str) -> None:
        self._columns, self._head, self._dictionary, self._file = columns, head, dictionary, file
        if columns[0] != "row" or columns[-1] != "cite":
            found = f"`{columns[0][:60]}` first and `{columns[-1][:60]}` last"
            raise RuleFileBroken(file, "line 1", found, "`row` first and `cite` last")
        between = columns[1:-1]
        self.fields = tuple(c for c in between if not c.startswith("=>"))
        self.outputs = tuple(c for c in between if c.startswith("=>"))
        self._check_size(len(columns))
        twice = {name for name, times in Counter(columns).items() if times > 1}
        for number, name in enumerate(columns, 1):
            if name in twice:
                where = f"line 1, column {number}"
                raise RuleFileBroken(file, where, f"`{name[:60]}` twice", "each column once")
        self._scopes = {
            name: self._scope(name, f"line 1, column {number}")
            for number, name in enumerate(between, 2)
            if name.startswith("=>") or self._known(name, f"line 1, column {number}")
        }
        if not self.outputs or tuple(between) != self.fields + self.outputs:
            found = "a fact after an output" if self.outputs else "no output"
            raise RuleFileBroken(file, "line 1", found, "`row`, then facts, then `=> outputs`, then `cite`")

    def _check_size(self, columns: int) -> None:
        facts = len(self.fields)
        for found, most, what in ((columns, MOST_COLUMNS, "columns"), (facts, MOST_FACTS, "facts")):
            if found > most:
                raise RuleFileBroken(self._file, "line 1", f"{found} {what}", f"at most {most}; {_SPLIT}")

    def _known(self, name: str, where: str) -> bool:
        """False: it is a fact, which caps nothing."""
        if name not in self._dictionary.fields:
            found = f"unknown column `{name[:60]}`"
            raise RuleFileBroken(self._file, where, found, self._dictionary.allowed_for(name[:60]))
        return False

    def _scope(self, name: str, where: str) -> tuple[str, str | None]:
        """What an output caps: its scope, and its category if it names one."""
        if name == f"=> {_LIFETIME}":
            return _LIFETIME, None
        categories = self._head.categories
        found = re.fullmatch(r"=> ([a-z]+)_cap(?: ([a-z_]+))?", name)
        if found and found[1] in CAP_SCOPES and (found[2] is None or found[2] in categories):
            return found[1], found[2]
        scopes = ", ".join(f"=> {s}_cap" for s in CAP_SCOPES if s != _LIFETIME)
        allowed = f"{scopes}, each alone or with one of {', '.join(categories)}; => {_LIFETIME}"
        raise RuleFileBroken(self._file, where, f"`{name[:60]}`", allowed)

    def row(self, values: list[str], line: int) -> Row:
        if len(values) != len(self._columns):
            allowed = f'{len(self._columns)} cells; a cell with a comma stands in "double quotes"'
            raise RuleFileBroken(self._file, f"line {line}", f"{len(values)} cells", allowed)
        at = dict(zip(self._columns, values, strict=True))
        name = at["row"]
        if not _ROW.fullmatch(name):
            raise self._bad(f"line {line}", "row", name, "letters and digits, at most 20")
        where = f"row {name} (line {line})"
        cite = at["cite"].strip()
        if not cite or at["cite"].startswith(_FORMULA):
            raise self._bad(where, "cite", at["cite"], "where the rule is written")
        found = tuple(self._cell(at[field], field, where) for field in self.fields)
        gives = []
        for output, (scope, category) in self._scopes.items():
            if (most := self._most(at[output], scope, output, where)) is not None:
                gives.append(Cap(scope, category, most, cite, f"{self._head.id} row {name}"))
        return Row(name, found, tuple(gives), cite)

    def _cell(self, written: str, field: str, where: str) -> Cell:
        try:
            if written.startswith("\t"):
                raise NotACell(f"`{written}`", cells.GRAMMAR)
            return cells.parse(written, self._dictionary[field])
        except NotACell as wrong:
            if written.startswith("#"):
                remedy = "what stood there before a spreadsheet changed it; write `in x` for `= x`"
                raise self._bad(where, field, written, remedy) from None
            if _is_formula(written):
                raise self._bad(where, field, written, cells.GRAMMAR) from None
            raise RuleFileBroken(self._file, f"{where}, `{field}`", wrong.found, wrong.allowed) from None

    def _most(self, written: str, scope: str, output: str, where: str) -> int | None:
        """The cap in the source's own unit; None for `-`."""
        text, unit = written.strip(), self._head.unit
        if text == "-":
            return None
        try:
            if scope != _LIFETIME and unit == "cents":
                return Money.parse(text).cents
            if _WHOLE.fullmatch(text):
                return int(text)
        except NotMoney:
            pass
        allowed = "how many times, as a whole number" if scope == _LIFETIME else _WRITTEN[unit]
        raise self._bad(where, output, written, f"{allowed}, or -")

    def _bad(self, where: str, column: str, written: str, allowed: str) -> RuleFileBroken:
        shown = f"`{written.strip()[:60]}`" if written.strip() else "nothing"
        found = f"the spreadsheet formula {shown}" if _is_formula(written) else shown
        return RuleFileBroken(self._file, f"{where}, `{column}`", found, allowed)


def _is_formula(written: str) -> bool:
    return written.startswith(_FORMULA) and not written.startswith("= ")


def _reach(
    fields: tuple[str, ...], rows: tuple[Row, ...], dictionary: Dictionary, file: str
) -> tuple[tuple[int, ...], ...]:
    """Per column: each set of rows (bit i is row i) that some value of the fact leaves standing."""
    found: list[tuple[int, ...]] = []
    worlds = 1
    for column, name in enumerate(fields):
        places: dict[str, int] = {}  # the same words are tried once, for all rows that hold them
        cell_of: dict[str, Cell] = {}
        for i, row in enumerate(rows):
            cell = cell_of.setdefault(row.cells[column].written, row.cells[column])
            places[cell.written] = places.get(cell.written, 0) | 1 << i
        parts = stretches(dictionary[name], cell_of.values())
        if len(parts) > MOST_WORLDS:
            raise _too_many(file, name, f"{len(parts)} values of it told apart")
        standing = {
            sum(rows for written, rows in places.items() if cell_of[written].holds(part.low) is YES)
            for part in parts
        }
        worlds *= len(standing)
        if worlds > MOST_WORLDS:
            raise _too_many(file, name, f"{worlds} ways in which its facts may come together, up to this one")
        found.append(tuple(sorted(standing)))
    return tuple(found)


def _too_many(file: str, column: str, found: str) -> RuleFileBroken:
    return RuleFileBroken(file, f"line 1, `{column}`", found, f"at most {MOST_WORLDS}; {_SPLIT}")
