"""Keep the house in order: seal the audit trail, remove what has served its time, look after the files."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

from flows.work import Every, Work
from reunify.audit import sealing
from reunify.bootstrap import House
from reunify.db import Database
from reunify.files import looking
from reunify.files.ports import StoreSilent
from reunify.kernel.people import System
from reunify.retention import sweeping

BY = System("housekeeping")
# There is one trail and one house, so one token stands for "there is something".
SOMETHING: Final = UUID(int=0)
SWEEP_EVERY: Final = timedelta(hours=1)
ASK_FILES_EVERY: Final = timedelta(minutes=10)


def works(house: House) -> list[Work]:
    """The seal is made at every beat that has rows for it; Prefect is not told of each."""
    sweep, files = Sweep(house), Files(house)
    return [
        Work("seal_audit", find_rows, partial(seal, house), told=False, acts_as=BY, verbs=(sealing.seal,)),
        Work("sweep", sweep.find, sweep.run, acts_as=BY, verbs=(sweeping.sweep,)),
        Work("look_after_files", files.find, files.run, acts_as=BY, verbs=(looking.clear, looking.look)),
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


class Files:
    """What was let go is removed; once a day rows and objects are compared, by whichever worker is first."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._pace = Every(ASK_FILES_EVERY)

    def find(self, db: Database, limit: int) -> list[UUID]:
        if not self._pace.begin(self._house.now()):
            return []
        with db.read() as session:
            return [SOMETHING] if looking.is_due(session, now=self._house.now()) else []

    def run(self, ids: list[UUID], run: str | None) -> int:
        """Nothing if the store is silent; it is asked again ten minutes later."""
        db = self._house.db
        try:
            done = looking.clear(db, by=BY)
            with db.read() as session:
                compare = looking.is_due(session, now=self._house.now())
            if compare:
                done += looking.look(db, by=BY, now=self._house.now()).removed
        except StoreSilent:
            return 0
        return int(bool(done))
