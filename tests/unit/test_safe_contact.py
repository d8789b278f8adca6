"""How a person may be reached without harm: every channel, every missing fact. Unknown is not yes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product

import pytest

from reunify.consent.policy import may_contact
from reunify.consent.safe_contact import Allowed, Channel, Kind, NotAllowed, Outcome
from reunify.intake.form import SafeContact


@dataclass(frozen=True)
class Person:
    phone: str | None = "+1 915 555 0142"
    email: str | None = "rosa@example.org"
    address: str | None = "12 Sample Street"
    may_call: bool = True
    may_text: bool = True
    may_leave_voicemail: bool = True
    may_email: bool = True
    may_post: bool = True
    safe_from: str | None = "08:00"
    safe_until: str | None = "20:00"
    zone: str | None = "America/Denver"
    seen_by_others: str = "no"


WHOLE = Person()
NOON = datetime(2026, 11, 25, 19, 0, tzinfo=UTC)  # 12:00 in Denver
NIGHT = datetime(2026, 11, 25, 9, 7, tzinfo=UTC)  # 02:07 in Denver
OUT = [c for c in Channel if c is not Channel.PAGE]
RINGS = [Channel.CALL, Channel.TEXT, Channel.VOICEMAIL]
LEFT = [Channel.TEXT, Channel.VOICEMAIL, Channel.EMAIL, Channel.POST]
PLAIN = [Kind.AUTOMATIC, Kind.BY_STAFF, Kind.ASKED_FOR]


@pytest.mark.parametrize(("channel", "kind"), list(product(Channel, PLAIN)))
def test_with_every_fact_known_each_channel_is_open_by_day(channel: Channel, kind: Kind) -> None:
    assert may_contact(WHOLE, channel, NOON, kind) == Allowed()


@pytest.mark.parametrize(("channel", "kind"), list(product(OUT, Kind)))
def test_with_nothing_known_nothing_is_open(channel: Channel, kind: Kind) -> None:
    assert isinstance(may_contact(None, channel, NOON, kind), NotAllowed)
    assert isinstance(may_contact(SafeContact(), channel, NOON, kind), NotAllowed)


MISSING = [
    (Channel.CALL, {"phone": None}, "No phone number"),
    (Channel.CALL, {"may_call": False}, "may call"),
    (Channel.TEXT, {"phone": None}, "No phone number"),
    (Channel.TEXT, {"may_text": False}, "may text"),
    (Channel.VOICEMAIL, {"phone": None}, "No phone number"),
    (Channel.VOICEMAIL, {"may_leave_voicemail": False}, "may leave voicemail"),
    (Channel.EMAIL, {"email": None}, "No e-mail address"),
    (Channel.EMAIL, {"may_email": False}, "may e-mail"),
    (Channel.POST, {"address": None}, "No postal address"),
    (Channel.POST, {"may_post": False}, "may post letters"),
    *[(c, {"safe_from": None}, "at which hours") for c in RINGS],
    *[(c, {"safe_until": None}, "at which hours") for c in RINGS],
    *[(c, {"zone": None}, "time zone") for c in RINGS],
    *[(c, {"zone": "Nowhere/Land"}, "cannot be read") for c in RINGS],
    *[(c, {"safe_from": "8 o'clock"}, "cannot be read") for c in RINGS],
    *[(c, {"seen_by_others": "unknown"}, "who else sees it") for c in LEFT],
    *[(c, {"seen_by_others": "yes"}, "Someone else sees") for c in LEFT],
]


@pytest.mark.parametrize(("channel", "changed", "reason"), MISSING)
def test_one_missing_fact_closes_the_channel_and_says_which(
    channel: Channel, changed: dict[str, str | bool | None], reason: str
) -> None:
    said = may_contact(replace(WHOLE, **changed), channel, NOON, Kind.AUTOMATIC)  # type: ignore[arg-type]
    assert isinstance(said, NotAllowed)
    assert reason in said.reason


@pytest.mark.parametrize(
    ("first", "last", "hour", "minute", "open_now"),
    [
        ("08:00", "20:00", 8, 0, True),
        ("08:00", "20:00", 7, 59, False),
        ("08:00", "20:00", 19, 59, True),
        ("08:00", "20:00", 20, 0, False),
        ("22:00", "06:00", 23, 0, True),
        ("22:00", "06:00", 5, 59, True),
        ("22:00", "06:00", 6, 0, False),
        ("22:00", "06:00", 21, 59, False),
        ("00:00", "00:00", 3, 0, True),
    ],
)
def test_hours_are_the_persons_own_at_the_limit_and_past_midnight(
    first: str, last: str, hour: int, minute: int, open_now: bool
) -> None:
    at = datetime(2026, 11, 25, hour, minute, tzinfo=UTC)
    person = replace(WHOLE, zone="UTC", safe_from=first, safe_until=last)
    for channel in RINGS:
        assert isinstance(may_contact(person, channel, at, Kind.BY_STAFF), Allowed) is open_now


def test_at_night_nothing_rings_but_an_answer_to_their_own_call() -> None:
    for channel in RINGS:
        assert isinstance(may_contact(WHOLE, channel, NIGHT, Kind.AUTOMATIC), NotAllowed)
        assert isinstance(may_contact(WHOLE, channel, NIGHT, Kind.BY_STAFF), NotAllowed)
        assert may_contact(WHOLE, channel, NIGHT, Kind.ASKED_FOR) == Allowed()
    for channel in (Channel.EMAIL, Channel.POST):
        assert may_contact(WHOLE, channel, NIGHT, Kind.AUTOMATIC) == Allowed()


@pytest.mark.parametrize("channel", Channel)
def test_the_pin_is_spoken_and_never_left_behind(channel: Channel) -> None:
    said = may_contact(WHOLE, channel, NOON, Kind.PIN)
    assert isinstance(said, Allowed) is (channel in (Channel.CALL, Channel.PAGE))


def test_a_shared_phone_may_ring_with_care() -> None:
    for seen in ("yes", "unknown"):
        said = may_contact(replace(WHOLE, seen_by_others=seen), Channel.CALL, NOON, Kind.BY_STAFF)
        assert isinstance(said, Allowed)
        assert "ask for the person" in said.care[0]


@pytest.mark.parametrize(("outcome", "channel"), list(product(Outcome, Channel)))
def test_when_it_goes_terribly_wrong_everything_automatic_is_quiet(
    outcome: Outcome, channel: Channel
) -> None:
    said = may_contact(WHOLE, channel, NOON, Kind.AUTOMATIC, outcome=outcome)
    assert isinstance(said, NotAllowed)
    assert "Be quiet" in said.reason
    assert may_contact(WHOLE, channel, NOON, Kind.BY_STAFF, outcome=outcome) == Allowed()
