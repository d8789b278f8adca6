"""Once a request has ended, what it did not use of its funders' grants is given up.

What our own money bridged stays granted while a cost transfer may still move it.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from itertools import islice
from uuid import UUID

from sqlalchemy.orm import Session

from flows.work import Every, Work
from reunify.allocation.bridged import bridged
from reunify.bootstrap import House
from reunify.db import Database
from reunify.eligibility import asking_ending as ending
from reunify.eligibility.asking_policy import BRIDGE_DAYS
from reunify.kernel.ids import RequestId
from reunify.kernel.people import System
from reunify.ledger.policy import BudgetCategory
from reunify.rates.queries import organisation_now
from reunify.reporting import asks

BY = System("asks")
LOOK_EVERY = timedelta(hours=1)


def work(house: House) -> Work:
    look = Look(house)
    return Work("take_back_grants", look.find, look.run, acts_as=BY, verbs=(ending.take_back,))


class Look:
    """Once an hour for each worker: what a transfer may still need stays, so most looks change nothing."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._pace = Every(LOOK_EVERY)

    def find(self, db: Database, limit: int) -> list[UUID]:
        now = self._house.now()
        if not self._pace.begin(now):
            return []
        with db.read() as session:
            today = now.astimezone(organisation_now(session, now=now).zone).date()
            ends = (i for i, paid in asks.ended(session) if _anything_ends(session, i, paid, today))
            return list(islice(ends, limit))

    def run(self, ids: list[UUID], run: str | None) -> int:
        return sum(map(partial(_take_back, self._house), ids))


def _anything_ends(session: Session, request_id: UUID, paid: bool, today: date) -> bool:
    """What only keeps its grant for a transfer is passed over, however many do."""
    keep = _still_movable(session, request_id, today)
    return ending.anything_ends(session, request_id=request_id, keep=keep, paid=paid, today=today)


def _take_back(house: House, request_id: UUID) -> int:
    """Whether it has ended is asked anew, in the transaction that acts on it."""
    now = house.now()
    with house.db.work() as session:
        found = asks.ended_one(session, request_id)
        if found is None:
            return 0
        today = now.astimezone(organisation_now(session, now=now).zone).date()
        return ending.take_back(
            session,
            request_id=RequestId(request_id),
            keep=_still_movable(session, request_id, today),
            paid=found,
            by=BY,
            now=now,
        )


def _still_movable(session: Session, request_id: UUID, today: date) -> dict[str, dict[BudgetCategory, int]]:
    """By fund code and category: bridged, within the days a transfer has."""
    kept: dict[str, dict[BudgetCategory, int]] = {}
    for one in bridged(session, request_id, today):
        if today <= one.decided_on + timedelta(days=BRIDGE_DAYS):
            of = kept.setdefault(one.to_code, {})
            of[one.budget_category] = of.get(one.budget_category, 0) + one.obligated + one.movable
    return kept
