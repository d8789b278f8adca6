"""The journal outside the house: beancount finds the same balances, and our plugin what it cannot see."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from reunify.adapters import workbooks
from reunify.cli import ledger_export
from reunify.db import Database
from reunify.ledger import actions as ledger
from reunify.ledger.policy import BudgetCategory, Cash, Unit
from reunify.reporting import beancount_text, journal
from reunify.reporting.journal import JournalLine
from tests.integration.ledger_world import BY, Books

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


@pytest.fixture
def books(settled_db: Database) -> Books:
    """One fund of money and one of nights, with something of every kind in them."""
    there = Books(settled_db, NOW)
    cash = there.open("cash", {BudgetCategory.TRANSPORT: 500_000, BudgetCategory.LODGING: 90_000})
    there.open("rooms_given", {BudgetCategory.LODGING: 30}, unit=Unit.NIGHT)
    with there.db.work() as session:
        ledger.draw_down(
            session, external_ref="d", fund_id=cash, cash=Cash.STRIPE, amount=500_00, by=BY, now=NOW
        )
        ledger.charge_fee(
            session,
            external_ref='fee "one"',
            fund_id=cash,
            budget_category=BudgetCategory.TRANSPORT,
            cash=Cash.STRIPE,
            amount=151,
            by=BY,
            now=NOW,
        )
    there.spent(40_001)
    nights = there.line(3, BudgetCategory.LODGING, code="rooms_given", unit=Unit.NIGHT)
    there.reserve(nights)
    there.do("obligate", nights.hold_id, 2)
    there.do("unreserve", nights.hold_id, 1)
    paid = there.line(10_000)
    there.reserve(paid)
    there.do("obligate", paid.hold_id, 10_000)
    there.do("expend", paid.hold_id, 10_000)
    there.do("give_back", paid.hold_id, 10_000, pay_again=False)
    return there


def _export(books: Books, form: str, out: Path) -> None:
    with books.db.read() as session:
        ledger_export._FORMS[form](session, out, journal.lines(session))


def _bean_check(file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("bean-check")), "--no-cache", str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_bean_check_agrees_with_every_balance_of_the_house(books: Books, tmp_path: Path) -> None:
    out = tmp_path / "books.beancount"
    _export(books, "beancount", out)
    done = _bean_check(out)
    assert (done.returncode, done.stderr + done.stdout) == (0, "")
    written = out.read_text()
    assert "Equity:Budget:Cash:Transport:Expended  400.01 USD" in written
    assert "Equity:Units:RoomsGiven:Lodging:Obligated  2 NIGHT" in written
    assert _bean_check(_without(out, " balance ")).returncode == 0
    assert written.count(" balance ") >= 20


def _without(file: Path, word: str) -> Path:
    kept = [line for line in file.read_text().splitlines() if word not in line]
    less = file.with_name("less.beancount")
    less.write_text("\n".join(kept) + "\n")
    return less


def test_a_balance_that_is_a_cent_off_is_found(books: Books, tmp_path: Path) -> None:
    out = tmp_path / "books.beancount"
    _export(books, "beancount", out)
    head, last = out.read_text().rsplit("balance Equity:Budget:Cash:Transport:Expended  401.52 ~ 0 USD", 1)
    out.write_text(f"{head}balance Equity:Budget:Cash:Transport:Expended  401.53 ~ 0 USD{last}")
    done = _bean_check(out)
    assert done.returncode == 1
    assert "Balance failed" in done.stdout + done.stderr


def test_the_plugin_finds_spending_that_the_money_contradicts(books: Books, tmp_path: Path) -> None:
    """Each book balances by itself, so beancount alone is content; that is shown, too."""
    out = tmp_path / "books.beancount"
    _export(books, "beancount", out)
    out.write_text(
        out.read_text()
        .replace("Expenses:Travel:Cash:Transport  400.01 USD", "Expenses:Travel:Cash:Transport  390.01 USD")
        .replace(
            "Assets:CashStripe:Cash:Transport  -400.01 USD", "Assets:CashStripe:Cash:Transport  -390.01 USD"
        )
    )
    done = _bean_check(out)
    assert done.returncode == 1
    assert "expended in the budget and paid in money differ by 10.00 USD" in done.stdout + done.stderr
    out.write_text(out.read_text().replace('plugin "fundcheck"', ""))
    assert _bean_check(out).returncode == 0


def test_the_plugin_finds_a_fund_that_pays_for_another(books: Books, tmp_path: Path) -> None:
    out = tmp_path / "books.beancount"
    _export(books, "beancount", out)
    ours, theirs = (
        "Assets:CashStripe:Cash:Transport  -400.01",
        "Assets:CashStripe:RoomsGiven:Transport  -400.01",
    )
    opening = "2026-03-02 open Assets:CashStripe:RoomsGiven:Transport\n"
    out.write_text(out.read_text().replace(ours, theirs) + opening)
    assert "The actual book of Cash does not balance" in _bean_check(out).stdout + _bean_check(out).stderr


def test_the_plugin_finds_a_promise_without_money(books: Books, tmp_path: Path) -> None:
    out = tmp_path / "books.beancount"
    _export(books, "beancount", out)
    planted = (
        '\n2026-03-02 * "reserve"\n  Equity:Budget:Cash:Lodging:Reserved  900.01 USD\n'
        "  Equity:Budget:Cash:Lodging:Available  -900.01 USD\n"
    )
    out.write_text(out.read_text() + planted)
    done = _bean_check(out)
    assert "Equity:Budget:Cash:Lodging:Available is below zero: -0.01 USD" in done.stdout + done.stderr


def test_csv_and_workbook_hold_every_entry_to_the_cent(books: Books, tmp_path: Path) -> None:
    with books.db.read() as session:
        kept = list(journal.lines(session))
    _export(books, "csv", tmp_path / "journal.csv")
    _export(books, "xlsx", tmp_path / "journal.xlsx")
    written = (tmp_path / "journal.csv").read_bytes().decode()
    rows = list(csv.DictReader(io.StringIO(written)))
    assert [_cents(r["Amount (US dollars)"]) for r in rows] == [_money(line) for line in kept]
    sheet = openpyxl.load_workbook(tmp_path / "journal.xlsx")["Journal"]
    read = list(sheet.iter_rows(min_row=2, values_only=True))
    assert [None if r[10] is None else round(r[10] * 100) for r in read] == [_money(line) for line in kept]
    assert [r[11] for r in read] == [None if line.unit == "cents" else line.amount for line in kept]
    assert any(_money(line) is None for line in kept)


def test_a_journal_longer_than_one_part_has_one_header(
    books: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _export(books, "csv", tmp_path / "whole.csv")
    monkeypatch.setattr(ledger_export, "_ROWS_AT_A_TIME", 3)
    _export(books, "csv", tmp_path / "parts.csv")
    assert (tmp_path / "parts.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_a_reference_that_begins_like_a_formula_is_text(books: Books, tmp_path: Path) -> None:
    with books.db.work() as session:
        ledger.draw_down(
            session,
            external_ref="=HYPERLINK(1)",
            fund_id=books.funds["cash"],
            cash=Cash.BANK,
            amount=1,
            by=BY,
            now=NOW,
        )
    _export(books, "csv", tmp_path / "journal.csv")
    assert ",'=HYPERLINK(1)," in (tmp_path / "journal.csv").read_text()
    _export(books, "xlsx", tmp_path / "journal.xlsx")
    cells = openpyxl.load_workbook(tmp_path / "journal.xlsx")["Journal"].iter_rows()
    assert {c.data_type for row in cells for c in row if c.value == "=HYPERLINK(1)"} == {"s"}


def test_days_bound_what_is_exported(books: Books) -> None:
    with books.db.read() as session:
        whole = Counter(line.day for line in journal.lines(session))
        for day in sorted(whole):
            one = list(journal.lines(session, since=day, through=day))
            assert ({line.day for line in one}, len(one)) == ({day}, whole[day])
        assert not list(journal.lines(session, through=min(whole) - timedelta(days=1)))
        assert not list(journal.lines(session, since=max(whole) + timedelta(days=1)))


def test_an_empty_journal_is_a_ledger_too(db: Database, tmp_path: Path) -> None:
    out = tmp_path / "books.beancount"
    _export(Books(db, NOW), "beancount", out)
    assert _bean_check(out).returncode == 0


def test_any_two_codes_make_two_accounts_beancount_can_read(tmp_path: Path) -> None:
    codes = [
        "a1",
        "a_1",
        "1a",
        "x1a",
        "x_1a",
        "xa",
        "ovc_travel",
        "ovctravel",
        "ovc_Travel",
        "état",
        "tat",
        "4h-club",
    ]
    accounts = {beancount_text.account_of("actual", code, None, "cash_bank") for code in codes}
    assert len(accounts) == len(codes)
    assert "Assets:CashBank:OvcTravel:All" in accounts
    out = tmp_path / "books.beancount"
    out.write_text("".join(f"2026-01-01 open {account}\n" for account in sorted(accounts)))
    assert (_bean_check(out).returncode, _bean_check(out).stderr) == (0, "")


def _money(line: JournalLine) -> int | None:
    return line.amount if line.unit == "cents" else None


def _cents(written: str) -> int | None:
    return int(written.replace(".", "")) if written else None


def test_a_format_nobody_knows_is_refused_with_those_there_are() -> None:
    assert workbooks.csv_text(journal.sheet([])).startswith("Accounting day,Happened on")
    with pytest.raises(ledger_export.NotExported, match="beancount, csv, xlsx"):
        ledger_export.export(None, form="ods", out=Path("x"))  # type: ignore[arg-type]
