"""A real Prefect server beside the same PostgreSQL: it records runs, is closed to strangers, and may die."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_CLIENT_MAX_RETRIES,
    PREFECT_LOGGING_TO_API_ENABLED,
    temporary_settings,
)

from flows.runner import Prefect, Runner
from flows.work import Work
from reunify.adapters.embedded_postgres import Urls
from reunify.adapters.leash import Leash
from reunify.cli.ports import answers, free_port
from reunify.db import Database
from reunify.settings import prefect_server_environment

AUTH = "reunify:only-for-this-test"


@dataclass
class Served:
    port: int
    leash: Leash

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"


@pytest.fixture(scope="module")
def served(server: Urls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Prefect as the supervisor starts it."""
    port = free_port()
    data = tmp_path_factory.mktemp("prefect")
    said = prefect_server_environment(data=data, port=port, auth=AUTH, database_url=server.prefect)
    with (data / "prefect.log").open("wb") as log:
        leash = Leash(
            [sys.executable, "-m", "flows.prefect_server", "--without-trigrams"],
            env=dict(os.environ) | said,
            output=log,
        )
    until = time.monotonic() + 60
    while not answers(port, "/api/health"):
        if not leash.alive() or time.monotonic() > until:
            leash.stop()
            pytest.fail((data / "prefect.log").read_text())
        time.sleep(0.1)
    here = {
        PREFECT_API_URL: f"http://127.0.0.1:{port}/api",
        PREFECT_API_AUTH_STRING: AUTH,
        PREFECT_CLIENT_MAX_RETRIES: 0,  # nobody restarts the server here: do not wait for it
        PREFECT_LOGGING_TO_API_ENABLED: False,
    }
    with temporary_settings(here):
        yield Served(port, leash)
    leash.stop()


@pytest.fixture
def runner(served: Served) -> Iterator[Runner]:
    made = Runner(Prefect(served.url))
    yield made
    made.close()


def _nothing_waits(db: Database, limit: int) -> list[UUID]:
    return []


def _call(port: int, method: str, path: str, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_batch_is_recorded_as_a_run_and_learns_its_id(runner: Runner) -> None:
    seen: list[str | None] = []

    def count(ids: list[UUID], run: str | None) -> int:
        seen.append(run)
        return len(ids)

    work = Work("count", _nothing_waits, count)
    ids = [uuid4(), uuid4()]
    assert runner(work, ids) == 2
    began = time.monotonic()
    assert runner(work, ids) == 2
    assert time.monotonic() - began < 0.9, "the flow heartbeat is on: each run costs a second"
    assert len(set(seen)) == 2
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(UUID(seen[0]))
    assert run.state is not None
    assert run.state.is_completed()
    assert run.parameters == {"ids": [str(one) for one in ids]}


def test_prefect_never_learns_the_text_of_a_failure(
    runner: Runner, capfd: pytest.CaptureFixture[str]
) -> None:
    seen: list[str] = []

    def fails(ids: list[UUID], run: str | None) -> int:
        assert run is not None
        seen.append(run)
        raise ValueError("Maria Garcia, born 2011")

    with pytest.raises(ValueError, match="Maria"):
        runner(Work("fails", _nothing_waits, fails), [uuid4()])
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(UUID(seen[0]))
    assert run.state is not None
    assert run.state.is_failed()
    assert "Garcia" not in run.model_dump_json()
    said = capfd.readouterr()
    assert "Garcia" not in said.out + said.err


def test_a_stranger_reads_nothing_and_no_other_page_may_ask(served: Served) -> None:
    assert _call(served.port, "POST", "/api/flow_runs/filter", {}) == 403  # no CSRF token
    assert _call(served.port, "GET", "/api/admin/version", {}) == 401
    wrong = {"Authorization": "Basic cmV1bmlmeTp3cm9uZw=="}
    assert _call(served.port, "GET", "/api/admin/version", wrong) == 401
    foreign = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    assert _call(served.port, "OPTIONS", "/api/flows/count", foreign) == 400
    own = {"Origin": f"http://127.0.0.1:{served.port}", "Access-Control-Request-Method": "GET"}
    assert _call(served.port, "OPTIONS", "/api/flows/count", own) == 200
    assert _call(served.port, "GET", "/", {}) == 200


@pytest.mark.asvs("16.5.2")
def test_without_prefect_the_work_is_done_at_once_and_says_no_run() -> None:
    seen: list[str | None] = []

    def count(ids: list[UUID], run: str | None) -> int:
        seen.append(run)
        return len(ids)

    runner = Runner(Prefect(f"http://127.0.0.1:{free_port()}/api"))
    began = time.monotonic()
    assert runner(Work("count", _nothing_waits, count), [uuid4()]) == 1
    assert time.monotonic() - began < 1
    assert seen == [None]


def test_a_silent_prefect_costs_half_a_second_every_two(tmp_path: Path) -> None:
    clock = [0.0]
    asked: list[float] = []

    class Silent(Prefect):
        def _ask(self) -> bool:
            asked.append(clock[0])
            return False

    prefect = Silent("http://127.0.0.1:1/api", clock=lambda: clock[0])
    for tenth in range(60):
        clock[0] = tenth / 10
        assert not prefect.answers()
    assert len(asked) == 3


def test_prefect_killed_while_the_work_is_done_the_work_stands(served: Served, runner: Runner) -> None:
    """The last test of this file: it ends the server."""
    times = 0

    def count(ids: list[UUID], run: str | None) -> int:
        nonlocal times
        times += 1
        if run is not None:
            served.leash.program.kill()
            served.leash.program.wait()
        return len(ids)

    work = Work("killed", _nothing_waits, count)
    began = time.monotonic()
    assert runner(work, [uuid4()]) == 1
    assert times == 1, "the work must not be done twice"
    assert time.monotonic() - began < 30
    assert runner(work, [uuid4()]) == 1
    assert times == 2


def test_a_worker_process_without_wiring_says_what_is_missing(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("REUNIFY_")}
    done = subprocess.run(
        [sys.executable, "-m", "flows.worker"],
        env=environment | {"REUNIFY_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "REUNIFY_DATABASE_URL is not set" in done.stderr
