"""What is in force is read in one statement, as committed this second, whatever happens to a file."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from flows import assess
from reunify.cli.commands import app
from reunify.cli.doctor import examine
from reunify.db import Database
from reunify.rates.places import rules_folder
from reunify.rules import actions, current, policy, queries
from reunify.rules.health import health
from reunify.sandbox import people, rules
from reunify.sandbox.families import sample_family
from tests.apps import app_of
from tests.integration.rules_world import NOW, SAID, SOURCE, Rules
from tests.town import Town, built

OURS = "domestic_reunification"


@pytest.fixture
def town(settled_db: Database, tmp_path: Path) -> Iterator[Town]:
    with built(settled_db, tmp_path) as made:
        yield made


@pytest.fixture
def fields(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The dictionary of a process that has read nothing yet; a test may break it."""
    copy = tmp_path / "_fields.yaml"
    shutil.copy(rules_folder() / "_fields.yaml", copy)
    restart(copy, monkeypatch)
    return copy


def restart(fields: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current, "_READING", current.Reading(fields))


def statements(session: Session) -> list[str]:
    heard: list[str] = []

    def hear(_: Any, __: Any, statement: str, *___: Any) -> None:
        heard.append(statement)

    sa.event.listen(session.get_bind(), "before_cursor_execute", hear)
    return heard


def test_everything_in_force_is_one_statement_and_bytes_come_once(settled_db: Database, fields: Path) -> None:
    with settled_db.read() as session:
        session.connection()
        heard = statements(session)
        first = queries.in_force(session)
        assert len(heard) == 1
        again = queries.in_force(session)
        assert len(heard) == 2
    assert again == first
    assert all(
        a is b for s in first.versions for a, b in zip(first.versions[s], again.versions[s], strict=True)
    )
    with settled_db.read() as session:
        sent = session.execute(current._statement([b.sha256 for v in first.versions.values() for b in v]))
        assert {row.body for row in sent} == {None}


def test_the_demos_rules_are_approved_by_two_people_and_adopted_once(settled_db: Database) -> None:
    with settled_db.work() as session:
        before = session.scalar(sa.text("SELECT count(*) FROM rule_moves"))
        rules.adopt(session, NOW)
        assert session.scalar(sa.text("SELECT count(*) FROM rule_moves")) == before
        for source in queries.sources(session):
            (row,) = source.versions
            (last,) = queries.version(session, row.sha256).history[-1:]
            assert (row.status, last.asked_by, last.by) == ("approved", "Ada Lindqvist", "Noor Haddad")


def test_from_the_commit_of_a_suspension_on_staff_are_asked(town: Town) -> None:
    db, now = town.house.db, NOW
    decided = town.submitted(sample_family("d", now.date()).draft)
    assert town.progress(decided)["answers"][OURS] == "eligible"
    with db.work() as session:
        ada, noor = people.known_as(session, "ada"), people.known_as(session, "noor")
        actions.ask_suspension(session, source=OURS, reason=SAID, by=ada, now=now)
    with db.work() as other:
        actions.confirm_suspension(other, source=OURS, by=noor, now=now)
        with db.read() as session:
            assert queries.in_force(session).suspended == frozenset()
    with db.read() as session:
        assert queries.in_force(session).suspended == {OURS}
    asked = town.progress(town.submitted(sample_family("d", now.date()).draft))
    assert asked["answers"][OURS] == "needs_staff_decision"
    assert town.progress(decided)["answers"][OURS] == "eligible"  # what was decided stays


def test_a_house_without_approved_rules_says_what_to_do(db: Database) -> None:
    with db.read() as session:
        with pytest.raises(policy.NoRulesApproved, match="reunify rules load"):
            queries.in_force(session)
        found = health(session, today=NOW.date())
        assert (found.public, found.broken) == ("No rules are approved; requests wait.", False)
        assert queries.in_force_if_any(session) is None


def nothing(*_: Any) -> None:
    """In place of what a test leaves out."""


