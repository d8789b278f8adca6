"""A decision table as a grid of cells: what stands in the CSV, and how staff read its heads. Pure.

A draft's table may be broken; here it is only split into cells. `rules/tables.py` says what is wrong with it.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field

from starlette.datastructures import FormData

from reunify.rates.closed_yaml import LARGEST_FILE, RuleFileBroken
from reunify.rates.fields import Dictionary
from reunify.rules.model import CAP_SCOPES
from reunify.rules.readable import SCOPES_IN_WORDS, category_in_words
from reunify.rules.reading import CATEGORIES
from reunify.web.pages.form_fields import Options
from reunify.web.pages.rules_document import one_line
from reunify.web.pages.view import text_of

MOST_COLUMNS, MOST_CELLS = 20, 2000
_OUTPUT = re.compile(r"=> ([a-z]+)_cap(?: ([a-z_]+))?")
_LIFETIME = "=> lifetime_uses"


@dataclass(slots=True)
class Grid:
    """Column heads as the file writes them, and below each row its cells, one for every head."""

    heads: list[str]
    rows: list[list[str]] = field(default_factory=list)

    @classmethod
    def of(cls, text: str) -> Grid:
        """Whatever can be split; an empty grid where nothing can."""
        try:
            lines = [
                line for line in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")) if line
            ]
        except csv.Error:
            lines = []
        if not lines:
            return cls(["row", "=> trip_cap", "cite"])
        wide = max(map(len, lines))  # a row that is too long is shown too long
        heads, *rows = [line + [""] * (wide - len(line)) for line in lines]
        return cls(heads, rows)

    @property
    def fits(self) -> bool:
        """Whether a form can hold it; a larger one is changed as a spreadsheet."""
        return len(self.heads) <= MOST_COLUMNS and len(self.heads) * len(self.rows) <= MOST_CELLS

    @property
    def csv(self) -> str:
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows([self.heads, *self.rows])
        return out.getvalue()

    def add_row(self) -> None:
        taken = {row[0] for row in self.rows if row}
        name = next(n for i in range(len(self.rows) + 2) if (n := _letter(i)) not in taken)
        self.rows.append([name, *("-" for _ in self.heads[1:-1]), ""])

    def drop_row(self, number: int) -> None:
        if number < len(self.rows):
            del self.rows[number]

    def add_column(self, head: str) -> None:
        """Facts stand before what the table gives; nothing is added twice."""
        if head in self.heads or len(self.heads) >= MOST_COLUMNS:
            return
        outputs = [n for n, h in enumerate(self.heads) if h.startswith("=>")]
        last = len(self.heads) - 1
        place = last if head.startswith("=>") or not outputs else outputs[0]
        self.heads.insert(place, head)
        for row in self.rows:
            row.insert(place, "-")

    def drop_column(self, number: int) -> None:
        if 0 < number < len(self.heads) - 1:
            del self.heads[number]
            for row in self.rows:
                del row[number]


def grid_in(form: FormData) -> Grid:
    """The grid as posted. Raises HiddenText, TooLong, FieldTwice."""
    heads = [text_of(form, f"h{c}") for c in range(MOST_COLUMNS) if f"h{c}" in form]
    rows = [
        [one_line(text_of(form, f"c{r}_{c}"), f"c{r}_{c}", f"Row {r + 1}") for c in range(len(heads))]
        for r in range(MOST_CELLS)
        if f"c{r}_0" in form
    ]
    return Grid(heads, rows)


def head_in_words(head: str, dictionary: Dictionary) -> str:
    """`=> trip_cap lodging` as `At most for a trip, lodging`; an unknown head as it is written."""
    if head == _LIFETIME:
        return "At most in a lifetime"
    if (found := _OUTPUT.fullmatch(head)) and found[1] in SCOPES_IN_WORDS:
        about = f", {category_in_words(found[2])}" if found[2] else ""
        return f"At most {SCOPES_IN_WORDS[found[1]]}{about}"
    if head in dictionary.fields:
        return dictionary[head].label.en
    return {"row": "Row", "cite": "Where it is written"}.get(head, head)


def output_options() -> Options:
    """Every head a table may give, in words."""
    heads = [f"=> {s}_cap" for s in CAP_SCOPES if s in SCOPES_IN_WORDS]
    heads += [f"=> {s}_cap {c}" for s in CAP_SCOPES if s in SCOPES_IN_WORDS for c in CATEGORIES]
    return (("", "Choose what it gives"), *((h, head_in_words(h, _NOTHING)) for h in (*heads, _LIFETIME)))


def text_of_upload(body: bytes, name: str) -> str:
    """An uploaded CSV as text. Raises RuleFileBroken for what is no UTF-8 text or is too large."""
    allowed = "UTF-8 text throughout (in a spreadsheet: save as CSV UTF-8)"
    if len(body) > LARGEST_FILE:
        raise RuleFileBroken(name, "whole file", f"{len(body):,} bytes", f"at most {LARGEST_FILE:,} bytes")
    if body[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in body:
        raise RuleFileBroken(name, "whole file", "UTF-16 text", allowed)
    try:
        return body.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as wrong:
        line = body[: wrong.start].count(b"\n") + 1
        raise RuleFileBroken(name, f"line {line}", "letters of another encoding", allowed) from None


def _letter(number: int) -> str:
    return chr(ord("A") + number) if number < 26 else f"R{number + 1}"


_NOTHING = Dictionary({}, b"")
