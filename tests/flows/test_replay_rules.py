"""A replay is found by its state, done in turns among other work, and goes on where a dead worker left it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from flows import replay_rules
from flows.registry import Lane, works
from reunify.db import Database
from reunify.eligibility import replays
from tests.integration.replay_world import LIMIT, UP_TO_120, Office


@pytest.fixture
def office(settled_db: Database, now: datetime) -> Office:
    made = Office(settled_db, now)
    for income in (LIMIT, LIMIT + 1, UP_TO_120, UP_TO_120 + 1):
        made.family(income)
    return made


def house(office: Office) -> Any:
    parts = {"cards": None, "gateway": None, "messages": None, "scanner": None}
    return cast(Any, SimpleNamespace(db=office.db, now=lambda: office.now, **parts))


def killed_in_its_second_batch(work: Callable[[], object]) -> int:
    """Do the work in a process of its own that is killed there; how it ended."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    batches = iter((False, True))

    def keep(*_: object) -> None:
        if next(batches):
            os.kill(os.getpid(), signal.SIGKILL)

    replays._keep_yeses = keep
    work()
    os._exit(1)


def test_a_killed_workers_replay_is_found_again_and_counts_nobody_twice(office: Office) -> None:
    office.raised()
    work = replay_rules.work(house(office))
    (waiting,) = work.find(office.db, 10)

    def in_another_process() -> None:
        alone = Office(Database(office.db.url), office.now)
        alone.turn(waiting, batch=1)

    assert killed_in_its_second_batch(in_another_process) == -signal.SIGKILL
    assert office.replay(waiting).state == "running"
    assert work.find(office.db, 10) == [waiting]
    assert work.run([waiting], None) == 1
    assert work.find(office.db, 10) == []
    assert work.run([waiting], None) == 0
    report = office.replay(waiting).report
    assert report is not None
    assert (report["determinations"], report["flips_total"], report["same"]) == (4, 2, 2)


def test_letters_wait_for_one_turn_of_a_replay_at_most_and_payments_not_at_all(office: Office) -> None:
    names = {lane: [work.name for work in works(house(office), lane)] for lane in Lane}
    assert "replay_rules" in names[Lane.WRITE_LETTERS]
    assert "replay_rules" not in names[Lane.DECIDE_AND_PAY]
    office.raised()
    replay_id = office.waiting()
    assert office.turn(replay_id, batch=3, batches=1) == 1
    assert office.replay(replay_id).state == "running"
    assert office.turn(replay_id, batch=3, batches=1) == 1
    assert office.replay(replay_id).state == "done"
