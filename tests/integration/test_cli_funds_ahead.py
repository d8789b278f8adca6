"""`reunify funds forecast` and `funds duplicates` as an operator types them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reunify.adapters.key_sources import FileKeys
from reunify.cli.commands import app
from reunify.db import Database
from reunify.vault import keyring
from tests.integration.closeout_world import Closing
from tests.town import NOW, built


@pytest.fixture
def closing(settled_db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Closing]:
    before = keyring.current()
    FileKeys(tmp_path / "keys.json").write_first(before.to_json())
    monkeypatch.setenv("REUNIFY_DATA", str(tmp_path))
    monkeypatch.setenv("REUNIFY_SANDBOX", "on")  # whose keys these are
    monkeypatch.setenv("REUNIFY_DATABASE_URL", settled_db.url)
    monkeypatch.setenv("REUNIFY_OWNER_DATABASE_URL", settled_db.url)
    monkeypatch.setattr("reunify.cli.funds_ahead._now", lambda: NOW)
    with built(settled_db, tmp_path / "town", settle_after=None) as town:
        yield Closing(town)
    keyring.use(before)


def typed(*words: str, code: int = 0) -> str:
    """What the command prints."""
    done = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.output


def test_the_forecast_is_printed_with_bars(closing: Closing) -> None:
    closing.paid(40_000)
    said = typed("funds", "forecast")
    assert "2 CFR 200.405(c)" in said
    assert "domestic_reunification (open, period to 2027-12-31)" in said
    assert "open requests it may pay: 0, up to $0.00 not covered yet" in said
    assert "2026-11 ####" in said


def test_duplicates_are_printed_and_the_exit_code_says_that_one_waits(closing: Closing) -> None:
    assert "Nothing of the last 400 days" in typed("funds", "duplicates")
    closing.paid(40_000)
    closing.paid(30_000)
    said = typed("funds", "duplicates", code=1)
    assert "Two requests pay it" in said
    assert "$300.00 paid twice; to be looked at" in said
    assert "Bell" not in said
    assert typed("funds", "duplicates", "--all", code=1) == said
