"""The embedded PostgreSQL: closed to others, durable, gone with its parent, back after a kill."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from reunify.adapters.embedded_postgres import AlreadyRunning, EmbeddedPostgres, load_identity
from reunify.audit.actions import record
from reunify.db import Database
from reunify.kernel.ids import new_id
from reunify.kernel.people import System

_RUN_UNTIL_KILLED = """
import sys, time
from pathlib import Path
from reunify.adapters.embedded_postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A folder the server's user may enter: pytest's own are closed to others."""
    folder = Path("/tmp") / f"reunify-test-{os.getpid()}-{tmp_path.name}"
    folder.mkdir()
    yield folder
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def _one(url: str, query: str) -> object:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    try:
        with engine.begin() as connection:
            result = connection.execute(sa.text(query))
            return result.scalar() if result.returns_rows else None
    finally:
        engine.dispose()


def _gone_within(pid: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").exists() and ") Z" in Path(f"/proc/{pid}/stat").read_text():
            return True
        time.sleep(0.05)
    return False


def test_each_role_signs_in_with_its_password_and_only_over_a_closed_socket(data: Path) -> None:
    with EmbeddedPostgres(data) as urls:
        assert _one(urls.owner, "SELECT current_user") == "reunify_owner"
        assert _one(urls.app, "SELECT current_user") == "reunify_app"
        assert _one(urls.superuser, "SHOW listen_addresses") == ""
        assert _one(urls.superuser, "SHOW fsync") == "on"
        assert _one(urls.superuser, "SHOW synchronous_commit") == "on"
        assert _one(urls.app, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
        assert _one(urls.owner, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False

        sockets = sa.make_url(urls.app).query["host"]
        assert isinstance(sockets, str)
        assert stat.S_IMODE(Path(sockets).stat().st_mode) == 0o700
        assert len(sockets) < 90
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(host=sockets, user="reunify_app", password="wrong", dbname="reunify")
        assert stat.S_IMODE((data / "postgres.json").stat().st_mode) == 0o600
        assert str(sa.make_url(urls.app).password) not in repr(urls)


def test_the_application_cannot_make_tables_nor_enter_prefects_database(data: Path) -> None:
    with EmbeddedPostgres(data) as urls:
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"):
            _one(urls.app, "CREATE TABLE mine (id int)")
        elsewhere = sa.make_url(urls.app).set(database="prefect").render_as_string(hide_password=False)
        with pytest.raises(sa.exc.OperationalError, match="permission denied"):
            _one(elsewhere, "SELECT 1")


def test_what_was_committed_is_there_after_a_stop_and_a_start(data: Path) -> None:
    server = EmbeddedPostgres(data)
    urls = server.start()
    _one(urls.owner, "CREATE TABLE kept AS SELECT 7 AS n")
    server.stop()
    with EmbeddedPostgres(data) as again:
        assert again.owner == urls.owner
        assert _one(again.owner, "SELECT n FROM kept") == 7


def test_a_second_server_on_the_same_folder_is_refused_in_words(data: Path) -> None:
    with EmbeddedPostgres(data) as urls:
        second = EmbeddedPostgres(data)
        with pytest.raises(AlreadyRunning, match="Another process runs the database"):
            second.start()
        assert second.running_urls().app == urls.app
        assert _one(urls.app, "SELECT 1") == 1


def test_the_server_ends_when_its_parent_is_killed_and_starts_again_at_once(data: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _RUN_UNTIL_KILLED, str(data)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    postmaster = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    with EmbeddedPostgres(data) as urls:
        assert _one(urls.app, "SELECT 1") == 1
    assert _gone_within(postmaster, 5)


def test_a_killed_server_recovers_what_was_committed(data: Path) -> None:
    server = EmbeddedPostgres(data)
    urls = server.start()
    _one(urls.owner, "CREATE TABLE kept AS SELECT 7 AS n")
    os.kill(server.pid, signal.SIGKILL)
    assert _gone_within(server.pid, 5)
    assert not server.alive()
    server.revive()
    assert _one(urls.owner, "SELECT n FROM kept") == 7
    server.stop()


def test_a_stale_pid_file_naming_another_program_does_not_stop_the_start(data: Path) -> None:
    with EmbeddedPostgres(data):
        pass
    identity = load_identity(data)
    assert identity is not None
    stale = identity.home / "cluster" / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{identity.home / 'cluster'}\n1\n5432\n\n\n")
    with EmbeddedPostgres(data) as urls:
        assert _one(urls.app, "SELECT 1") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the server to another user")
def test_as_root_in_a_closed_folder_the_cluster_is_kept_where_its_user_may_go(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with EmbeddedPostgres(closed / "data") as urls:
        assert _one(urls.app, "SELECT 1") == 1
        identity = load_identity(closed / "data")
        assert identity is not None
        assert identity.home.parent == Path("/var/tmp")
        assert identity.home.stat().st_uid != 0
        # Its place is remembered: opening the folders later must not make it look elsewhere.
    subprocess.run(["rm", "-rf", str(identity.home)], check=True)


def test_what_was_written_once_is_refused_to_the_application_and_to_the_owner(
    db: Database, owner_url: str, now: datetime
) -> None:
    with db.work() as session:
        record(session, by=System("test"), at=now, subject="x", subject_id=new_id(), moved="did")
    for change in (
        "UPDATE audit_entries SET verb = 'x'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
    ):
        with pytest.raises(sa.exc.ProgrammingError, match="permission denied"), db.work() as session:
            session.execute(sa.text(change))
        with pytest.raises(sa.exc.IntegrityError, match="audit_entries keeps what was written"):
            _one(owner_url, change)