def test_a_request_submitted_before_any_rules_are_approved_is_checked_once_they_are(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        without.setattr(rules, "adopt", nothing)
        with built(db, tmp_path) as town:
            request_id = town.submitted(sample_family("d", NOW.date()).draft)
            assert assess.find(db, 10) == []
            assert town.progress(request_id)["answers"] == {}
            without.undo()
            with db.work() as session:
                rules.adopt(session, NOW)
            assert len(assess.find(db, 10)) == 1
            town.work()
            assert town.progress(request_id)["answers"][OURS] == "eligible"


def test_a_broken_dictionary_leaves_the_last_good_one_in_use_and_health_says_so(
    settled_db: Database, fields: Path
) -> None:
    good = fields.read_bytes()
    with settled_db.read() as session:
        before = queries.in_force(session)
        assert health(session, today=NOW.date()).public == "ok"
        fields.write_bytes(good.replace(b"fields:", b"fields: &secret-plan", 1))
        after = queries.in_force(session)
        found = health(session, today=NOW.date())
    assert after.dictionary_sha256 == before.dictionary_sha256
    assert found.broken
    assert re.fullmatch(
        r"The file _fields\.yaml, line \d+, is broken; the rules of [\d-]+ [\d:]+ UTC are still used\.",
        found.public,
    )
    assert "secret-plan" not in found.public
    assert "Allowed:" in found.staff[0]
    fields.write_bytes(good)
    with settled_db.read() as session:
        assert health(session, today=NOW.date()).public == "ok"


def without_a_fact(good: bytes) -> bytes:
    """Whole as a file, but the approved rules speak of a fact that is gone."""
    return good.replace(b"\n  found_out_of_state:", b"\n  found_elsewhere:", 1)


def test_approved_rules_that_no_longer_compile_are_read_with_the_dictionary_that_read_them(
    settled_db: Database, fields: Path
) -> None:
    good = fields.read_bytes()
    with settled_db.read() as session:
        before = queries.in_force(session)
        fields.write_bytes(without_a_fact(good))
        after = queries.in_force(session)
        found = health(session, today=NOW.date())
    assert after == before
    assert found.broken
    assert "found_out_of_state" in found.staff[0]


def test_after_a_restart_the_dictionary_of_the_newest_approval_reads_them(
    settled_db: Database, fields: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = fields.read_bytes()
    for broken in (without_a_fact(good), b"\xff"):
        fields.write_bytes(broken)
        restart(fields, monkeypatch)
        with settled_db.read() as session:
            found = queries.in_force(session)
            assert found.dictionary.body == good
            assert health(session, today=NOW.date()).broken
    fields.unlink()
    restart(fields, monkeypatch)
    with settled_db.read() as session:
        assert queries.in_force(session).dictionary.body == good


def test_rules_that_nothing_reads_stop_deciding_and_say_so(
    settled_db: Database, fields: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields.write_bytes(without_a_fact(fields.read_bytes()))
    restart(fields, monkeypatch)
    monkeypatch.setattr(current, "_of_the_newest_approval", nothing)
    with settled_db.read() as session:
        with pytest.raises(policy.RulesDoNotCompile, match="found_out_of_state"):
            queries.in_force(session)
        found = health(session, today=NOW.date())
    assert found.broken
    assert found.public.endswith("nothing is decided.")


def test_health_answers_strangers_without_a_word_of_a_file(town: Town, fields: Path) -> None:
    client = TestClient(app_of(town.house), base_url="http://localhost")
    assert client.get("/api/v1/health").json() == {
        "status": "ready",
        "rules": "ok",
        "payouts": "ready",
        "files": "not_compared",
    }
    fields.write_bytes(b"fields:\n  hidden_name: {type: nonsense}\n")
    answer = client.get("/api/v1/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ready"
    assert "_fields.yaml is broken" in answer.json()["rules"]
    assert "nonsense" not in answer.text


def test_staff_are_told_of_a_passed_review_from_the_day_after_it(settled_db: Database) -> None:
    with settled_db.read() as session:
        books = queries.in_force(session).versions[OURS]
        last = min(r.review_by for r in books[0].requirements)
        on_the_day = health(session, today=last).staff
        after = health(session, today=last + timedelta(days=1)).staff
    assert not any(OURS in said for said in on_the_day)
    assert any(OURS in said and "to be reviewed" in said for said in after)
    assert any(said.startswith("itverp") and "by now: the hand-off card." in said for said in after)


# As an operator types it.


@pytest.fixture
def typed(settled_db: Database, owner_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("REUNIFY_DATA", str(tmp_path))
    monkeypatch.setenv("REUNIFY_DATABASE_URL", settled_db.url)
    monkeypatch.setenv("REUNIFY_OWNER_DATABASE_URL", owner_url)

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["rules", *words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    return run


def test_an_operator_types_for_one_of_two_people(typed: Any, settled_db: Database) -> None:
    assert "with a passkey" in typed("suspend", OURS, "--by", "ada", "--reason", SAID)
    with pytest.raises(policy.SecondAtCommandLine, match="on the page Rules"):
        typed("suspend", OURS, "--confirm", "--by", "noor")
    with settled_db.work() as session:
        noor, now = people.known_as(session, "noor"), datetime.now(UTC)
        actions.confirm_suspension(session, source=OURS, by=noor, now=now)
        actions.ask_resumption(session, source=OURS, reason=SAID, by=noor, now=now)
    typed("resume", OURS, "--confirm", "--by", "ada")
    assert "(suspended)" not in typed("status")


def test_in_a_demo_an_operator_suspends_and_resumes_for_two_named_people(
    typed: Any, settled_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REUNIFY_SANDBOX", "true")
    assert "every version" in typed("load").lower()
    assert "with a passkey" in typed("suspend", OURS, "--by", "ada", "--reason", SAID)
    assert "confirm suspension" in typed("status")
    with pytest.raises(policy.SecondPersonNeeded):
        typed("suspend", OURS, "--confirm", "--by", "ada")
    typed("suspend", OURS, "--confirm", "--by", "noor")
    assert f"{OURS} (suspended)" in typed("status")
    assert any("suspended" in str(f) for f in examine() if f.what == "rules")
    typed("resume", OURS, "--by", "noor", "--reason", SAID)
    typed("resume", OURS, "--confirm", "--by", "ada")
    assert "(suspended)" not in typed("status")
    with settled_db.read() as session:
        acted = session.scalars(
            sa.text("SELECT detail FROM audit_entries WHERE verb = 'act_at_command_line'")
        )
        assert list(acted) == [{"source": OURS}] * 4


def test_an_operator_approves_for_somebody_who_may(typed: Any, settled_db: Database) -> None:
    with settled_db.work() as session:
        world = Rules(session, now=datetime.now(UTC) - timedelta(hours=1))
        sha256 = world.submitted("ann")
        world.replayed()
    assert "In force" in typed("approve", sha256[:10], "--by", "bob", "--reason", SAID)
    assert sha256[:12] in typed("status")
    with settled_db.read() as session:
        said = sa.text("SELECT detail FROM audit_entries WHERE verb = 'act_at_command_line'")
        assert list(session.scalars(said)) == [{"sha256": sha256}]
        assert [m.typed for m in queries.version(session, sha256).history] == [False, True]
        assert SOURCE in queries.in_force(session).versions
