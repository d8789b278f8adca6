"""The worker wakes on a word, does what waits, and no bad id, dead Prefect or lost line stops it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from flows.work import Work
from flows.worker import Bell, Worker
from reunify.db import Database
from reunify.logs import Line


class Pile:
    """Ids that wait, and how they were done."""

    def __init__(self, *ids: UUID, poison: UUID | None = None) -> None:
        self.waiting = list(ids)
        self.poison = poison
        self.batches: list[tuple[int, str | None]] = []
        self.did = threading.Event()

    def find(self, db: Database, limit: int) -> list[UUID]:
        return self.waiting[:limit]

    def run(self, ids: list[UUID], run: str | None) -> int:
        if self.poison in ids:
            raise ValueError("Maria Garcia, born 2011")
        self.batches.append((len(ids), run))
        self.waiting = [one for one in self.waiting if one not in ids]
        self.did.set()
        return len(ids)

    def work(self, name: str = "pile") -> Work:
        return Work(name, self.find, self.run)


def _plain(work: Work, ids: list[UUID]) -> int:
    return work.run(ids, None)


@contextmanager
def _working(worker: Worker) -> Iterator[None]:
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield
    finally:
        worker.stop.set()
        thread.join(10)
        assert not thread.is_alive()


def test_a_word_from_the_database_wakes_it_long_before_the_beat(db: Database) -> None:
    pile = Pile()
    with _working(Worker(db, [pile.work()], _plain, beat=2)):
        time.sleep(0.3)
        pile.waiting = [uuid4()]
        asked = time.monotonic()
        db.wake()
        assert pile.did.wait(5)
        assert time.monotonic() - asked < 0.5


def test_the_beat_finds_what_no_word_announced(db: Database) -> None:
    pile = Pile()
    with _working(Worker(db, [pile.work()], _plain, beat=0.2)):
        time.sleep(0.3)
        pile.waiting = [uuid4()]
        assert pile.did.wait(2)


def test_after_a_lost_line_it_listens_again(
    db: Database, administrator: sa.Engine, database_name: str
) -> None:
    pile = Pile()
    with _working(Worker(db, [pile.work()], _plain, beat=0.5)):
        time.sleep(0.3)
        db.dispose()
        with administrator.connect() as connection:
            connection.execute(
                sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
                {"name": database_name},
            )
        time.sleep(1.2)
        pile.waiting = [uuid4()]
        db.wake()
        assert pile.did.wait(2)


def test_a_bell_without_a_database_only_waits() -> None:
    bell = Bell("postgresql+psycopg://nobody@/nothing?host=/nonexistent", threading.Event())
    began = time.monotonic()
    assert bell.wait(0.2)
    assert 0.15 < time.monotonic() - began < 2


def test_one_kind_that_fails_does_not_stop_the_others(db: Database) -> None:
    bad, good = Pile(uuid4()), Pile(uuid4())
    bad.poison = bad.waiting[0]

    def broken(db: Database, limit: int) -> list[UUID]:
        raise RuntimeError("the table is gone")

    worker = Worker(db, [Work("broken", broken, _never), bad.work("bad"), good.work("good")], _plain)
    assert worker.once() == 1
    assert good.waiting == []
    assert bad.waiting == [bad.poison]


def _never(ids: list[UUID], run: str | None) -> int:
    raise AssertionError("nothing was found, so nothing runs")


def test_one_bad_id_does_not_hold_up_its_batch(db: Database) -> None:
    ids = [uuid4() for _ in range(5)]
    pile = Pile(*ids, poison=ids[1])
    assert Worker(db, [pile.work()], _plain).once() == 4
    assert pile.waiting == [ids[1]]


def test_a_bad_id_rests_twice_as_long_each_time(db: Database) -> None:
    second = 0
    tried_at: list[int] = []
    bad = uuid4()

    def fails(ids: list[UUID], run: str | None) -> int:
        tried_at.append(second)
        raise ValueError

    work = Work("bad", lambda *_: [bad], fails)
    worker = Worker(db, [work], _plain, beat=1, clock=lambda: second)
    for second in range(60):  # noqa: B007 - the clock reads it
        worker.once()
    assert tried_at == [0, 2, 6, 14, 30]


def test_a_bad_id_at_the_head_does_not_fill_the_next_batch(db: Database) -> None:
    ids = [uuid4() for _ in range(4)]
    pile = Pile(*ids, poison=ids[0])
    worker = Worker(db, [pile.work()], _plain, batch=1)
    assert [worker.once() for _ in range(4)] == [0, 1, 1, 1]
    assert pile.waiting == [ids[0]]


def test_a_batch_never_holds_more_than_its_limit(db: Database) -> None:
    pile = Pile(*(uuid4() for _ in range(1201)))
    worker = Worker(db, [pile.work()], _plain)
    while worker.once():
        pass
    assert [count for count, _ in pile.batches] == [500, 500, 201]


def test_a_failure_is_logged_without_its_text(db: Database, caplog: pytest.LogCaptureFixture) -> None:
    pile = Pile(uuid4())
    pile.poison = pile.waiting[0]
    with caplog.at_level(logging.INFO, logger="reunify.worker"):
        Worker(db, [pile.work()], _plain).once()
    assert "ValueError" in caplog.text
    assert "Garcia" not in caplog.text
    lines = [record.msg for record in caplog.records if isinstance(record.msg, Line)]
    assert [line["event"] for line in lines] == ["batch_failed"]
    assert lines[0]["run"].startswith("B-")  # the number that all lines of one batch share
