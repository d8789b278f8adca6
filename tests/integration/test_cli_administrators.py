"""`reunify admin`: a first administrator once, and a code for one who cannot sign in."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import Urls
from reunify.cli import doctor, main
from reunify.db import Database
from reunify.identity import staffing
from reunify.kernel.people import Role
from reunify.settings import load
from tests.integration.people_world import NOW, hire

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    db: Database, owner_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """The command's exit code, and what it said."""
    for name, url in (("DATABASE_URL", db.url), ("OWNER_DATABASE_URL", owner_url)):
        monkeypatch.setenv(f"REUNIFY_{name}", url)

    def ran(*said: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["reunify", "admin", *said])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return ran


@pytest.mark.asvs("6.3.2")
def test_the_first_administrator_is_made_once_and_gets_a_code(run: Run, server: Urls) -> None:
    code, said, _ = run("first", "--username", "rosa", "--name", "Rosa Lind")
    assert code == 0
    assert re.search(r"One-time code for rosa: \w{4}-\w{4}-\w{4}\n", said)
    assert "http://localhost:8080/enrol" in said
    code, said, wrong = run("first", "--username", "eve", "--name", "Eve Marsh")
    assert code == 1
    assert "There is an administrator." in wrong
    assert "code for" not in said


def test_an_operators_code_is_written_down_and_only_for_an_administrator(run: Run, db: Database) -> None:
    run("first", "--username", "rosa", "--name", "Rosa Lind")
    code, said, _ = run("recover", "--username", "Rosa")
    assert code == 0
    assert "every administrator's pages for 7 days" in said
    with db.read() as session:
        rows = session.execute(sa.text("SELECT actor, verb FROM audit_entries ORDER BY id")).all()
    assert [tuple(row) for row in rows][-1] == ("system:reunify admin recover", "issue_enrolment")
    code, _, wrong = run("recover", "--username", "nobody")
    assert code == 1
    assert "no active administrator" in wrong


@pytest.mark.asvs("6.3.2")
def test_an_operator_makes_a_second_administrator_only_while_no_two_could_confirm(
    run: Run, db: Database
) -> None:
    run("first", "--username", "rosa", "--name", "Rosa Lind")
    code, said, _ = run("second", "--username", "tom", "--name", "Tom Hale")
    assert code == 0
    assert "One-time code for tom" in said
    assert "for 7 days" in said
    with db.work() as session:
        session.execute(sa.text("UPDATE staff SET enrolled_at = now()"))
    code, said, wrong = run("second", "--username", "eve", "--name", "Eve Marsh")
    assert code == 1
    assert "Two people can confirm" in wrong
    assert "code for" not in said


def test_the_doctor_counts_the_accounts_one_person_made_alone(run: Run, db: Database) -> None:
    assert doctor._made_alone(load()).remedy is None
    with db.work() as session:
        rosa = hire(session, "rosa", Role.ADMINISTRATOR)
        staffing.add(
            session, username="nora", details=staffing.Details("Nora"), held={Role.AUDITOR}, by=rosa, now=NOW
        )
    assert doctor._made_alone(load()).said.startswith("1 made by one person alone")
