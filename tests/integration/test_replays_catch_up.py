"""Between a replay and its approval time passes: families are answered, and the dictionary changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from reunify.db import Database
from reunify.eligibility import replays
from reunify.rules import current, queries
from reunify.rules.policy import ReplayOutdated
from tests.integration.replay_world import FUND, LIMIT, UP_TO_120, Office


@pytest.fixture
def office(settled_db: Database, now: datetime) -> Office:
    return Office(settled_db, now)


@contextmanager
def another_dictionary() -> Iterator[None]:
    real = current.dictionary()
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(current, "dictionary", lambda: replace(real, sha256="0" * 64))
        yield


def nothing_waits(office: Office) -> bool:
    with office.db.read() as session:
        return queries.replays_waiting(session, limit=5) == []


def test_who_was_answered_between_the_replay_and_the_approval_is_owed_a_second_look_too(
    office: Office,
) -> None:
    early, helped = office.family(LIMIT + 1), office.family(LIMIT)
    office.now += timedelta(days=1)
    sha = office.raised()
    replayed = office.waiting()
    office.replayed()
    office.now += timedelta(days=3)
    late, over = office.family(LIMIT + 2), office.family(UP_TO_120 + 1)
    assert office.approved(sha)
    by_the_new = office.family(LIMIT + 3)
    assert [o.request_id for o in office.owed(early, late)] == [early]

    report = office.replayed(batch=1)
    assert (report["flips_to_yes"], report["determinations"]) == (
        1,
        2,
    )  # of these days, by the old
    everybody = (early, helped, late, over, by_the_new)
    assert {o.request_id for o in office.owed(*everybody)} == {early, late}
    assert nothing_waits(office)
    with office.db.read() as session:
        shown = queries.version(session, sha)
    assert shown.replay is not None
    assert shown.replay.id == replayed  # what it was approved on, not what came after


def test_a_replay_asked_for_by_hand_does_not_stand_in_the_way_of_catching_up(office: Office) -> None:
    sha = office.raised()
    office.replayed()
    late = office.family(LIMIT + 1)
    office.ask(sha, office.now.date())
    assert office.approved(sha)
    with office.db.read() as session:
        waiting = queries.replays_waiting(session, limit=5)
    assert len(waiting) == 2
    for replay_id in waiting:
        office.turn(replay_id)
    assert [o.request_id for o in office.owed(late)] == [late]


def test_a_replay_with_another_dictionary_is_no_ground_for_an_approval(office: Office) -> None:
    office.family(LIMIT)
    sha = office.raised()
    with another_dictionary():
        office.replayed()
    with pytest.raises(ReplayOutdated, match="Replay it again"):
        office.approved(sha)
    with office.db.read() as session:
        assert queries.version(session, sha).needs_replay
    office.ask(sha, None)
    office.replayed()
    assert office.approved(sha)


def test_a_dictionary_that_changes_half_way_ends_a_replay_and_not_one_that_catches_up(office: Office) -> None:
    for income in (LIMIT + 1, LIMIT + 2):
        office.family(income)
    sha = office.raised()
    half_way = office.waiting()
    office.turn(half_way, batch=1, batches=1)
    with another_dictionary():
        office.turn(half_way, batch=1, batches=1)
    assert office.replay(half_way).state == "failed"
    office.ask(sha, None)
    office.replayed()
    late = office.family(LIMIT + 3)
    assert office.approved(sha)
    catching_up = office.waiting()
    office.turn(catching_up, batch=1, batches=1)
    with another_dictionary():
        office.turn(catching_up)
    assert office.replay(catching_up).state == "done"
    assert [o.request_id for o in office.owed(late)] == [late]


def test_a_version_in_force_that_cannot_be_read_is_caught_up_with_once_it_can(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha = office.raised()
    office.replayed()
    late = office.family(LIMIT + 1)
    assert office.approved(sha)
    with monkeypatch.context() as broken:
        broken.setattr(replays.current, "compiled", lambda *_: ({}, {}))
        assert office.turn(office.waiting()) == 0
    office.replayed()
    assert [o.request_id for o in office.owed(late)] == [late]


def test_a_version_that_ends_before_a_trip_takes_a_yes_away_with_its_dollars(office: Office) -> None:
    request_id = office.family(LIMIT)
    office.family(UP_TO_120 + 1)
    with office.db.read() as session:
        book = queries.in_force(session).versions[FUND][-1]
    ended = replace(book, effective_to=book.effective_from)
    report = replays.replay_now(office.db, book=ended, since=None, now=office.now).report(since=None)
    assert report["answers"] == [["eligible", "not_asked", 1], ["ineligible", "not_asked", 1]]
    (yes,) = (f for f in report["flips"] if f["from"] == "eligible")
    assert (yes["request_id"], yes["cents_from"], yes["cents_to"]) == (str(request_id), 1_151_00, 0)
    assert (report["not_covered"], report["flips_to_yes"]) == (0, 0)
    assert report["by_fund"] == [
        {"source": FUND, "payable_before": 1_151_00, "payable_after": 0, "unit": "cents"}
    ]
