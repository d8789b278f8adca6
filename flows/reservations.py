"""A reservation nobody approved runs out: whoever has the case is warned first, and what is open keeps it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Final
from uuid import UUID

from flows.work import Every, Work
from reunify.allocation.expiring import Step
from reunify.approval import running_out
from reunify.bootstrap import House
from reunify.db import Database
from reunify.funds.changing import today
from reunify.intake.queries import lock_request
from reunify.kernel.people import System
from reunify.kernel.refusals import Refused
from reunify.rates.queries import organisation_now
from reunify.reporting import reservations

BY = System("reservations")
LOOK_EVERY: Final = timedelta(hours=1)


def work(house: House) -> Work:
    look = Look(house)
    verbs = (running_out.warn, running_out.lapse)
    return Work("run_out", look.find, look.run, acts_as=BY, verbs=verbs)


class Look:
    """Once an hour for each worker; at every beat while there is more than one batch."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._pace = Every(LOOK_EVERY)

    def find(self, db: Database, limit: int) -> list[UUID]:
        now = self._house.now()
        if not self._pace.begin(now):
            return []
        with db.read() as session:
            try:
                org = organisation_now(session, now=now)
            except Refused:  # not set up, so nothing is reserved
                return []
            due = reservations.to_act_on(session, org=org, today=today(session, now))
            found: list[UUID] = list(islice(due, limit))
        if len(found) == limit:
            self._pace.again()
        return found

    def run(self, ids: list[UUID], run: str | None) -> int:
        return sum(map(partial(_look_at, self._house), ids))


def _look_at(house: House, award_id: UUID) -> int:
    """What keeps it is asked anew, in the transaction that acts on it."""
    now = house.now()
    with house.db.work(wake=True) as session:
        org, day = organisation_now(session, now=now), today(session, now)
        found = reservations.one(session, award_id, org=org, today=day)
        if found is None:
            return 0
        lock_request(session, found.request_id)
        found = reservations.one(session, award_id, org=org, today=day)
        if found is None or found.found.on is None:
            return 0
        match found.found.step:
            case Step.WARN:
                on = found.found.on
                done = running_out.warn(session, award_id=found.award_id, runs_out_on=on, by=BY, now=now)
            case Step.RUN_OUT:
                done = running_out.lapse(session, award_id=found.award_id, by=BY, now=now)
            case Step.KEEP:
                done = False
        return int(done)
