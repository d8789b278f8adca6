"""The ladder, the hours, the numbers: pure."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reunify.notices import policy
from reunify.notices.policy import ESCALATION, LADDER, NOTICE, STANDS_STILL, Told

BEGAN = datetime(2026, 11, 26, 7, 7, tzinfo=UTC)
MINUTES = st.integers(0, 90).map(lambda m: BEGAN + timedelta(minutes=m))


def after(minutes: float) -> datetime:
    return BEGAN + timedelta(minutes=minutes)


def told_at(minutes: float, pauses: list[datetime]) -> list[int]:
    return [rung.minutes for rung in policy.due(BEGAN, pauses, (), after(minutes))]


@pytest.mark.parametrize(
    ("minutes", "told"),
    [
        (0, [0]),
        (4.99, [0]),
        (5, [0, 5]),
        (9.99, [0, 5]),
        (10, [0, 5, 10]),
        (14.99, [0, 5, 10]),
        (15, [0, 5, 10, 15]),
    ],
)
def test_somebody_more_is_told_at_five_ten_and_fifteen_minutes(minutes: float, told: list[int]) -> None:
    assert told_at(minutes, []) == told


def test_nobody_is_told_by_a_rung_twice() -> None:
    assert policy.due(BEGAN, [], [0, 5, 10, 15], after(60)) == []
    assert policy.next_due(BEGAN, [], [0, 5, 10, 15], after(60)) is None


def test_who_has_it_is_given_five_minutes_and_the_ladder_goes_on_where_it_stood() -> None:
    at_three = [after(3)]
    assert told_at(7.99, at_three) == [0]
    assert told_at(9.99, at_three) == [0]
    assert told_at(10, at_three) == [0, 5]
    assert policy.next_due(BEGAN, at_three, [0], after(4)) == after(10)


def test_two_people_who_have_it_at_once_hold_it_no_longer_than_one() -> None:
    assert told_at(10, [after(3), after(3)]) == [0, 5]
    assert told_at(11, [after(3), after(4)]) == [0, 5]
    assert told_at(10.99, [after(3), after(4)]) == [0]


@given(pauses=st.lists(MINUTES, max_size=6), now=MINUTES)
def test_the_ladder_only_ever_runs_forward_and_never_stands_still_longer_than_it_was_held(
    pauses: list[datetime], now: datetime
) -> None:
    before = policy.run(BEGAN, pauses, now)
    later = policy.run(BEGAN, pauses, now + timedelta(minutes=1))
    assert timedelta() <= before <= later <= before + timedelta(minutes=1)
    assert before >= now - BEGAN - STANDS_STILL * len(set(pauses))


@given(pauses=st.lists(MINUTES, max_size=4), now=MINUTES)
def test_the_time_that_is_named_is_the_time_somebody_is_told(pauses: list[datetime], now: datetime) -> None:
    known = [p for p in pauses if p <= now]
    told = [r.minutes for r in policy.due(BEGAN, known, (), now)]
    when = policy.next_due(BEGAN, known, told, now)
    if when is None:
        assert told == [r.minutes for r in LADDER]
    else:
        assert policy.due(BEGAN, known, told, when) != []
        assert policy.due(BEGAN, known, told, when - timedelta(seconds=1)) == []


def test_the_ladder_ends_with_everybody() -> None:
    assert LADDER[-1].told is Told.EVERYBODY
    assert all(a.minutes < b.minutes for a, b in itertools.pairwise(LADDER))


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("+1 703 555 0131", "+17035550131"),
        ("(703) 555-0131", "+17035550131"),
        ("703.555.0131", "+17035550131"),
        ("+52 656 555 0142", "+526565550142"),
        ("1 703 555 0131", "+17035550131"),
        ("911", None),
        ("ask at the desk", None),
        ("+0 703 555 0131", None),
        ("", None),
        (None, None),
    ],
)
def test_a_number_is_dialled_as_it_was_meant_or_not_at_all(written: str | None, dialled: str | None) -> None:
    assert policy.number(written) == dialled


def test_what_may_have_left_the_house_is_never_planned_again() -> None:
    after_the_call = {"sending", "sent", "delivered", "unconfirmed", "undelivered"}
    assert [m for m in NOTICE if m.source in after_the_call and m.target == "planned"] == []


def test_an_escalation_that_ended_stays_ended() -> None:
    assert [m for m in ESCALATION if m.source == "ended"] == []
