"""When somebody must be on call: nights and weekends on the organisation's clock, over both clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from reunify.identity import duties
from reunify.identity.duties import Duty, Span
from reunify.kernel.ids import StaffId
from reunify.kernel.people import Role

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)
ANA, BEN, CARLA = (StaffId(uuid4()) for _ in range(3))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def nights(start: date, days: int) -> list[tuple[str, float]]:
    """When each begins, in UTC, and for how many hours it lasts."""
    return [
        (f"{span.starts_at:%a %d %H:%M}", (span.ends_at - span.starts_at) / timedelta(hours=1))
        for span in duties.to_cover(start, days, NEW_YORK)
    ]


def test_a_plain_week_has_its_nights_and_a_whole_weekend() -> None:
    """From Monday midnight: the tail of Sunday's cover, four nights, and from Friday evening to Sunday."""
    assert nights(date(2026, 11, 16), 7) == [
        ("Mon 16 05:00", 9.0),
        ("Mon 16 22:00", 16.0),
        ("Tue 17 22:00", 16.0),
        ("Wed 18 22:00", 16.0),
        ("Thu 19 22:00", 16.0),
        ("Fri 20 22:00", 55.0),
    ]


def test_the_weekend_the_clock_goes_back_is_an_hour_longer() -> None:
    """November 1, 2026: 2 a.m. comes twice. Friday 5 p.m. to Monday 9 a.m. is 65 hours, not 64."""
    weekend = next(
        s for s in duties.to_cover(date(2026, 10, 30), 4, NEW_YORK) if s.holds(at("2026-11-01T06:00"))
    )
    assert (weekend.starts_at, weekend.ends_at) == (at("2026-10-30T21:00"), at("2026-11-02T14:00"))
    assert weekend.ends_at - weekend.starts_at == timedelta(hours=65)


def test_the_weekend_the_clock_goes_forward_is_an_hour_shorter() -> None:
    """March 8, 2026: there is no half past two. Friday 5 p.m. to Monday 9 a.m. is 63 hours."""
    weekend = next(
        s for s in duties.to_cover(date(2026, 3, 6), 4, NEW_YORK) if s.holds(at("2026-03-08T07:30"))
    )
    assert (weekend.starts_at, weekend.ends_at) == (at("2026-03-06T22:00"), at("2026-03-09T13:00"))
    assert weekend.ends_at - weekend.starts_at == timedelta(hours=63)


def test_the_moment_a_shift_ends_is_the_next_ones() -> None:
    first = Span(at("2026-11-25T22:00"), at("2026-11-26T14:00"))
    assert first.holds(first.starts_at)
    assert first.holds(first.ends_at - timedelta(microseconds=1))
    assert not first.holds(first.ends_at)
    assert not first.overlaps(Span(first.ends_at, first.ends_at + timedelta(hours=1)))


def test_what_is_left_uncovered_is_found_to_the_minute() -> None:
    night = Span(at("2026-11-25T22:00"), at("2026-11-26T14:00"))
    early = Span(at("2026-11-25T20:00"), at("2026-11-26T01:00"))
    late = Span(at("2026-11-26T01:30"), at("2026-11-26T13:00"))
    assert list(duties.uncovered(night, [late, early])) == [
        Span(early.ends_at, late.starts_at),
        Span(late.ends_at, night.ends_at),
    ]
    assert list(duties.uncovered(night, [])) == [night]
    assert list(duties.uncovered(night, [Span(early.starts_at, night.ends_at)])) == []


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (Span(NOW, NOW), "ends before it begins"),
        (Span(NOW, NOW + timedelta(days=7, seconds=1)), "at most 7 days"),
        (Span(NOW - timedelta(hours=2), NOW), "over already"),
    ],
)
def test_a_shift_that_does_not_fit_is_refused_with_the_remedy(span: Span, words: str) -> None:
    with pytest.raises(duties.ShiftDoesNotFit, match=words):
        duties.check_span(span, now=NOW)


def test_seven_days_exactly_is_a_shift() -> None:
    duties.check_span(Span(NOW, NOW + timedelta(days=7)), now=NOW)


def test_who_is_called_for_money_can_approve_and_release() -> None:
    duties.check_holds(Duty.NIGHT_FINANCE, {Role.FINANCE_APPROVER, Role.FINANCE_RELEASER}, field="/person")
    with pytest.raises(duties.NotForThisDuty, match="finance approver and finance releaser"):
        duties.check_holds(Duty.NIGHT_FINANCE, {Role.FINANCE_APPROVER}, field="/person")
    with pytest.raises(duties.NotForThisDuty, match="case manager"):
        duties.check_holds(Duty.NIGHT_CASE_MANAGER, {Role.SUPERVISOR}, field="/person")


def test_both_duties_need_two_people_and_a_stand_in_counts_as_the_person_they_stand_for() -> None:
    duties.check_not_both({ANA}, {BEN})
    with pytest.raises(duties.BothDuties):
        duties.check_not_both({ANA}, {ANA})
    with pytest.raises(duties.BothDuties):
        duties.check_not_both({CARLA, ANA}, {BEN, ANA})


def test_nobody_backs_themselves_up() -> None:
    duties.check_backup({ANA}, {BEN})
    with pytest.raises(duties.BackupIsTheSame):
        duties.check_backup({ANA}, {BEN, ANA})
