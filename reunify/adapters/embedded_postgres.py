"""An own PostgreSQL 18 for a laptop or a demonstration, run from the server files in a wheel.

Nobody can reach it but this machine's owner: no network port, a Unix socket in a closed folder, a password
for each role. It is durable (fsync on), ends with its parent, and recovers after a kill.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import stat
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import IO

import psycopg
from psycopg import sql

from reunify.adapters.leash import Leash
from reunify.adapters.postgres_files import Home, ServerMissing, find_home, server_files
from reunify.adapters.postgres_identity import Identity, Urls, load_identity, new_identity, urls_of
from reunify.adapters.postgres_orphan import end_orphan

__all__ = [
    "AlreadyRunning",
    "CannotStart",
    "EmbeddedPostgres",
    "Identity",
    "ServerMissing",
    "Urls",
    "load_identity",
]

_LARGEST_LOG_BYTES = 10_000_000
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "80",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A failed statement's text and detail may hold what a family told us: neither is ever logged.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
_DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
_FOR_TESTS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


class CannotStart(Exception):
    """The embedded PostgreSQL did not start. `str()` says why and what to do."""


class AlreadyRunning(CannotStart):
    """Another process runs the database in this folder."""


class EmbeddedPostgres:
    """One server for one data folder; a second one on the same folder is refused.

    `durable=False` is for tests only: commits may be lost when the machine loses power.
    """

    def __init__(self, data: Path, *, durable: bool = True) -> None:
        self.data = data.absolute()
        self._settings = _SETTINGS | (_DURABLE if durable else _FOR_TESTS)
        self._lock: IO[str] | None = None
        self._leash: Leash | None = None
        self._sockets: Path | None = None

    def __enter__(self) -> Urls:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The postmaster's process number. Raises CannotStart before `start()`."""
        if self._leash is None:
            raise CannotStart("This server was never started.")
        return self._leash.pid

    def alive(self) -> bool:
        return self._leash is not None and self._leash.alive()

    def start(self, *, within_seconds: float = 60) -> Urls:
        """Make the cluster if there is none, start it, wait until it answers. Raises CannotStart."""
        self.data.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        try:
            known = load_identity(self.data)
            home = find_home(self.data, known.home if known else None)
            identity = known or new_identity(self.data, home.path)
            programs = server_files(home)
            self._sockets = _socket_folder(home)
            _make_cluster(home, programs, identity)
            end_orphan(home.cluster)
            self._run(home, programs)
            urls = urls_of(identity, self._sockets)
            self._wait_until_it_answers(identity, within_seconds)
            _make_roles_and_databases(identity, self._sockets)
        except BaseException:
            self.stop()
            raise
        return urls

    def revive(self, *, within_seconds: float = 60) -> None:
        """Start it again on the same socket after it ended by itself. Raises CannotStart."""
        identity = load_identity(self.data)
        if identity is None or self._leash is None:
            raise CannotStart("This server was never started.")
        self._leash.stop()
        home = find_home(self.data, identity.home)
        self._sockets = _socket_folder(home)
        end_orphan(home.cluster)
        self._run(home, server_files(home))
        self._wait_until_it_answers(identity, within_seconds)

    def running_urls(self) -> Urls:
        """The addresses of the server another process of ours runs on this folder."""
        identity = load_identity(self.data)
        if identity is None:
            raise CannotStart(f"There is no database in {self.data}.")
        return urls_of(identity, _socket_folder(find_home(self.data, identity.home)))

    def stop(self) -> None:
        """Fast shutdown: running transactions roll back, everything committed is on disk."""
        if self._leash is not None:
            self._leash.stop(within_seconds=20)
            self._leash = None
        if self._sockets is not None:
            shutil.rmtree(self._sockets, ignore_errors=True)
            self._sockets = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _take_lock(self) -> None:
        if self._lock is not None:
            raise AlreadyRunning("This server was started already.")
        lock = (self.data / "postgres.lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise AlreadyRunning(
                f"Another process runs the database in {self.data}. Stop it first, or use another folder."
            ) from None
        self._lock = lock

    def _run(self, home: Home, programs: Path) -> None:
        log = self.data / "postgres.log"
        if log.exists() and log.stat().st_size > _LARGEST_LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        command = [str(programs / "postgres"), "-D", str(home.cluster), "-k", str(self._sockets)]
        for name, value in self._settings.items():
            command += ["-c", f"{name}={value}"]
        with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as output:
            self._leash = Leash(
                command,
                env=_environment(),
                output=output,
                cwd=home.path,
                uid=home.uid,
                gid=home.gid,
                stop_signal=signal.SIGINT,
            )

    def _wait_until_it_answers(self, identity: Identity, within_seconds: float) -> None:
        assert self._leash is not None
        assert self._sockets is not None
        until = time.monotonic() + within_seconds
        while True:
            try:
                with _superuser(identity, self._sockets) as connection:
                    connection.execute("SELECT 1")
                return
            except psycopg.OperationalError:
                if not self._leash.alive() or time.monotonic() > until:
                    raise CannotStart(
                        f"The embedded PostgreSQL did not start. Its log says:\n{self._last_words()}"
                    ) from None
                time.sleep(0.02)

    def _last_words(self) -> str:
        lines = (self.data / "postgres.log").read_text(errors="replace").splitlines()
        return "\n".join(lines[-8:])


