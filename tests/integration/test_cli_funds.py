"""`reunify funds`, as an operator types it for whoever keeps the funds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from reunify.cli.commands import app
from reunify.cli.fund_words import NotRead
from reunify.db import Database
from reunify.funds import policy
from reunify.funds.typed import ReasonNeeded
from reunify.kernel.refusals import NotAllowed, Refused
from reunify.vault import keyring

OURS = "domestic_reunification"
AWARD = (
    "funds", "open", "sample_award", "--name", "Sample award", "--public-name", "Travel help",
    "--from", "2026-01-01", "--to", "2027-12-31", "--award-number", "15PSAM-00-GG-00001",
    "--listing", "99.999", "--amount", "transport=6,000.00", "--amount", "meals=1500",
    "--by", "ada", "--reason", "awarded",
)  # fmt: skip


@pytest.fixture
def house(
    settled_db: Database, server: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Database]:
    """A house whose keys are the test's own."""
    before = keyring.current()
    monkeypatch.setenv("REUNIFY_DATA", str(tmp_path))
    monkeypatch.setenv("REUNIFY_DATABASE_URL", settled_db.url)
    monkeypatch.setenv("REUNIFY_OWNER_DATABASE_URL", settled_db.url)
    monkeypatch.setattr("reunify.adapters.key_sources.opened_keys", lambda _: (before,))
    yield settled_db
    keyring.use(before)


def typed(*words: str) -> str:
    """What the command prints."""
    done = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def refused(why: type[Refused], *words: str) -> str:
    with pytest.raises(why) as found:
        CliRunner().invoke(app, list(words), catch_exceptions=False)
    return str(found.value)


def test_an_award_is_opened_bound_and_drawn_on(house: Database) -> None:
    assert typed(*AWARD) == "Open: sample_award.\n"
    by = ("--by", "ada", "--reason", "award term 4")
    typed("funds", "condition", "sample_award", "Travel abroad", "--cite", "Term 7", "--by", "ada")
    typed("funds", "limit", "sample_award", "trip", "2,500.00", "--category", "transport", *by)
    typed("funds", "limit", "sample_award", "lifetime", "2", *by)
    typed("funds", "terms", "sample_award", "--release", "paced", "--tranches", "12", *by)
    typed("funds", "terms", "sample_award", "--minimum-grant", "20.00", *by)
    typed("funds", "lift", "sample_award", "1", "--document", "Letter 14", "--approved-on", "2026-02-01", *by)
    drawn = typed(
        "funds", "draw", "sample_award", "500", "--reference", "P-1", "--cash", "bank",
        "--received-on", "2026-02-02", *by,
    )  # fmt: skip
    assert drawn == "Drawn in all: $500.00. On hand: $500.00; needed at once: $0.00.\n"
    typed("funds", "extend", "sample_award", "--to", "2028-03-31", "--document", "Notice 2", *by)
    shown = typed("funds", "show", "sample_award")
    for said in (
        "Federal award 15PSAM-00-GG-00001, listing 99.999.",
        "until 2028-03-31, paid by 2028-07-29.",
        "transport: $6,000.00 authorized, $6,000.00 available",
        "drawn $500.00, $7,000.00 left to draw",
        "terms: in 12 tranches; least line $0.00, least trip $20.00",
        "condition 1 (all): Travel abroad [Term 7]: approved 2026-02-01, Letter 14",
        "limit for one trip, transport: $2,500.00",
        "limit for one lifetime, all categories: 2 trips",
    ):
        assert said in shown


def test_sources_are_listed_amended_valued_frozen_and_closed(house: Database) -> None:
    by = ("--by", "ada", "--reason", "the board decided")
    assert "domestic_reunification: held, open, $250,000.00 available, until 2027-12-31" in typed(
        "funds", "list"
    )
    typed("funds", "amend", OURS, "meals", "40,000", *by)
    assert "meals: $40,000.00 authorized, $40,000.00 available" in typed("funds", "show", OURS)
    typed("funds", "value", "partner_hotel_nights", "140.00", "--basis", "published rate", "--by", "ada")
    assert "one night is worth $140.00, for reports" in typed("funds", "show", "partner_hotel_nights")
    assert typed("funds", "freeze", OURS, *by) == f"Frozen: {OURS}.\n"
    assert typed("funds", "thaw", OURS, *by) == f"Open again: {OURS}.\n"
    assert "say what becomes of it" in refused(policy.CashOnHand, "funds", "close", OURS, *by)
    goes = ("--cash-goes", "sent back on November 25")
    assert typed("funds", "close", OURS, *by, *goes) == f"Closed for good: {OURS}.\n"
    assert f"{OURS}: held, closed" in typed("funds", "list")


def test_what_is_typed_wrongly_is_refused_in_words(house: Database) -> None:
    by = ("--by", "ada", "--reason", "the board decided")
    assert "--amount: one of transport" in refused(NotRead, *AWARD, "--amount", "candy=1")
    assert "write dollars and cents" in refused(NotRead, "funds", "amend", OURS, "meals", "lots", *by).lower()
    assert "Say why" in refused(ReasonNeeded, "funds", "freeze", OURS, "--by", "ada", "--reason", " ")
    refused(policy.NoSuchFund, "funds", "show", "nothing")


def test_the_person_it_is_typed_for_keeps_the_funds_and_that_it_was_typed_is_kept(house: Database) -> None:
    refused(NotAllowed, "funds", "freeze", OURS, "--by", "ben", "--reason", "looked into")
    typed("funds", "freeze", OURS, "--by", "ada", "--reason", "looked into")
    with house.read() as session:
        rows = session.execute(
            sa.text("SELECT actor, verb FROM audit_entries ORDER BY id DESC LIMIT 2")
        ).all()
    assert [verb for _, verb in rows] == ["freeze", "act_at_command_line"]
    assert [actor.partition(":")[0] for actor, _ in rows] == ["staff", "system"]
