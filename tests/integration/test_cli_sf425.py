"""`reunify funds sf425` as an operator types it, and what obligates as `reunify init` writes it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import openpyxl
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from reunify.adapters.key_sources import FileKeys
from reunify.cli.commands import app
from reunify.cli.funder_numbers import FileThere
from reunify.cli.organisation import NotOneOf
from reunify.db import Database
from reunify.rates.policy import SettingDoesNotFit
from reunify.rates.queries import organisation
from reunify.vault import keyring
from tests.integration.sf425_world import Q1, TRANSPORT, Award, at, settled


@pytest.fixture
def award(settled_db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Award]:
    before = keyring.current()
    FileKeys(tmp_path / "keys.json").write_first(before.to_json())
    monkeypatch.setenv("REUNIFY_DATA", str(tmp_path))
    monkeypatch.setenv("REUNIFY_SANDBOX", "on")  # whose keys these are
    monkeypatch.setenv("REUNIFY_DATABASE_URL", settled_db.url)
    monkeypatch.setenv("REUNIFY_OWNER_DATABASE_URL", settled_db.url)
    made = Award(settled_db, settled(settled_db)).open({TRANSPORT: 150_000}, at(1, 2))
    made.draw(30_000, at(2, 1))
    yield made
    keyring.use(before)


def typed(*words: str) -> str:
    """What the command prints."""
    done = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_the_report_is_printed_with_what_changed_since_it_was_prepared(award: Award, tmp_path: Path) -> None:
    first = typed("funds", "sf425", award.code, "--quarter", "2026Q1")
    assert "due 2026-04-30" in first
    assert "10a - 10b = $300.00 - $0.00" in first
    assert "Not prepared." in first
    award.prepare(Q1, at(4, 10))
    assert "As prepared: report 1" in typed("funds", "sf425", award.code, "--quarter", "2026Q1")
    award.draw(5_000, at(3, 31, 23, 0))
    file = tmp_path / "report.xlsx"
    said = typed("funds", "sf425", award.code, "--quarter", "2026Q1", "--xlsx", str(file))
    assert "10a $300.00 -> $350.00" in said
    assert "2026-03-31 draw_down" in said
    assert openpyxl.load_workbook(file)["SF-425"]["C2"].value == 350
    assert written(award) == [{"period": "2026Q1"}]
    with pytest.raises(FileThere):
        typed("funds", "sf425", award.code, "--quarter", "2026Q1", "--xlsx", str(file))


def written(award: Award) -> list[dict[str, str]]:
    """Each workbook that was taken away, as the audit has it."""
    said = sa.text("SELECT detail FROM audit_entries WHERE verb = 'download_sf425' AND subject_id = :fund")
    with award.db.read() as session:
        return list(session.scalars(said, {"fund": award.fund}))


def test_the_final_report_and_what_is_dated_later_are_printed(award: Award) -> None:
    award.draw(5_000, at(4, 2), happened_on=date(2026, 3, 31))
    said = typed("funds", "sf425", award.code, "--quarter", "2026Q1")
    assert "not in it: $50.00 that happened by 2026-03-31, dated later" in said
    final = typed("funds", "sf425", award.code, "--quarter", "final")
    assert "final-2027-07-29, due 2027-07-29" in final
    assert written(award) == []


def test_what_obligates_is_written_like_every_setting(award: Award) -> None:
    typed(
        "init", "--obligates", "repaid=entry", "--obligates", "partner_gives=release", "--from", "2027-01-01"
    )
    with award.db.read() as session:
        before = organisation(session, on=date(2026, 12, 31)).obligated_by_release
        after = organisation(session, on=date(2027, 1, 1)).obligated_by_release
    assert before == {"vendor_billed", "repaid", "advance"}
    assert after == {"vendor_billed", "advance", "partner_gives"}
    with pytest.raises(NotOneOf, match="vendor_billed"):
        typed("init", "--obligates", "gift=entry")
    with pytest.raises(SettingDoesNotFit, match="release or entry"):
        typed("init", "--obligates", "repaid=sometimes")
