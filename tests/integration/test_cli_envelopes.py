"""`reunify ledger envelopes`, as an operator types it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reunify.adapters.key_sources import FileKeys
from reunify.cli.commands import app
from reunify.db import Database
from reunify.vault import keyring
from tests.integration.envelope_world import Night
from tests.town import built


@pytest.fixture
def night(settled_db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Night]:
    before = keyring.current()
    FileKeys(tmp_path / "keys.json").write_first(before.to_json())
    monkeypatch.setenv("REUNIFY_DATA", str(tmp_path))
    monkeypatch.setenv("REUNIFY_SANDBOX", "on")  # whose keys these are
    monkeypatch.setenv("REUNIFY_DATABASE_URL", settled_db.url)
    monkeypatch.setenv("REUNIFY_OWNER_DATABASE_URL", settled_db.url)
    with built(settled_db, tmp_path / "town", settle_after=None) as town:
        yield Night(town)
    keyring.use(before)


def typed() -> list[str]:
    """What the command prints."""
    done = CliRunner().invoke(app, ["ledger", "envelopes"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output.splitlines()


def test_it_lists_what_is_set_aside_and_what_waits_for_a_third_and_names_nobody(night: Night) -> None:
    assert typed() == ["No envelope is in force, and no night decision waits."]
    night.signed(500_000, 200_000)
    urgent = night.emergency()
    night.act(urgent)
    award = night.award(urgent)
    assert award is not None
    envelope, review = typed()
    assert "in_force  domestic_reunification  transport $3,400.00 of $5,000.00" in envelope
    assert review.startswith(f"{award.reference}  to be reviewed  $1,600.00  due 2026-11-26")
    night.review(urgent, agrees=False, reason="not by these rules")
    said = f"{award.reference}  turned down  $0.00 not borne by our own money yet"
    assert typed()[1] == said
    for name in ("Ben", "Gus", "Carla"):
        assert name not in f"{envelope}{review}"
