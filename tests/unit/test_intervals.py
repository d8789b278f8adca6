"""Spans of time: what two have in common, whatever order they are told in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reunify.intake.intervals import Span, common, hull, joined

ZERO = datetime(2026, 11, 25, tzinfo=UTC)
HOURS = 40


def _span(pair: tuple[int, int]) -> Span:
    return Span(ZERO + timedelta(hours=pair[0]), ZERO + timedelta(hours=pair[0] + pair[1]))


spans = st.tuples(st.integers(0, HOURS), st.integers(1, 10)).map(_span)
many = st.lists(spans, max_size=8)


def hours(found: list[Span]) -> set[int]:
    """The plainest opinion: which whole hours are covered."""
    return {h for h in range(HOURS + 12) for s in found if s.starts <= ZERO + timedelta(hours=h) < s.ends}


@given(many)
def test_joined_covers_the_same_time_and_no_two_touch(some: list[Span]) -> None:
    done = joined(some)
    assert hours(done) == hours(some)
    assert all(a.ends < b.starts for a, b in pairwise(done))


@given(many, many)
def test_what_two_have_in_common_is_what_each_hour_says(some: list[Span], others: list[Span]) -> None:
    assert hours(common(some, others)) == hours(some) & hours(others)
    assert common(some, others) == common(others, some)


@given(many)
def test_a_time_has_all_of_itself_in_common_with_itself(some: list[Span]) -> None:
    assert common(some, some) == joined(some)


@given(spans, spans)
def test_two_spans_meet_exactly_where_each_begins_before_the_other_ends(a: Span, b: Span) -> None:
    both = a.common(b)
    assert (both is not None) == (a.starts < b.ends and b.starts < a.ends)
    assert both == b.common(a)
    if both is not None:
        assert hull([both, a]) == a
        assert hull([both, b]) == b


def test_who_arrives_when_another_leaves_does_not_overlap() -> None:
    assert _span((0, 5)).common(_span((5, 5))) is None
    assert _span((0, 5)).common(_span((4, 5))) == _span((4, 1))


def test_the_same_moment_on_two_clocks_is_the_same_moment() -> None:
    here = ZERO.astimezone(ZoneInfo("America/Denver"))
    assert Span(here, here + timedelta(hours=1)) == _span((0, 1))


@pytest.mark.parametrize("length", [timedelta(0), timedelta(hours=-1)])
def test_nothing_is_no_span(length: timedelta) -> None:
    with pytest.raises(ValueError, match="begins before it ends"):
        Span(ZERO, ZERO + length)


def test_a_span_without_a_time_zone_is_none() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Span(ZERO.replace(tzinfo=None), ZERO.replace(tzinfo=None) + timedelta(hours=1))
