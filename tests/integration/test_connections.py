"""What the house makes of connections that died and of transactions that waited for each other."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import sqlalchemy as sa

from reunify import db as house
from reunify.db import Database, LostTheTurn

_SELF = sa.text("SELECT pg_backend_pid()")
_END = sa.text("SELECT pg_terminate_backend(:pid, 5000)")


@pytest.fixture
def two(db: Database) -> tuple[Database, Database]:
    """Two pools on one database: the second ends what the first has open."""
    return Database(db.url, pool_size=1), Database(db.url, pool_size=1)


def _given_back(database: Database) -> int:
    with database.work() as session:
        return int(session.execute(_SELF).scalar_one())


def _ended(database: Database, pid: int) -> None:
    with database.work() as session:
        assert session.execute(_END, {"pid": pid}).scalar_one() is True


def test_work_goes_on_after_the_server_closed_an_idle_connection(
    two: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = two
    monkeypatch.setattr(house, "_RESTS_SECONDS", 0.0)
    before = _given_back(mine)
    _ended(other, before)
    assert _given_back(mine) != before
    mine.dispose()
    other.dispose()


def test_a_connection_that_was_just_given_back_is_not_asked(
    two: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, _ = two
    asked: list[float] = []
    monkeypatch.setattr(mine.engine.dialect, "do_ping", lambda _: asked.append(time.monotonic()))
    monkeypatch.setattr(house, "_RESTS_SECONDS", 3_600.0)
    assert _given_back(mine) == _given_back(mine)
    assert asked == []
    monkeypatch.setattr(house, "_RESTS_SECONDS", 0.0)
    _given_back(mine)
    assert len(asked) == 1
    mine.dispose()


def test_of_two_who_wait_for_each_other_one_is_told_to_try_again_in_plain_words(db: Database) -> None:
    both = Barrier(2)

    def locks(*numbers: int) -> str:
        try:
            with db.work() as session:
                for number in numbers:
                    session.execute(sa.text("SELECT pg_advisory_xact_lock(:n)"), {"n": number})
                    if number == numbers[0]:
                        both.wait(5)
        except LostTheTurn as ended:
            return str(ended)
        return "done"

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(lambda numbers: locks(*numbers), [(1, 2), (2, 1)]))
    assert said == [
        "Somebody else changed the same thing just now. Nothing of yours was kept: try again.",
        "done",
    ]
