"""Checks that nobody has cashed go stale; what ends one is a person's word. Looked at once an hour."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from flows.work import Every, Work
from reunify import logs
from reunify.bootstrap import House
from reunify.db import Database
from reunify.disbursement import logging_ends
from reunify.kernel.ids import InstructionId
from reunify.kernel.people import System
from reunify.kernel.refusals import Refused

log = logs.named("worker")
BY = System("ageing")
LOOK_EVERY: Final = timedelta(hours=1)


def work(house: House) -> Work:
    ageing = Ageing(house)
    return Work("age_checks", ageing.find, ageing.age, acts_as=BY, verbs=(logging_ends.age_logged,))


class Ageing:
    """Each worker looks once an hour; a check aged twice moves no second time."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._pace = Every(LOOK_EVERY)

    def find(self, db: Database, limit: int) -> list[UUID]:
        now = self._house.now()
        if not self._pace.begin(now):
            return []
        with db.read() as session:
            return logging_ends.to_age(session, now=now, limit=limit)

    def age(self, ids: list[UUID], run: str | None) -> int:
        """One that moved meanwhile is left; the others go on."""
        aged = 0
        for one in ids:
            try:
                with self._house.db.work() as session:
                    aged += logging_ends.age_logged(
                        session, instruction_id=InstructionId(one), by=BY, now=self._house.now()
                    )
            except Refused as cannot:
                log.warning("payment_waits", piece=one, kind=type(cannot).__name__)
        return aged
