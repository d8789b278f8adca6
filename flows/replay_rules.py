"""Replay rules in review over past answers, a turn at a time, so that nothing else waits for a long one."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from flows.work import Work
from reunify.bootstrap import House
from reunify.db import Database
from reunify.eligibility import look_backs, replays
from reunify.kernel.people import System
from reunify.reporting import uses
from reunify.rules import actions as rules
from reunify.rules import queries

BY = System("replay_rules")
# What a turn of a replay does in this name.
VERBS = (
    replays.run_replay,
    rules.begin_replay,
    rules.report_replay,
    rules.fail_replay,
    look_backs.owe,
)


def work(house: House) -> Work:
    return Work("replay_rules", find, partial(replay, house), acts_as=BY, verbs=VERBS)


def find(db: Database, limit: int) -> list[UUID]:
    with db.read() as session:
        return queries.replays_waiting(session, limit=limit)


def replay(house: House, ids: list[UUID], run: str | None) -> int:
    """The oldest goes on for one turn; what is not finished, or was left half-way, is found again."""
    return sum(
        replays.run_replay(
            house.db, replay_id=replay_id, by=BY, clock=house.now, run=run, earlier=uses.before
        )
        for replay_id in ids
    )
