"""`reunify ledger transfers` as an operator types it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reunify.adapters.key_sources import FileKeys
from reunify.cli.commands import app
from reunify.db import Database
from reunify.vault import keyring
from tests.integration.closeout_world import GIFT, OWN, Closing
from tests.town import built


@pytest.fixture
def closing(settled_db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Closing]:
    before = keyring.current()
    FileKeys(tmp_path / "keys.json").write_first(before.to_json())
    monkeypatch.setenv("REUNIFY_DATA", str(tmp_path))
    monkeypatch.setenv("REUNIFY_SANDBOX", "on")  # whose keys these are
    monkeypatch.setenv("REUNIFY_DATABASE_URL", settled_db.url)
    monkeypatch.setenv("REUNIFY_OWNER_DATABASE_URL", settled_db.url)
    with built(settled_db, tmp_path / "town", settle_after=None) as town:
        yield Closing(town)
    keyring.use(before)


def typed(*words: str) -> list[str]:
    """What the command prints."""
    done = CliRunner().invoke(app, ["ledger", "transfers", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output.splitlines()


def test_what_waits_is_listed_and_with_all_what_was_decided(closing: Closing) -> None:
    assert typed() == ["No cost transfer waits."]
    assert typed("--all") == ["No cost transfer was asked for."]
    request = closing.paid()
    closing.move(request, 10_000)
    waiting = closing.ask(request, 25_000)
    (line,) = typed()
    assert f"$250.00  {OWN}/transport -> {GIFT}/transport  charged_to_the_wrong_source  waits, " in line
    assert line.endswith(str(waiting))
    both = typed("--all")
    assert len(both) == 2
    assert sum("  confirmed" in line for line in both) == 1
    assert not any("Tanisha" in line for line in both)
