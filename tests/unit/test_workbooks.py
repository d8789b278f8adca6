"""A workbook and a CSV say exactly the cents and the words they were given, and run nothing."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reunify.adapters.workbooks import NotASheet, csv_text, workbook
from reunify.kernel.money import LARGEST_CENTS
from reunify.kernel.workbook import Cell, Column, Kind, Sheet

_COLUMNS = (
    Column("Line"),
    Column("Amount", Kind.CENTS),
    Column("Entries", Kind.COUNT),
    Column("Day", Kind.DAY),
)


def _sheet(*rows: tuple[Cell, ...], name: str = "10a") -> Sheet:
    return Sheet(name, _COLUMNS, rows)


def _read(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def test_what_was_written_is_read_back_money_in_dollars_and_days_as_dates() -> None:
    book = _read(workbook([_sheet(("Lodging", 123456, 3, date(2026, 9, 30)), (None, -5, None, None))]))
    page = book["10a"]
    rows = list(page.iter_rows(values_only=True))
    assert rows[0] == ("Line", "Amount", "Entries", "Day")
    assert rows[1] == ("Lodging", 1234.56, 3, datetime(2026, 9, 30))
    assert rows[2] == (None, -0.05, None, None)
    assert page.freeze_panes == "A2"
    assert page["B2"].number_format.startswith("#,##0.00")
    assert page["D2"].number_format == "yyyy-mm-dd"


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(-LARGEST_CENTS, LARGEST_CENTS), min_size=1, max_size=300))
def test_every_amount_of_money_comes_back_as_the_same_cents(amounts: list[int]) -> None:
    sheet = _sheet(*(("x", cents, 0, None) for cents in amounts))
    column = _read(workbook([sheet]))["10a"].iter_rows(min_row=2, min_col=2, max_col=2, values_only=True)
    assert [round(value * 100) for (value,) in column] == amounts
    said = [row[1] for row in csv.reader(io.StringIO(csv_text(sheet), newline=""))][1:]
    assert [int(Decimal(dollars) * 100) for dollars in said] == amounts
    assert all(re.fullmatch(r"-?\d+\.\d\d", dollars) for dollars in said)


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "http://example.org",
        "{=A1}",
        "  =1",
        "＝1",
        "_x0041_",
        "12",
    ],
)
def test_no_text_is_a_formula_a_link_or_a_number(text: str) -> None:
    content = workbook([_sheet((text, 0, 0, None))])
    cell = _read(content)["10a"]["A2"]
    assert cell.data_type in ("s", "inlineStr")
    assert cell.hyperlink is None
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        inside = b"".join(parts.read(name) for name in parts.namelist() if "sheet1" in name)
    assert b"<f>" not in inside
    assert b"hyperlink" not in inside


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "\n=1"])
def test_a_csv_guards_what_a_spreadsheet_would_run(text: str) -> None:
    (_, row) = csv.reader(io.StringIO(csv_text(_sheet((text, -150, 2, date(2026, 1, 2)))), newline=""))
    assert row == ["'" + text, "-1.50", "2", "2026-01-02"]


def test_a_csv_leaves_ordinary_words_alone_and_quotes_what_needs_it() -> None:
    said = csv_text(_sheet(('Ana, "A"', 100, None, None)))
    assert said == 'Line,Amount,Entries,Day\r\n"Ana, ""A""",1.00,,\r\n'


def test_a_title_is_guarded_too() -> None:
    assert csv_text(Sheet("s", (Column("=A1"),), ())) == "'=A1\r\n"


def test_the_same_sheets_give_the_same_bytes() -> None:
    sheets = [_sheet(("a", 1, 1, date(2026, 1, 1))), _sheet(("b", 2, 2, None), name="10b")]
    assert workbook(sheets) == workbook(sheets)


@pytest.mark.parametrize(
    "row",
    [
        (1, 0, 0, None),
        ("x", "1.00", 0, None),
        ("x", True, 0, None),
        ("x", LARGEST_CENTS + 1, 0, None),
        ("x", 0, 10**16, None),
        ("x", 0, 0, "2026-01-01"),
        ("x" * 32_768, 0, 0, None),
        ("x", 0, 0),
    ],
    ids=["no text", "no cents", "yes or no", "too much", "too many", "no day", "too long", "too narrow"],
)
def test_a_cell_that_is_not_what_its_column_says_is_refused(row: tuple[Cell, ...]) -> None:
    with pytest.raises(NotASheet):
        workbook([_sheet(row)])
    with pytest.raises(NotASheet):
        csv_text(_sheet(row))


@pytest.mark.parametrize("name", ["", " ", "a" * 32, "a/b", "a:b", "'a"])
def test_a_name_no_sheet_can_have_is_refused(name: str) -> None:
    with pytest.raises(NotASheet, match="cannot name a sheet"):
        workbook([_sheet(name=name)])


def test_two_sheets_never_share_a_name() -> None:
    with pytest.raises(NotASheet, match="used once"):
        workbook([_sheet(name="10a"), _sheet(name="10A")])


def test_a_workbook_without_sheets_is_refused() -> None:
    with pytest.raises(NotASheet, match="at least one"):
        workbook([])
