"""What is released of a source by a day, who comes first, and when a reservation runs out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reunify.allocation.expiring import Block, Look, Step, look, travels
from reunify.allocation.pace import LEAD, Turn, begins, draws_ahead, in_turn, pace

START, END = date(2026, 1, 1), date(2026, 12, 31)
FIRST = datetime(2026, 11, 1, tzinfo=UTC)
PART = date(2026, 12, 1)
TODAY = date(2026, 11, 23)


def test_the_parts_of_a_year_in_quarters_begin_when_a_quarter_of_its_days_is_over() -> None:
    assert begins(START, END, 4) == (START, date(2026, 4, 2), date(2026, 7, 2), date(2026, 10, 1))


@pytest.mark.parametrize(
    ("on", "released", "next_on"),
    [
        (START, 2_500, date(2026, 4, 2)),
        (date(2026, 4, 1), 2_500, date(2026, 4, 2)),
        (date(2026, 4, 2), 5_001, date(2026, 7, 2)),
        (date(2026, 9, 30), 7_502, date(2026, 10, 1)),
        (date(2026, 10, 1), 10_003, None),
        (END, 10_003, None),
    ],
)
def test_what_does_not_divide_comes_as_soon_as_it_is_whole(
    on: date, released: int, next_on: date | None
) -> None:
    found = pace(START, END, 4, on)
    assert (found.released(10_003), found.next_on) == (released, next_on)


def test_of_few_nights_in_many_parts_no_part_waits_for_the_last() -> None:
    parts = [pace(START, END, 12, day).released(11) for day in begins(START, END, 12)]
    assert parts == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]


def test_what_a_part_leaves_unused_carries_over_and_what_is_committed_counts() -> None:
    second = pace(START, END, 4, date(2026, 4, 2))
    assert second.may_take(10_000, 1_000) == 4_000
    assert second.may_take(10_000, 5_000) == 0
    assert second.may_take(10_000, 6_000) == 0  # an amendment took authority back, or a trip drew ahead


@given(st.integers(2, 24), st.integers(0, 10**9), st.integers(24, 2_000))
def test_every_part_begins_within_the_period_and_all_of_it_is_released_at_its_end(
    tranches: int, authorized: int, days: int
) -> None:
    end = START + timedelta(days=days - 1)
    parts = begins(START, end, tranches)
    assert parts[0] == START
    assert list(parts) == sorted(set(parts))
    assert parts[-1] <= end
    released = [pace(START, end, tranches, day).released(authorized) for day in parts]
    assert released == sorted(released)
    assert released[0] == authorized // tranches
    assert released[-1] == authorized


@pytest.mark.parametrize(
    ("departs_on", "ahead"),
    [
        (TODAY - timedelta(days=1), False),  # it is over: no seat is lost
        (TODAY, True),
        (PART, True),
        (PART + LEAD, True),
        (PART + LEAD + timedelta(days=1), False),
        (None, False),
    ],
)
def test_a_trip_that_begins_before_the_next_part_could_pay_for_it_draws_ahead(
    departs_on: date | None, ahead: bool
) -> None:
    assert draws_ahead(departs_on, PART, TODAY) is ahead
    assert not draws_ahead(departs_on, None, TODAY)


def turn(number: int, departs_on: date | None, points: int | None, minutes: int = 0) -> Turn:
    return Turn(UUID(int=number), departs_on, points, FIRST + timedelta(minutes=minutes), PART)


def test_who_leaves_before_the_next_part_comes_first_then_need_then_arrival() -> None:
    day = timedelta(days=1)
    turns = [
        turn(1, None, 90, 0),
        turn(2, PART + LEAD + day, 10, 1),
        turn(3, PART + LEAD + 9 * day, 10, 0),
        turn(4, PART + LEAD, 0, 9),
        turn(5, PART - 2 * day, 0, 9),
        turn(6, PART + LEAD + day, None, 0),
        turn(7, TODAY - day, None, 8),  # over, and nobody leaves
    ]
    assert [t.id.int for t in in_turn(reversed(turns), TODAY)] == [5, 4, 1, 3, 2, 6, 7]


MONDAY = date(2026, 11, 2)


def looked(today: date, *, blocks: tuple[Block, ...] = (), told: date | None = None) -> Look:
    return look(reserved_on=MONDAY, days=30, runs_out_on=told, blocks=blocks, today=today)


def test_whoever_has_the_case_is_warned_three_working_days_before_and_not_a_day_sooner() -> None:
    ends = MONDAY + timedelta(days=30)  # Wednesday, December 2
    assert looked(date(2026, 11, 26)) == Look(Step.KEEP)
    assert looked(date(2026, 11, 27)) == Look(Step.WARN, ends)  # Friday: Monday, Tuesday, Wednesday
    assert looked(date(2026, 11, 28)) == Look(Step.WARN, ends)


def test_a_warning_that_comes_late_leaves_three_working_days_all_the_same() -> None:
    assert looked(date(2026, 12, 4)) == Look(Step.WARN, date(2026, 12, 9))


def test_it_runs_out_on_the_day_that_was_announced_and_not_the_day_before() -> None:
    told = date(2026, 12, 2)
    assert looked(told - timedelta(days=1), told=told).step is Step.KEEP
    assert looked(told, told=told).step is Step.RUN_OUT


def test_what_was_kept_past_the_day_announced_is_announced_anew() -> None:
    told = date(2026, 12, 2)  # Wednesday
    assert looked(told + timedelta(days=1), told=told) == Look(Step.WARN, date(2026, 12, 8))


@pytest.mark.parametrize("block", sorted(Block))
def test_while_something_is_open_nothing_is_announced_and_nothing_given_up(block: Block) -> None:
    late = date(2027, 3, 1)
    assert looked(late, blocks=(block,)).step is Step.KEEP
    assert looked(late, blocks=(block,)).because == (block,)
    assert looked(late, blocks=(block,), told=late) == Look(Step.KEEP, late, (block,))


@pytest.mark.parametrize(("days", "keeps"), [(-6, False), (-5, True), (0, True), (30, True), (31, False)])
def test_a_trip_keeps_it_from_the_organisations_own_number_of_days_until_all_are_back(
    days: int, keeps: bool
) -> None:
    departs = MONDAY + timedelta(days=days)
    assert travels(departs, departs + timedelta(days=5), today=MONDAY, days=30) is keeps
    assert not travels(None, None, today=MONDAY, days=30)
