"""`reunify hand-over`, as it is typed with an officer beside the server."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from reunify.adapters.examining import examined_here
from reunify.adapters.key_sources import opened_keys
from reunify.adapters.object_places import opened_store
from reunify.cli.commands import app
from reunify.cli.handing_over import FileStands, NotAPaper
from reunify.db import Database
from reunify.files import evidence, hand_over, objects, setting_aside
from reunify.files.evidence import Sent
from reunify.files.evidence_policy import Kind
from reunify.files.hand_over import NobodyAgreed
from reunify.kernel.ids import RequestId, StaffId, new_id
from reunify.kernel.people import Role, Staff
from reunify.settings import load
from reunify.vault import keyring
from tests import papers

REQUEST = RequestId(uuid4())
ANA = Staff(StaffId(new_id()), "Ana", frozenset({Role.CASE_MANAGER}))
SUE = Staff(StaffId(new_id()), "Sue", frozenset({Role.SUPERVISOR}))
ADAM = Staff(StaffId(new_id()), "Adam", frozenset({Role.ADMINISTRATOR}))


@pytest.fixture
def paper(db: Database, owner_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[UUID]:
    """Set aside, and asked for; nobody has agreed yet."""
    before = keyring.current()
    for name, value in (("DATA", str(tmp_path)), ("DATABASE_URL", db.url), ("OWNER_DATABASE_URL", owner_url)):
        monkeypatch.setenv(f"REUNIFY_{name}", value)
    keyring.use(*opened_keys(load()))
    objects.use(opened_store(load()))
    now = datetime.now(UTC)
    sent = Sent(papers.photo(), Kind.OTHER, "x.jpg")
    with db.work() as session:
        found = evidence.keep(
            session, request_id=REQUEST, sent=sent, examined=examined_here(sent.content), by=ANA, now=now
        )
        setting_aside.quarantine(session, evidence_id=found, request_id=REQUEST, by=ANA, now=now)
    yield found
    keyring.use(before)


def agreed(db: Database, paper: UUID) -> None:
    now = datetime.now(UTC)
    with db.work() as session:
        which = hand_over.ask(session, evidence_id=paper, handed_to="Det. Ruiz", by=SUE, now=now)
        hand_over.agree(session, hand_over_id=which, by=ADAM, now=now)


def typed(paper: str, file: Path) -> str:
    done = CliRunner().invoke(app, ["hand-over", paper, str(file)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_without_two_people_nothing_is_written(paper: UUID, tmp_path: Path) -> None:
    with pytest.raises(NobodyAgreed):
        typed(str(paper), tmp_path / "out.bin")
    assert not (tmp_path / "out.bin").exists()


def test_the_bytes_are_written_once_as_they_were_sent(db: Database, paper: UUID, tmp_path: Path) -> None:
    agreed(db, paper)
    file = tmp_path / "out.bin"
    assert hashlib.sha256(papers.photo()).hexdigest() in typed(str(paper), file)
    assert file.read_bytes() == papers.photo()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(NobodyAgreed):
        typed(str(paper), tmp_path / "again.bin")


def test_a_mistake_at_the_server_costs_no_agreement(db: Database, paper: UUID, tmp_path: Path) -> None:
    agreed(db, paper)
    (tmp_path / "stands.bin").write_bytes(b"x")
    for file in (tmp_path / "stands.bin", tmp_path / "no such folder" / "out.bin"):
        with pytest.raises(FileStands):
            typed(str(paper), file)
    assert (tmp_path / "stands.bin").read_bytes() == b"x"
    with pytest.raises(NotAPaper):
        typed("the last one", tmp_path / "out.bin")
    typed(str(paper), tmp_path / "out.bin")
