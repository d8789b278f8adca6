"""One kind of work the worker looks for: how to find it, and what to do with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from reunify.db import Database
from reunify.kernel.people import System

Find = Callable[[Database, int], list[UUID]]
Run = Callable[[list[UUID], str | None], int]


@dataclass(frozen=True, slots=True)
class Work:
    """`find` asks the tables for at most that many ids that wait, oldest first, by their state.

    `run` takes ids and the Prefect run's id (None: no run), and returns how many it moved on. It works in
    transactions of its own, each guarded by state, so that doing the same id twice is harmless.
    """

    name: str
    find: Find
    run: Run
    told: bool = True  # False: done at every beat, and Prefect is not told of each time
    acts_as: System | None = None  # who is written down as having done it
    verbs: tuple[Callable[..., object], ...] = ()  # all it may call in that name; a test compares


class Every:
    """The pace of a piece of work that need not look at each beat. A worker that starts looks at once."""

    def __init__(self, every: timedelta) -> None:
        self._every = every
        self._last: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        return self._last is None or now - self._last >= self._every

    def begin(self, now: datetime) -> bool:
        """Whether it is due; if so, the next time is counted from now."""
        due = self.is_due(now)
        if due:
            self._last = now
        return due

    def again(self) -> None:
        """More waits than one batch: it is due at the next beat too."""
        self._last = None
