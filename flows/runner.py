"""Run a plain function as a Prefect flow run where Prefect answers, and just as well where it does not.

Our tables are the truth. Prefect records that a run happened; nothing is decided by what it says.
"""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from uuid import UUID

from prefect import flow
from prefect.context import SyncClientContext
from prefect.runtime import flow_run
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

from flows.work import Run, Work
from reunify import logs

log = logs.named("worker")

_ANSWER_WITHIN_SECONDS = 0.5
_BELIEVE_FOR_SECONDS = 2.0


class Prefect:
    """Whether Prefect's API answers, asked at most every two seconds: a dead server holds up nobody."""

    def __init__(self, api_url: str | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._api_url = api_url
        self._clock = clock
        self._answers = False
        self._asked_at: float | None = None

    def answers(self) -> bool:
        if self._api_url is None:
            return False
        if self._asked_at is None or self._clock() - self._asked_at > _BELIEVE_FOR_SECONDS:
            answered = self._ask()
            if answered != self._answers:
                if answered:
                    log.info("prefect_answers")
                else:
                    log.warning("prefect_silent")  # working without runs
            self._answers, self._asked_at = answered, self._clock()
        return self._answers

    def failed(self) -> None:
        """A call just went wrong: believe nothing for two seconds."""
        self._answers, self._asked_at = False, self._clock()

    def _ask(self) -> bool:
        try:
            with urllib.request.urlopen(  # noqa: S310 - the address is the operator's own
                f"{self._api_url}/health", timeout=_ANSWER_WITHIN_SECONDS
            ) as reply:
                return bool(reply.status == 200)
        except (OSError, ValueError):
            return False


class BatchFailed(Exception):
    """What Prefect is told of a failure: the kind of error, never its text, which may speak of a family."""


class Runner:
    """Runs one batch of one kind of work. Belongs to one thread; `close()` at the end."""

    def __init__(self, prefect: Prefect) -> None:
        self._prefect = prefect
        self._flows: dict[str, Callable[[list[str]], Any]] = {}
        self._now_running: _Call | None = None
        self._connection: ExitStack | None = None

    def __call__(self, work: Work, ids: list[UUID]) -> int:
        """How many moved on. Raises what the plain function raises, never what Prefect raises."""
        call = _Call(work.run, ids)
        if work.told and self._prefect.answers():
            self._record(work, call)
        return call.make(None) if call.result is None else call.result

    def _record(self, work: Work, call: _Call) -> None:
        """Make the call inside a flow run. If Prefect fails first, the call is still to be made."""
        self._now_running = call
        try:
            self._connect()
            self._flow(work.name)([str(one) for one in call.ids])
        except Exception as wrong:
            if call.raised is not None:
                raise call.raised from None
            log.warning("prefect_failed", work=work.name, **logs.fault(wrong))
            self._prefect.failed()
            self.close()
        finally:
            self._now_running = None

    def _connect(self) -> None:
        """One client for all runs, and no flow heartbeat (it costs each flow a second).

        The heartbeat cannot be switched off by an environment variable: Prefect then refuses to start.
        """
        if self._connection is None:
            with ExitStack() as entering:
                entering.enter_context(temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}))
                entering.enter_context(SyncClientContext.get_or_create())
                self._connection = entering.pop_all()

    def close(self) -> None:
        """Let go of the client; the next run makes a new one."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.close()

    def _flow(self, name: str) -> Callable[[list[str]], Any]:
        """The wrapper for a kind of work, made once. Prefect sees ids and a number, nothing else."""
        if name not in self._flows:

            @flow(name=name, validate_parameters=False, persist_result=False)
            def batch(ids: list[str]) -> int:
                assert self._now_running is not None
                try:
                    return self._now_running.make(flow_run.id)
                except Exception as wrong:
                    kind = type(wrong).__name__
                raise BatchFailed(f"{name}: {kind}")

            self._flows[name] = batch
        return self._flows[name]


class _Call:
    """One call of the plain function; remembers its outcome apart from what Prefect makes of it."""

    def __init__(self, run: Run, ids: list[UUID]) -> None:
        self._run = run
        self.ids = ids
        self.result: int | None = None
        self.raised: Exception | None = None

    def make(self, run_id: str | None) -> int:
        try:
            self.result = self._run(self.ids, run_id)
        except Exception as wrong:
            self.raised = wrong
            raise
        return self.result
