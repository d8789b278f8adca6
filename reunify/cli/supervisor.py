"""Keeps child processes running from a thread of its own, and ends them all when asked.

The thread that restarts a child never waits on what a child does: while Prefect is down somebody must be free
to start it again.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reunify.adapters.leash import Leash

_LOOK_EVERY_SECONDS = 0.1
_LONGEST_REST_SECONDS = 30.0
_HEALTHY_AFTER_SECONDS = 60.0
_LARGEST_LOG_BYTES = 10_000_000

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Child:
    """A program to keep running. `env` holds secrets, so it is hidden from repr."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(repr=False)


@dataclass(slots=True)
class _Running:
    child: Child
    leash: Leash | None = None
    started_at: float = 0.0
    rest: float = 0.5
    start_again_at: float | None = None
    endings: int = 0


class Supervisor:
    """`say` hears, in words, when a child ended and is started again."""

    def __init__(self, logs: Path, say: Say) -> None:
        self._logs = logs
        self._say = say
        self._running: dict[str, _Running] = {}
        self._watched: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="supervisor", daemon=True)

    def also(self, look: Callable[[], None]) -> None:
        """Something else to look after at each round, such as the database."""
        self._watched.append(look)

    def start(self, child: Child) -> None:
        """Start it now and keep it running from now on."""
        running = _Running(child)
        self._launch(running)
        with self._lock:
            self._running[child.name] = running
        if not self._thread.is_alive():
            self._thread.start()

    def pids(self) -> dict[str, int]:
        """The process number of each child that runs."""
        with self._lock:
            return {
                name: one.leash.pid for name, one in self._running.items() if one.leash and one.leash.alive()
            }

    def endings(self, name: str) -> int:
        """How often this child ended by itself."""
        return self._running[name].endings

    def stop(self, *, within_seconds: float = 10) -> None:
        """Ask all children at once, wait for them, then make them. Nothing is restarted any more."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        leashes = [one.leash for one in self._running.values() if one.leash]
        for leash in leashes:
            leash.ask_to_stop()
        until = time.monotonic() + within_seconds
        for leash in leashes:
            leash.stop(within_seconds=max(0.1, until - time.monotonic()))

    def _watch(self) -> None:
        while not self._stop.wait(_LOOK_EVERY_SECONDS):
            for look in self._watched:
                look()
            with self._lock:
                all_of_them = list(self._running.values())
            for one in all_of_them:
                self._look_after(one)

    def _look_after(self, one: _Running) -> None:
        now = time.monotonic()
        if one.leash is not None:
            if one.leash.alive():
                return
            code = one.leash.stop()
            one.leash = None
            one.endings += 1
            if now - one.started_at > _HEALTHY_AFTER_SECONDS:
                one.rest = 0.5
            one.start_again_at = now + one.rest
            self._say(f"{one.child.name} ended (code {code}); starting it again in {one.rest:g} s")
            one.rest = min(one.rest * 2, _LONGEST_REST_SECONDS)
        elif one.start_again_at is not None and now >= one.start_again_at:
            try:
                self._launch(one)
            except OSError as wrong:
                one.start_again_at = now + one.rest
                self._say(f"{one.child.name} could not be started: {wrong.strerror}")

    def _launch(self, one: _Running) -> None:
        self._logs.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = self._logs / f"{one.child.name}.log"
        if log.exists() and log.stat().st_size > _LARGEST_LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as output:
            one.leash = Leash(one.child.command, env=one.child.env, output=output)
        one.started_at = time.monotonic()
