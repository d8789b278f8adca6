"""Housekeeping: rows are sealed at the next beat, what ended is swept hourly, Prefect hears of no beat."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

from flows import housekeeping
from flows.runner import Prefect, Runner
from flows.work import Work
from reunify.audit import actions as audit
from reunify.audit import sealing
from reunify.db import Database
from reunify.identity.records import SignInFailure
from reunify.kernel.people import System


class Now:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def works(db: Database, clock: Now) -> tuple[Work, Work]:
    seal, sweep, _ = housekeeping.works(cast(Any, SimpleNamespace(db=db, now=clock)))
    return seal, sweep


def test_rows_that_wait_are_sealed_at_the_next_beat(db: Database, now: datetime) -> None:
    seal, _ = works(db, Now(now))
    assert seal.find(db, 10) == []
    with db.work() as session:
        audit.record(session, by=System("test"), at=now, subject="request", subject_id=uuid4(), moved="look")
    waiting = seal.find(db, 10)
    assert seal.run(waiting, None) == 0  # nothing else waits for a seal, so nothing moved on
    assert seal.find(db, 10) == []
    with db.read() as session:
        newest = sealing.newest(session)
    assert newest is not None
    assert newest.row_count == 1


def test_what_ended_is_swept_once_an_hour(db: Database, now: datetime) -> None:
    clock = Now(now)
    _, sweep = works(db, clock)
    with db.work() as session:
        session.add(SignInFailure(who_hash="x", failures=1, since=now - timedelta(days=31)))
    assert sweep.run(sweep.find(db, 10), None) == 1
    clock.at += timedelta(minutes=59)
    assert sweep.find(db, 10) == []
    clock.at += timedelta(minutes=1)
    assert sweep.run(sweep.find(db, 10), None) == 0


def test_prefect_is_not_told_of_what_is_done_at_every_beat() -> None:
    class NeverAsked:
        def answers(self) -> bool:
            raise AssertionError("Prefect was asked")

    done: list[list[UUID]] = []

    def run(ids: list[UUID], run_id: str | None) -> int:
        assert run_id is None
        done.append(ids)
        return 1

    quiet = Work("quiet", lambda _db, _limit: [], run, told=False)
    assert Runner(cast(Prefect, NeverAsked()))(quiet, [UUID(int=0)]) == 1
    assert done == [[UUID(int=0)]]
