"""`reunify rules replay` and `reunify rules reproduce`, as an operator types them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from reunify.adapters.embedded_postgres import Urls
from reunify.adapters.key_sources import FileKeys
from reunify.cli.commands import app
from reunify.cli.rule_past import DraftNotRead, SayWhichAnswer
from reunify.db import Database
from reunify.kernel.refusals import NotFound
from reunify.rates.closed_yaml import RuleFileBroken
from reunify.rates.fields import Words
from reunify.rates.places import rules_folder
from reunify.vault import keepers, keyring
from tests.integration.replay_world import FUND, LIMIT, UP_TO_120, Office


@pytest.fixture
def office(
    settled_db: Database, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Office]:
    before = keyring.current()
    FileKeys(tmp_path / "keys.json").write_first(before.to_json())
    monkeypatch.setenv("REUNIFY_DATA", str(tmp_path))
    monkeypatch.setenv("REUNIFY_SANDBOX", "on")  # whose keys these are
    monkeypatch.setenv("REUNIFY_DATABASE_URL", settled_db.url)
    monkeypatch.setenv("REUNIFY_OWNER_DATABASE_URL", settled_db.url)
    yield Office(settled_db, now)
    keyring.use(before)


def typed(*words: str, ends: int = 0) -> str:
    """What the command prints."""
    done = CliRunner().invoke(app, ["rules", *words], catch_exceptions=False)
    assert done.exit_code == ends, done.output
    return done.output


def draft(folder: Path, limit: int = 120) -> str:
    """The fund's newest shipped rules and tables with another limit, in a folder of the operator's own."""
    shipped = sorted(f for f in (rules_folder() / FUND).glob("????-??-??.yaml"))[-1]
    for file in shipped.parent.glob(f"{shipped.stem}.*.csv"):
        (folder / file.name).write_bytes(file.read_bytes())
    made = folder / shipped.name
    made.write_text(shipped.read_text().replace('"<= 100"', f'"<= {limit}"'))
    return str(made)


def test_a_draft_that_is_only_a_file_is_replayed_and_nothing_is_kept(office: Office, tmp_path: Path) -> None:
    for income in (LIMIT, LIMIT + 1, UP_TO_120, UP_TO_120 + 1):
        office.family(income)
    printed = typed("replay", "--draft", draft(tmp_path))
    assert "4 past answers: 2 stay as they are, 2 would be another, 2 of them a yes that was none." in printed
    assert "ineligible              eligible                       2" in printed
    assert "domestic_reunification                     $1,151.00         $3,453.00" in printed
    assert "DR-05 Household income is at or under the organisation's limit: not met, then met" in printed
    report = json.loads(typed("replay", "--draft", draft(tmp_path), "--json"))
    assert (report["flips_total"], report["by_fund"][0]["payable_after"]) == (2, 345_300)
    tomorrow = (office.now.date() + timedelta(days=1)).isoformat()
    assert "0 past answers since" in typed("replay", "--draft", draft(tmp_path), "--since", tomorrow)
    with office.db.read() as session:
        for table in ("replay_progress", "replay_yeses", "look_backs"):
            assert session.scalar(sa.text(f"SELECT count(*) FROM {table}")) == 0


def test_what_the_sums_leave_out_is_printed_below_them(office: Office, tmp_path: Path) -> None:
    office.family(LIMIT)
    made = Path(draft(tmp_path))
    assert "Less may be payable" not in typed("replay", "--draft", str(made))
    caps = made.with_suffix(".caps.csv")
    caps.write_text(caps.read_text().replace("=> trip_cap", "=> leg_cap"))
    printed = typed("replay", "--draft", str(made))
    assert "Less may be payable than these sums say. They do not count:" in printed
    assert "In 1 answer: a cap for each leg over costs that do not say which leg they are of." in printed


def test_a_draft_that_cannot_be_read_is_refused_in_words(office: Office, tmp_path: Path) -> None:
    with pytest.raises(DraftNotRead, match="No such file"):
        typed("replay", "--draft", str(tmp_path / "nothing.yaml"))
    broken = tmp_path / "broken.yaml"
    broken.write_text("source: x\n")
    with pytest.raises(RuleFileBroken, match=r"broken\.yaml"):
        typed("replay", "--draft", str(broken))


def test_every_stored_answer_is_repeated_and_what_differs_is_named(office: Office, owner: sa.Engine) -> None:
    first, gone, old = office.family(LIMIT), office.family(LIMIT + 1), office.family(None)
    with office.db.read() as session:
        count = session.scalar(sa.text("SELECT count(*) FROM determinations"))
        one = session.scalar(
            sa.text("SELECT id FROM determinations WHERE source = :s AND request_id = :r"),
            {"s": FUND, "r": first},
        )
    each = count // 3
    assert typed("reproduce", "--all") == f"{count} same, 0 different, 0 not comparable\n"
    assert typed("reproduce", str(one)) == f"{one} {FUND} same\n"

    with office.db.work() as session:
        keepers.destroy(session, keeper=gone, now=office.now)
    _forge(owner, "UPDATE determinations SET engine_version = '1' WHERE request_id = :id", old)
    _forge(owner, "UPDATE determinations SET facts_hash = repeat('0', 64) WHERE id = :id", one)
    printed = typed("reproduce", "--all", ends=1)
    assert f"{2 * each - 1} same, 1 different, {each} not comparable" in printed
    assert f"{one} {FUND} different: facts: they are not those whose hash was kept" in printed
    assert printed.count("erased on 2026-11-25") == each
    tomorrow = (office.now.date() + timedelta(days=1)).isoformat()
    assert "0 same, 0 different" in typed("reproduce", "--all", "--since", tomorrow)


def test_an_answer_of_an_earlier_engine_is_tried_too_and_says_where_it_differs(
    office: Office, owner: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    family = office.family(LIMIT)
    monkeypatch.setattr("reunify.eligibility.line_tests._ONLY_MILES", Words("Miles alone.", "Solo millas."))
    miles = "partner_airline_miles different: answer: it comes out differently now, in lines"
    assert miles in typed("reproduce", "--all", ends=1)
    _forge(owner, "UPDATE determinations SET engine_version = '1' WHERE request_id = :id", family)
    printed = typed("reproduce", "--all")
    assert ", 0 different, 1 not comparable" in printed
    assert (
        "partner_airline_miles not comparable: made by engine 1: comes out differently now, in lines"
        in printed
    )


@pytest.fixture
def owner(settled_db: Database, server: Urls) -> Iterator[sa.Engine]:
    """Whoever can get past the triggers: the owner of the tables, with the keeping of rows switched off."""
    url = sa.make_url(server.superuser).set(database=sa.make_url(settled_db.url).database)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    yield engine
    engine.dispose()


def _forge(owner: sa.Engine, said: str, row: object) -> None:
    with owner.begin() as connection:
        connection.execute(sa.text("ALTER TABLE determinations DISABLE TRIGGER ALL"))
        connection.execute(sa.text(said), {"id": row})
        connection.execute(sa.text("ALTER TABLE determinations ENABLE TRIGGER ALL"))


def test_which_answer_is_meant_must_be_said(office: Office) -> None:
    nobody = "00000000-0000-0000-0000-000000000000"
    for words in ((), ("--all", nobody), ("not-an-id",)):
        with pytest.raises(SayWhichAnswer):
            typed("reproduce", *words)
    with pytest.raises(NotFound):
        typed("reproduce", nobody)
