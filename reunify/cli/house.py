"""`reunify up`: one lock, one database, and the processes that make the house, until somebody stops it."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Self

from pydantic import SecretStr

from reunify.adapters.embedded_postgres import CannotStart, EmbeddedPostgres
from reunify.adapters.key_sources import opened_keys
from reunify.adapters.postgres_files import ServerMissing
from reunify.adapters.postgres_identity import Urls
from reunify.cli import ports
from reunify.cli.database import HouseRefused, external
from reunify.cli.supervisor import Child, Supervisor
from reunify.settings import Settings, prefect_client_environment, prefect_server_environment

PAGES = "reunify.web.app:create"
_LANES = (("worker", "decide-and-pay"), ("notices", "tell-people"), ("letters", "write-letters"))
_PORT_IS_FREED_WITHIN_SECONDS = 10
_API_ANSWERS_WITHIN_SECONDS = 60


def say(line: str) -> None:
    print(line, flush=True)


class House:
    """Start, wait, stop. Use as a context manager, or `run()` until a signal."""

    def __init__(self, settings: Settings, *, say: Callable[[str], None] = say) -> None:
        self._say = say
        self.settings = settings.model_copy(update={"data": settings.data.absolute()})
        self.stop_asked = threading.Event()
        self._lock: IO[str] | None = None
        self._postgres: EmbeddedPostgres | None = None
        self._supervisor = Supervisor(self.settings.data / "logs", say)
        self._prefect_auth = ""

    def __enter__(self) -> Self:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        try:
            self._start()
        except (CannotStart, ServerMissing) as wrong:
            self._stop()
            raise HouseRefused(str(wrong)) from None
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._stop()

    def run(self) -> None:
        """Until SIGTERM, SIGINT or SIGHUP."""
        with self:
            for line in self.addresses():
                self._say(line)
            self._say("Stop with Ctrl-C.")
            self.wait()
            self._say("Stopping.")

    def wait(self) -> None:
        """Until somebody asks us to stop."""
        while not self.stop_asked.wait(3600):
            pass

    def wait_for_prefect(self, *, seconds: float) -> None:
        """Until Prefect answers, the time is over, or somebody asks us to stop."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.stop_asked.wait(0.2):
            if ports.answers(self.settings.prefect_port, "/api/health"):
                return

    def addresses(self) -> list[str]:
        """Where to look, for a person."""
        said = [f"Pages:   {self.settings.own_url}"]
        if "prefect" in self._supervisor.pids():
            secret = self.settings.data / "prefect.secret"
            said.append(
                f"Prefect: http://127.0.0.1:{self.settings.prefect_port} (sign-in: the line in {secret})"
            )
        elif self.settings.prefect_url:
            said.append(f"Prefect: {self.settings.prefect_url}")
        else:
            said.append(
                "Prefect: off (set REUNIFY_PREFECT_DATABASE_URL or REUNIFY_PREFECT_URL); flows run anyway"
            )
        if self.settings.sandbox:
            said.append(f"Stripe simulator: {self.settings.stripe_base}")
            said.append(f"The sandbox's phones: {self.settings.sms_url or 'off'}")
        return said

    @property
    def prefect_auth(self) -> str:
        """`user:password` of the Prefect API; empty if it has none."""
        return self._prefect_auth

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.stop_asked.set()

    def _start(self) -> None:
        began = time.monotonic()
        self._take_lock()
        opened_keys(self.settings)  # refused here, in words, rather than by each process
        self._check_ports()
        urls = self._start_database()
        self._migrate(urls)
        environment = self._environment(urls)
        self.settings = self.settings.model_copy(
            update={
                "database_url": SecretStr(urls.app),
                "owner_database_url": None,
                "prefect_auth": SecretStr(self._prefect_auth) if self._prefect_auth else None,
            }
        )
        self._start_api(environment)
        if self.stop_asked.is_set():
            return
        self._say(f"The pages answer at {self.settings.own_url} (after {time.monotonic() - began:.1f} s)")
        if self.settings.sandbox:
            self._start_simulator(environment)
        if self.settings.sandbox and self.settings.sms_url:
            phones = [
                sys.executable,
                "-m",
                "reunify.sandbox.phones",
                "--port",
                str(self.settings.phones_port),
            ]
            self._supervisor.start(Child("phones", phones, environment))
        for name, lane in _LANES:
            command = [sys.executable, "-m", "flows.worker", lane]
            self._supervisor.start(Child(name, command, environment))
        self._start_prefect(environment, urls)

    def _stop(self) -> None:
        self._supervisor.stop()
        if self._postgres is not None:
            self._postgres.stop()
            self._postgres = None
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _take_lock(self) -> None:
        data = self.settings.data
        data.mkdir(parents=True, exist_ok=True)
        lock = _locked(data)
        lock.truncate(0)
        json.dump({"pid": os.getpid(), "pages": self.settings.own_url}, lock)
        lock.flush()
        self._lock = lock

    def _check_ports(self) -> None:
        wanted = {"REUNIFY_API_PORT": self.settings.api_port}
        if self.settings.prefect_url is None:
            wanted["REUNIFY_PREFECT_PORT"] = self.settings.prefect_port
        if self.settings.sandbox:
            wanted["REUNIFY_SIMULATOR_PORT"] = self.settings.simulator_port
            if self.settings.sms_url:
                wanted["REUNIFY_PHONES_PORT"] = self.settings.phones_port
        for name, port in wanted.items():
            if not ports.becomes_free(port, within_seconds=_PORT_IS_FREED_WITHIN_SECONDS):
                raise HouseRefused(f"Port {port} is used by another program. Set {name} to a free one.")

    def _start_database(self) -> Urls:
        if self.settings.database_url is not None:
            return external(self.settings)
        self._postgres = EmbeddedPostgres(self.settings.data)
        urls = self._postgres.start()
        self._supervisor.also(self._look_after_database)
        return urls

    def _look_after_database(self) -> None:
        if self._postgres is not None and not self._postgres.alive():
            self._say("the database ended; starting it again")
            try:
                self._postgres.revive()
            except CannotStart as wrong:
                self._say(str(wrong))
                time.sleep(1)

    def _migrate(self, urls: Urls) -> None:
        from sqlalchemy.exc import OperationalError

        from reunify.migrations import upgrade

        try:
            upgrade(urls.owner)
        except OperationalError:
            raise HouseRefused(
                "The database does not answer, or refuses the sign-in. Check REUNIFY_OWNER_DATABASE_URL."
            ) from None

    def _environment(self, urls: Urls) -> dict[str, str]:
        """For children that work on the tables: the application's role, never the owner's."""
        auth = self.settings.prefect_auth
        self._prefect_auth = auth.get_secret_value() if auth else ""
        if self.settings.prefect_url is None and not self._prefect_auth:
            self._prefect_auth = _kept_secret(self.settings.data / "prefect.secret")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("REUNIFY_")}
        environment |= self.settings.as_environment()
        environment |= prefect_client_environment(self.settings.prefect_api_url, self._prefect_auth or None)
        return environment | {"REUNIFY_DATABASE_URL": urls.app, "PYTHONUNBUFFERED": "1"}

    def _start_api(self, environment: dict[str, str]) -> None:
        port = self.settings.api_port
        command = [
            *(sys.executable, "-m", "uvicorn", PAGES, "--factory"),
            *("--host", ports.LOOPBACK, "--port", str(port), "--log-level", "warning"),
            *("--no-access-log", "--no-server-header", "--no-proxy-headers"),
            *("--timeout-graceful-shutdown", "5"),
        ]
        self._supervisor.start(Child("api", command, environment))
        until = time.monotonic() + _API_ANSWERS_WITHIN_SECONDS
        while not ports.answers(port, "/api/v1/health"):
            if self.stop_asked.is_set():
                return
            if time.monotonic() > until or self._supervisor.endings("api") > 1:
                raise HouseRefused(f"The pages did not start. {self.settings.data}/logs/api.log says why.")
            time.sleep(0.03)

    def _start_simulator(self, environment: dict[str, str]) -> None:
        s = self.settings
        told = f"http://{ports.LOOPBACK}:{s.api_port}/webhooks/stripe"
        events, questions = s.stripe_webhook_secrets[0], s.stripe_card_authorisation_secret[0]
        command = [
            *(sys.executable, "-m", "reunify.sandbox.stripe_simulator", "--port", str(s.simulator_port)),
            *("--data", str(s.data / "stripe_simulator")),
            *("--webhook-url", told, "--secret", events.get_secret_value()),
            *("--authorisation-url", f"{told}/authorisations"),
            *("--authorisation-secret", questions.get_secret_value()),
        ]
        self._supervisor.start(Child("simulator", command, environment))

    def _start_prefect(self, environment: dict[str, str], urls: Urls) -> None:
        if self.settings.prefect_url is not None or not urls.prefect:
            return
        server = prefect_server_environment(
            data=self.settings.data,
            port=self.settings.prefect_port,
            auth=self._prefect_auth,
            database_url=urls.prefect,
        )
        plain = {k: v for k, v in environment.items() if not k.startswith("REUNIFY_")}
        command = [sys.executable, "-m", "flows.prefect_server"]
        if self._postgres is not None:
            command.append("--without-trigrams")
        self._supervisor.start(Child("prefect", command, plain | server))


def _locked(data: Path) -> IO[str]:
    lock = (data / "reunify.lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        where = _running_where(lock.read())
        lock.close()
        raise HouseRefused(
            f"Reunify already runs on {data}{where}. Use that one, stop it first, or set REUNIFY_DATA."
        ) from None
    return lock


def refuse_if_running(data: Path) -> None:
    """Raise HouseRefused, in words, if a house holds this data folder."""
    _locked(data).close()


def _running_where(said: str) -> str:
    try:
        known = json.loads(said)
        return f" (process {known['pid']}, {known['pages']})"
    except (ValueError, KeyError, TypeError):
        return ""


def _kept_secret(path: Path) -> str:
    """Made at the first start, readable by us alone."""
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"reunify:{secrets.token_urlsafe(24)}\n")
    return path.read_text().strip()
