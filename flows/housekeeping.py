"""Keep the house in order: seal the audit trail, remove what has served its time."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

from flows.work import Every, Work
from reunify.audit import sealing
from reunify.bootstrap import House
from reunify.db import Database
from reunify.kernel.people import System
from reunify.retention import sweeping

BY = System("housekeeping")
# There is one trail and one house, so one token stands for "there is something".
SOMETHING: Final = UUID(int=0)
SWEEP_EVERY: Final = timedelta(hours=1)


def works(house: House) -> list[Work]:
    """The seal is made at every beat that has rows for it; Prefect is not told of each."""
    sweep = Sweep(house)
    return [
        Work("seal_audit", find_rows, partial(seal, house), told=False, acts_as=BY, verbs=(sealing.seal,)),
        Work("sweep", sweep.find, sweep.run, acts_as=BY, verbs=(sweeping.sweep,)),
    ]


def find_rows(db: Database, limit: int) -> list[UUID]:
    with db.read() as session:
        return [SOMETHING] if sealing.rows_wait(session) else []


def seal(house: House, ids: list[UUID], run: str | None) -> int:
    """Nothing if another worker is sealing. Counts as no move: nothing else waits for a seal."""
    with house.db.work() as session:
        sealing.seal(session, now=house.now())
    return 0


class Sweep:
    """Once an hour for each worker; a sweep done twice removes nothing the second time."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._pace = Every(SWEEP_EVERY)

    def find(self, db: Database, limit: int) -> list[UUID]:
        return [SOMETHING] if self._pace.is_due(self._house.now()) else []

    def run(self, ids: list[UUID], run: str | None) -> int:
        now = self._house.now()
        self._pace.begin(now)
        with self._house.db.work() as session:
            return int(any(sweeping.sweep(session, now=now).values()))
