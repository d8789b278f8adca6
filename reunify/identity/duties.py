"""The on-call rules: which nights must be covered, who may cover them, who may not cover both. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from reunify.kernel.ids import StaffId
from reunify.kernel.people import Role
from reunify.kernel.refusals import NotAllowed, Refused

OFFICE_OPENS, OFFICE_CLOSES = time(9), time(17)
LOOK_AHEAD = timedelta(days=14)
LONGEST_SHIFT = timedelta(days=7)
_SATURDAY = 5


class Duty(StrEnum):
    NIGHT_CASE_MANAGER = "night_case_manager"
    NIGHT_FINANCE = "night_finance"


# Who is called at night for money must be able to do both halves of a small amount alone.
NEEDED = {
    Duty.NIGHT_CASE_MANAGER: frozenset({Role.CASE_MANAGER}),
    Duty.NIGHT_FINANCE: frozenset({Role.FINANCE_APPROVER, Role.FINANCE_RELEASER}),
}


class NotForThisDuty(Refused):
    """The person does not hold what the duty needs."""


class BothDuties(Refused):
    """The same person, or one who stands for the other, would be called for the case and for its money."""


class BackupIsTheSame(Refused):
    """A backup who is the person on call backs nobody up."""


class ShiftDoesNotFit(Refused):
    """A shift that ends before it begins, is too long, or is over already."""


class OnCallMayNotDecide(NotAllowed):
    """Nobody on call may decide on this family's money. `str()` says whom to call."""


@dataclass(frozen=True, slots=True)
class Span:
    """From, up to and without its end. Aware times."""

    starts_at: datetime
    ends_at: datetime

    def overlaps(self, other: Span) -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at

    def holds(self, moment: datetime) -> bool:
        return self.starts_at <= moment < self.ends_at


def check_span(span: Span, *, now: datetime) -> None:
    """Raises ShiftDoesNotFit."""
    if span.ends_at <= span.starts_at:
        raise ShiftDoesNotFit("The shift ends before it begins. Check both times.", field="/ends_at")
    if span.ends_at - span.starts_at > LONGEST_SHIFT:
        raise ShiftDoesNotFit("One shift lasts at most 7 days. Make several.", field="/ends_at")
    if span.ends_at <= now:
        raise ShiftDoesNotFit("This shift would be over already.", field="/ends_at")


def check_holds(duty: Duty, roles: Collection[Role], *, field: str) -> None:
    """Raises NotForThisDuty with the roles that are needed."""
    if not NEEDED[duty] <= frozenset(roles):
        needed = " and ".join(sorted(role.value.replace("_", " ") for role in NEEDED[duty]))
        raise NotForThisDuty(f"For this duty a person must be {needed}. Choose somebody else.", field=field)


def check_backup(person: Collection[StaffId], backup: Collection[StaffId]) -> None:
    """Both as everyone they count as. Raises BackupIsTheSame."""
    if not frozenset(person).isdisjoint(backup):
        raise BackupIsTheSame(
            "The backup is the person on call, or one of them stands for the other. Choose somebody else.",
            field="/backup",
        )


def check_not_both(asked: Collection[StaffId], other_duty: Collection[StaffId]) -> None:
    """Each as everyone they count as. Raises BothDuties: the case and its money need two people."""
    if not frozenset(asked).isdisjoint(other_duty):
        raise BothDuties(
            "This person, or a colleague they stand for, is on call for the other duty at the same time. "
            "The case and its money need two people: choose somebody else.",
            field="/person",
        )


def to_cover(start: date, days: int, zone: tzinfo) -> Iterator[Span]:
    """Every time outside office hours (Monday to Friday, 9 to 5 on the organisation's clock) of these days.

    Nights run together over midnight and weekends; a night with a clock change is an hour longer or shorter.
    """
    opened: datetime | None = _at(start, time(0), zone)
    for day in (start + timedelta(days=n) for n in range(days)):
        if day.weekday() < _SATURDAY:
            if opened is not None:
                yield Span(opened, _at(day, OFFICE_OPENS, zone))
            opened = _at(day, OFFICE_CLOSES, zone)
    if opened is not None:
        yield Span(opened, _at(start + timedelta(days=days), time(0), zone))


def uncovered(wanted: Span, covered: Iterable[Span]) -> Iterator[Span]:
    """What is left of `wanted` when all of `covered` is taken away, in order."""
    at = wanted.starts_at
    for span in sorted(covered, key=lambda s: s.starts_at):
        if not span.overlaps(Span(at, wanted.ends_at)):
            continue
        if span.starts_at > at:
            yield Span(at, span.starts_at)
        at = max(at, span.ends_at)
        if at >= wanted.ends_at:
            return
    if at < wanted.ends_at:
        yield Span(at, wanted.ends_at)


def _at(day: date, wall: time, zone: tzinfo) -> datetime:
    """Of an hour that comes twice the first is meant."""
    return datetime.combine(day, wall, zone).astimezone(UTC)
