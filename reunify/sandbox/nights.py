"""The demo's on-call roster: this week, the next and the one after, with one hole next Wednesday night."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo

from sqlalchemy.orm import Session

from reunify.identity import on_call, roster
from reunify.identity.duties import OFFICE_CLOSES as _CLOSES
from reunify.identity.duties import OFFICE_OPENS as _OPENS
from reunify.identity.duties import Duty, Span
from reunify.kernel.people import Staff
from reunify.rates.queries import organisation
from reunify.sandbox import people

WEEKS = 3  # so that nothing but the deliberate hole is open in the 14 days the house looks ahead
_MONDAY, _WEDNESDAY, _THURSDAY, _FRIDAY = 0, 2, 3, 4
_PAIRS = {Duty.NIGHT_CASE_MANAGER: ("ana", "eli"), Duty.NIGHT_FINANCE: ("ben", "carla")}


def plan(session: Session, *, now: datetime) -> None:
    """By Sam, the supervisor. Times that are over or have a shift already are left as they are."""
    sam = people.known_as(session, "sam")
    zone = organisation(session, on=now.date()).zone
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    for week in range(-1, WEEKS):  # the weekend before lasts until Monday morning
        for duty, pair in _PAIRS.items():
            first, second = pair if week % 2 == 0 else reversed(pair)
            hole = week == 1 and duty is Duty.NIGHT_FINANCE
            for span in _shifts(monday + timedelta(weeks=week), zone, hole=hole):
                taken = any(s.duty is duty for s in on_call.shifts(session, span))
                if span.ends_at > now and not taken:
                    _give(session, duty, first, second, span, by=sam, now=now)
    by_day = Span(now, datetime.combine(today, _CLOSES, zone))
    if by_day.ends_at > now:
        _cover(session, by_day, by=sam, now=now)


def _cover(session: Session, span: Span, *, by: Staff, now: datetime) -> None:
    """Until the office closes too: so that a demo opened by day shows what the night is like."""
    for duty, (first, second) in _PAIRS.items():
        if not any(s.duty is duty for s in on_call.shifts(session, span)):
            _give(session, duty, first, second, span, by=by, now=now)


def _give(
    session: Session, duty: Duty, first: str, second: str, span: Span, *, by: Staff, now: datetime
) -> None:
    roster.add_shift(
        session,
        duty=duty,
        person_id=people.known_as(session, first).id,
        backup_id=people.known_as(session, second).id,
        span=span,
        by=by,
        now=now,
    )


def _shifts(monday: date, zone: tzinfo, *, hole: bool) -> Iterator[Span]:
    """The week's nights, then its weekend to Monday morning; with a hole, without Wednesday night."""

    def at(weekday: int, wall: time) -> datetime:
        return datetime.combine(monday + timedelta(days=weekday), wall, zone)

    if hole:
        yield Span(at(_MONDAY, _OPENS), at(_WEDNESDAY, _CLOSES))
        yield Span(at(_THURSDAY, _OPENS), at(_FRIDAY, _CLOSES))
    else:
        yield Span(at(_MONDAY, _OPENS), at(_FRIDAY, _CLOSES))
    yield Span(at(_FRIDAY, _CLOSES), at(7, _OPENS))
