"""One kind of work the worker looks for: how to find it, and what to do with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
