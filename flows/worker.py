"""The worker: wakes on a word from the database or on a beat, finds what waits by its state, and does it.

`python -m flows.worker [lane]`. Any number may run at once. Prefect's state is never read to decide anything.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType
from uuid import UUID

import psycopg
from sqlalchemy.exc import DBAPIError

from flows.work import Work
from reunify import logs
from reunify.db import WAKE_CHANNEL, Database
from reunify.kernel.ids import new_reference

log = logs.named("worker")

_LONGEST_REST_SECONDS = 300.0


class Bell:
    """LISTENs for the wake-up; without a connection it only waits, and connects again."""

    def __init__(self, url: str, stop: threading.Event) -> None:
        self._conninfo = url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._stop = stop
        self._connection: psycopg.Connection | None = None

    def wait(self, seconds: float) -> bool:
        """True as soon as somebody rings; False after the time. A lost connection counts as a ring."""
        try:
            if self._connection is None:
                self._connection = psycopg.connect(self._conninfo, autocommit=True, connect_timeout=3)
                self._connection.execute(f"LISTEN {WAKE_CHANNEL}")
                return True
            return any(True for _ in self._connection.notifies(timeout=seconds, stop_after=1))
        except psycopg.Error:
            self.close()
            self._stop.wait(seconds)
            return True

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class SetAside:
    """Ids whose turn failed: each rests twice as long as the last time, and keeps nothing else waiting."""

    def __init__(self, beat: float, clock: Callable[[], float]) -> None:
        self._beat = beat
        self._clock = clock
        self._until: dict[UUID, tuple[float, float]] = {}

    def __len__(self) -> int:
        return len(self._until)

    def rests(self, one: UUID) -> bool:
        return one in self._until and self._until[one][0] > self._clock()

    def failed(self, one: UUID) -> None:
        rest = self._until[one][1] * 2 if one in self._until else self._beat * 2
        rest = min(rest, _LONGEST_REST_SECONDS)
        self._until[one] = (self._clock() + rest, rest)

    def keep_only(self, ids: Sequence[UUID]) -> None:
        """Forget those that no longer wait: somebody else did them, or they were withdrawn."""
        waiting = set(ids)
        self._until = {one: rest for one, rest in self._until.items() if one in waiting}

    def done(self, ids: Sequence[UUID]) -> None:
        for one in ids:
            self._until.pop(one, None)


class Worker:
    """`run_batch(work, ids)` does one batch; see flows.runner."""

    def __init__(
        self,
        db: Database,
        works: Sequence[Work],
        run_batch: Callable[[Work, list[UUID]], int],
        *,
        beat: float = 1.0,
        batch: int = 500,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._db = db
        self._works = works
        self._run_batch = run_batch
        self._beat = beat
        self._batch = batch
        self.stop = threading.Event()
        self._aside = {work.name: SetAside(beat, clock) for work in works}

    def run(self) -> None:
        """Until `stop` is set. A failing kind of work never stops the others."""
        bell = Bell(self._db.url, self.stop)
        try:
            while not self.stop.is_set():
                if self.once() == 0 and not self.stop.is_set():
                    bell.wait(self._beat)
        finally:
            bell.close()

    def once(self) -> int:
        """One look at every kind of work, in order. Returns how many moved on."""
        return sum(self._one_kind(work) for work in self._works if not self.stop.is_set())

    def _one_kind(self, work: Work) -> int:
        aside = self._aside[work.name]
        try:
            found = work.find(self._db, self._batch + len(aside))
        except Exception as wrong:
            log.error("work_not_found", work=work.name, **logs.fault(wrong))
            return 0
        if len(found) < self._batch + len(aside):
            aside.keep_only(found)
        ids = [one for one in found if not aside.rests(one)][: self._batch]
        if not ids:
            return 0
        with logs.bound(run=new_reference("B", 12)):
            return self._one_batch(work, ids)

    def _one_batch(self, work: Work, ids: list[UUID]) -> int:
        try:
            moved = self._run_batch(work, ids)
        except Exception as wrong:
            log.error("batch_failed", work=work.name, count=len(ids), **logs.fault(wrong))
            return self._one_by_one(work, ids, wrong)
        self._aside[work.name].done(ids)
        return moved

    def _one_by_one(self, work: Work, ids: list[UUID], wrong: Exception) -> int:
        """Find the ids the batch failed on, so that the others are done now."""
        aside = self._aside[work.name]
        if len(ids) == 1 or (isinstance(wrong, DBAPIError) and wrong.connection_invalidated):
            for one in ids:
                aside.failed(one)
            return 0
        moved = 0
        for one in ids:
            if self.stop.is_set():
                break
            try:
                moved += work.run([one], None)
            except Exception as again:
                log.error("piece_failed", work=work.name, piece=one, **logs.fault(again))
                aside.failed(one)
            else:
                aside.done([one])
        return moved


def main() -> None:
    # Slow imports (Prefect takes a second) come after the signal handlers: a stop is heard from the start.
    stop = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)

    from flows.registry import Lane, works
    from flows.runner import Prefect, Runner
    from reunify.bootstrap import NotReady, build
    from reunify.kernel.refusals import Refused
    from reunify.settings import load

    logs.configure()  # after Prefect, which sets up its own
    try:
        settings = load()
        house = build(settings)
    except (NotReady, Refused) as missing:
        sys.exit(str(missing))  # what is missing, in our words: it names settings, never their values
    runner = Runner(Prefect(settings.prefect_api_url))
    worker = Worker(
        house.db,
        works(house, Lane(sys.argv[1]) if len(sys.argv) > 1 else None),
        runner,
        beat=settings.worker_beat_seconds,
        batch=settings.worker_batch,
    )
    worker.stop = stop
    log.info("looking_for_work", lane=sys.argv[1] if len(sys.argv) > 1 else "all")
    try:
        worker.run()
    finally:
        runner.close()
        house.db.dispose()


if __name__ == "__main__":
    main()