def _environment() -> dict[str, str]:
    """Only what the server needs: none of the caller's PG* variables, no search for the time zone."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _socket_folder(home: Home) -> Path:
    """A short folder of our own (a socket path may have 107 characters), closed to others."""
    folder = Path("/tmp") / f"reunify-{home.name}"  # noqa: S108 - owner and mode are checked below
    try:
        folder.mkdir(mode=0o700)
        if home.uid is not None:
            os.chown(folder, home.uid, home.gid if home.gid is not None else -1)
    except FileExistsError:
        pass
    seen = folder.lstat()
    ours = home.uid if home.uid is not None else os.getuid()
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != ours or seen.st_mode & 0o077:
        raise CannotStart(
            f"{folder} belongs to somebody else or is open to others. Remove it, then start again."
        )
    return folder


def _make_cluster(home: Home, programs: Path, identity: Identity) -> None:
    """initdb into a folder beside it, then rename: a start that was killed leaves nothing half-made."""
    if home.cluster.exists():
        return
    making = home.path / "making"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    secret = making / "password"
    with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(identity.passwords["postgres"])
    home.give(making, secret)
    done = subprocess.run(  # noqa: S603 - a fixed program, paths of our own
        [
            *(str(programs / "initdb"), "-D", str(making / "cluster"), "-U", "postgres"),
            *(f"--pwfile={secret}", "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions"),
            *("--locale-provider=builtin", "--locale=C.UTF-8", "--no-sync"),
        ],
        env=_environment(),
        cwd=making,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        user=home.uid,
        group=home.gid,
        extra_groups=home.groups,
        check=False,
    )
    secret.unlink()
    if done.returncode:
        raise CannotStart(f"The database could not be made in {home.path}: {done.stderr.strip()[-600:]}")
    os.sync()
    (making / "cluster").rename(home.cluster)
    making.rmdir()


def _superuser(identity: Identity, sockets: Path, database: str = "postgres") -> psycopg.Connection:
    return psycopg.connect(
        host=str(sockets),
        user="postgres",
        password=identity.passwords["postgres"],
        dbname=database,
        autocommit=True,
        connect_timeout=5,
    )


def _make_roles_and_databases(identity: Identity, sockets: Path) -> None:
    """Idempotent. The owner migrates, the application only reads and writes rows; neither is a superuser."""
    with _superuser(identity, sockets) as connection:
        for role in ("reunify_owner", "reunify_app", "prefect"):
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
            if not known:
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                        sql.Identifier(role), sql.Literal(identity.passwords[role])
                    )
                )
        for database, owner in (("reunify", "reunify_owner"), ("prefect", "prefect")):
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
            if known:
                continue
            names = {"db": sql.Identifier(database), "owner": sql.Identifier(owner)}
            connection.execute(sql.SQL("CREATE DATABASE {db} OWNER {owner}").format(**names))
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {db} FROM PUBLIC").format(**names))
        connection.execute("GRANT CONNECT ON DATABASE reunify TO reunify_app")
