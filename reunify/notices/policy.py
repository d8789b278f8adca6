"""When somebody is told, how often, and when the ladder stands still. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from reunify.kernel.moves import START, Move, Moves
from reunify.kernel.refusals import OutOfStep

NOTICE = Moves(
    "notice",
    Move(START, "plan", "planned", "flow"),
    Move(START, "find_no_way", "undelivered", "flow"),
    Move(START, "leave_out", "stopped", "flow"),
    Move("planned", "send", "sending", "flow"),
    Move("planned", "stop", "stopped", "flow"),
    Move("planned", "find_no_way", "undelivered", "flow"),
    Move("sending", "send", "sending", "flow, under the same key"),
    Move("sending", "stop", "stopped", "flow"),
    Move("sending", "accept", "sent", "the gateway"),
    Move("sending", "refuse", "undelivered", "the gateway"),
    Move("sending", "give_up", "undelivered", "flow"),
    Move("sent", "deliver", "delivered", "the gateway"),
    Move("sent", "bounce", "undelivered", "the gateway"),
    Move("sent", "forget", "unconfirmed", "flow"),
    Move("undelivered", "tell_otherwise", "told_otherwise", "staff"),
)
ESCALATION = Moves(
    "escalation",
    Move(START, "begin", "open", "flow"),
    Move("open", "tell", "open", "flow"),
    Move("open", "acknowledge", "open", "whoever was told"),
    Move("open", "end", "ended", "flow"),
)


class Channel(StrEnum):
    TEXT = "text"
    CALL = "call"


class Kind(StrEnum):
    """What it is about. The first three are for staff, the others for a family."""

    AWARD_WAITS = "award_waits"
    LAST_CALL = "last_call"  # to everyone who may decide, after nobody else did
    CANCEL_BY = "cancel_by"
    ARRANGED = "arranged"
    BOOKED = "booked"
    QUESTION = "question"
    CAME_BACK = "came_back"  # a payment to one of them
    BANK_DETAILS = "bank_details"  # a payment waits until its payee says where it goes


class Stage(StrEnum):
    """What the award waits for."""

    APPROVAL = "approval"
    RELEASE = "release"


class Told(StrEnum):
    """Whom a rung of the ladder reaches."""

    FIRST = "first"
    SECOND = "second"
    EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class Rung:
    minutes: int
    told: Told
    channels: tuple[Channel, ...]


LADDER: Final = (
    Rung(0, Told.FIRST, (Channel.TEXT,)),
    Rung(5, Told.FIRST, (Channel.TEXT, Channel.CALL)),
    Rung(10, Told.SECOND, (Channel.TEXT, Channel.CALL)),
    Rung(15, Told.EVERYBODY, (Channel.TEXT, Channel.CALL)),
)
STANDS_STILL: Final = timedelta(minutes=5)
LINK_LASTS: Final = timedelta(hours=12)
USEFUL_FOR: Final = {
    Kind.AWARD_WAITS: timedelta(hours=1),
    Kind.LAST_CALL: timedelta(hours=1),
    Kind.CANCEL_BY: timedelta(hours=24),
    Kind.ARRANGED: timedelta(hours=24),
    Kind.BOOKED: timedelta(hours=24),
    Kind.QUESTION: timedelta(hours=48),
    Kind.CAME_BACK: timedelta(hours=48),
    Kind.BANK_DETAILS: timedelta(hours=48),
}
# An outcome nobody knows is asked for again under the same key: after 2, 4, 8 ... seconds, six times in all.
TRIES: Final = 6
# While one worker speaks to the gateway no other does; longer than the adapter's own patience.
SPOKEN_FOR: Final = timedelta(seconds=45)
ASK_WHETHER_DELIVERED: Final = timedelta(seconds=20)
STOP_ASKING: Final = timedelta(hours=1)
LATER: Final = timedelta(minutes=10)  # outside a person's safe hours

REACHED_NOBODY: Final = frozenset({"undelivered", "told_otherwise"})
_WHY: Final = {
    "no_number": "no number on file",
    "texts_are_off": "texts and calls are switched off",
    "too_late": "it would have come too late",
    "no_such_number": "there is no such number",
    "not_delivered": "the phone did not receive it",
    "no_connection": "the gateway could not be reached",
}
_PHONE = re.compile(r"\+[1-9][0-9]{7,14}")


def run(began: datetime, pauses: Iterable[datetime], now: datetime) -> timedelta:
    """How long the ladder has run: after each "I have it" it stands still for five minutes."""
    still = timedelta()
    until = began
    for pause in sorted(pauses):
        start = max(pause, until)
        end = min(pause + STANDS_STILL, now)
        if end > start:
            still += end - start
            until = end
    return max(now - began - still, timedelta())


def due(began: datetime, pauses: Iterable[datetime], told: Iterable[int], now: datetime) -> list[Rung]:
    """The rungs whose time has come and who nobody was told by yet, in order."""
    gone = run(began, pauses, now)
    known = set(told)
    return [r for r in LADDER if r.minutes not in known and gone >= timedelta(minutes=r.minutes)]


def next_due(
    began: datetime, pauses: Iterable[datetime], told: Iterable[int], now: datetime
) -> datetime | None:
    """When somebody is told next if nobody acts; None once everybody was."""
    known = set(told)
    left = [r.minutes for r in LADDER if r.minutes not in known]
    if not left:
        return None
    kept = list(pauses)
    still_until = max((p + STANDS_STILL for p in kept if p <= now), default=now)
    from_ = max(now, still_until)
    return from_ + max(timedelta(minutes=min(left)) - run(began, kept, from_), timedelta())


def rest(tries: int) -> timedelta:
    """Before the same call is made again."""
    return timedelta(seconds=2 ** min(tries, 6))


def why(code: str | None) -> str:
    """Why it reached nobody, in words for staff."""
    return _WHY.get(code or "", "the gateway gave no clear answer: it may have arrived")


def number(written: str | None) -> str | None:
    """As a gateway dials it, `+17035550131`; None if it cannot be dialled. Ten digits are American."""
    said = re.sub(r"[ ().-]", "", written or "")
    if not said.startswith("+"):
        said = f"+1{said}" if len(said) == 10 else f"+{said}"
    return said if _PHONE.fullmatch(said) else None


class AlreadyYours(OutOfStep):
    """The same person holds the ladder once, not for ever."""


class NotYoursToHold(OutOfStep):
    """Nobody holds up a call for others who may not answer it."""


class NothingWaits(OutOfStep):
    """Decided meanwhile, or never urgent."""


def check_open(open_: bool) -> None:
    """Raises NothingWaits."""
    if not open_:
        raise NothingWaits("This was decided, or waits no more. Thank you: nothing is left to do.")


def check_first_time(held_by: Iterable[object], staff_id: object) -> None:
    """Raises AlreadyYours: whoever holds it decides, or somebody else is called."""
    if staff_id in set(held_by):
        raise AlreadyYours(
            "You have said so before. Sign in and decide, or call a colleague: others are told in turn."
        )


def check_may_hold(selves: Collection[object], closed: Collection[object]) -> None:
    """`closed`: who may not decide now. Raises NotYoursToHold."""
    if not set(closed).isdisjoint(selves):
        raise NotYoursToHold(
            "You, or a colleague you stand in for, wrote this request or approved it: a colleague must "
            "decide now, so others go on being called."
        )
