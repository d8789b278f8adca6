"""The calendar of a trip as another program reads it: moments by its own zones, alarms, and no secrets."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar, Timezone

from reunify.documents.dropped import dropped
from reunify.documents.trips import calendar_of
from reunify.intake.form import Language
from tests.unit.document_trips import FAMILIES, leg, of_family
from tests.unit.test_documents_samples import HEADING, SEAT, trip

NOW: Final = datetime(2026, 10, 20, 3, 0, tzinfo=UTC)
BOTH: Final[tuple[Language, ...]] = ("en", "es")
DENVER: Final = "America/Denver"
# Around the two nights of 2026 on which clocks change in the United States, and where they never do.
NIGHTS: Final = [
    ("America/New_York", "2026-03-08T01:30", "2026-03-08T06:30"),
    ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:30"),  # no such time: as if clocks had stayed
    ("America/New_York", "2026-03-08T03:00", "2026-03-08T07:00"),
    ("America/Denver", "2026-07-01T12:00", "2026-07-01T18:00"),
    ("America/Los_Angeles", "2026-11-01T00:59", "2026-11-01T07:59"),
    ("America/Los_Angeles", "2026-11-01T01:30", "2026-11-01T08:30"),  # the first of two
    ("America/Los_Angeles", "2026-11-01T01:30-08:00", "2026-11-01T09:30"),  # the second
    ("America/Los_Angeles", "2026-11-01T02:00", "2026-11-01T10:00"),
    ("America/Phoenix", "2026-03-08T02:30", "2026-03-08T09:30"),
    ("America/Puerto_Rico", "2026-11-01T01:30", "2026-11-01T05:30"),
    ("Pacific/Guam", "2026-12-31T23:30", "2026-12-31T13:30"),
    ("Europe/Madrid", "2026-10-25T02:30", "2026-10-25T00:30"),
]


def written(family: str, language: Language) -> bytes:
    return calendar_of(of_family(family, language), now=NOW)


def moment(line: str, zones: dict[str, Timezone]) -> datetime:
    """`DTSTART;TZID=America/Denver:20261106T060000` by the rules in the same file, and no others."""
    name, _, said = line.partition(":")
    if said.endswith("Z"):
        return datetime.strptime(said, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    local = datetime.strptime(said, "%Y%m%dT%H%M%S")
    rules = [
        (onset, rule["tzoffsetto"].td)
        for rule in zones[name.partition("TZID=")[2]].subcomponents
        for onset in (rule["dtstart"].dt, *(d.dt for d in (rule["rdate"].dts if "rdate" in rule else ())))
    ]
    _, offset = max((one for one in rules if one[0] <= local), key=lambda one: one[0])
    return (local - offset).replace(tzinfo=UTC)


def ends(ics: bytes) -> list[datetime]:
    """Each DTSTART and DTEND of the events."""
    zones = {str(zone["tzid"]): zone for zone in Calendar.from_ical(ics).walk("VTIMEZONE")}
    events = ics.decode().replace("\r\n ", "").partition("BEGIN:VEVENT")[2]
    return [moment(line, zones) for line in events.split("\r\n") if line.startswith(("DTSTART", "DTEND"))]


@pytest.mark.parametrize(("zone", "local", "utc"), NIGHTS)
def test_every_local_time_is_one_moment_by_the_rules_in_the_file_itself(
    zone: str, local: str, utc: str
) -> None:
    request = trip(legs=[leg("one", (local, zone), (local, zone))])
    plan = replace(of_family("nothing is booked", "en"), request=request)
    expected = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert set(ends(calendar_of(plan, now=NOW))) == {expected}


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_each_event_is_private_and_rings_a_day_and_three_hours_before(family: str) -> None:
    events = Calendar.from_ical(written(family, "es")).walk("VEVENT")
    assert len(events) == len(FAMILIES[family][0].legs)
    for event in events:
        assert str(event["class"]) == "PRIVATE"
        alarms = event.walk("VALARM")
        assert [a["trigger"].dt for a in alarms] == [timedelta(days=-1), timedelta(hours=-3)]
        assert {str(a["description"]) for a in alarms} == {str(event["summary"])}


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_a_shared_calendar_tells_neither_whom_nor_where_nor_why(family: str, language: Language) -> None:
    request, bookings = FAMILIES[family]
    said = written(family, language).decode().replace("\r\n ", "")
    places = {p.city for one in request.legs for p in (one.origin, one.destination)}
    names = {word for t in request.travelers for word in t.name.split()}
    case = {request.case.number, request.case.case_type, "runaway", "insulin", request.purpose.value}
    sellers = {b.vendor for b in bookings if b.vendor} | {one.carrier for one in request.legs if one.carrier}
    addresses = {b.vendor_address for b in bookings if b.vendor_address}
    plain = re.sub(
        r"TZID[=:][\w/]+", "", said
    )  # a time needs its zone, which is named after its largest town
    for secret in places | names | case | sellers | addresses:
        assert secret not in plain
    assert "LOCATION" not in said
    assert "GEO" not in said


@pytest.mark.parametrize("language", BOTH)
def test_what_was_typed_at_the_desk_adds_no_line_of_its_own(language: Language) -> None:
    plain = of_family("flies and sleeps one night", language)
    typed = "QK7;\r\nATTENDEE:mailto:a@b.example\r\nEND:VEVENT, \\n 👨‍👩‍👧 " + "ñ" * 90
    hostile = replace(plain, bookings=[replace(SEAT, locator=typed)])
    before, after = (calendar_of(one, now=NOW) for one in (plain, hostile))
    events = [Calendar.from_ical(ics).walk("VEVENT") for ics in (before, after)]
    assert [set(e) for e in events[0]] == [set(e) for e in events[1]]
    assert "ATTENDEE:mailto:a@b.example" in str(events[1][0]["description"])
    for line in after.split(b"\r\n"):
        assert len(line) <= 75
        assert b"\n" not in line
        line.decode()  # no sign is cut in two


def test_a_change_replaces_the_events_and_only_ever_counts_up() -> None:
    plan = of_family("flies and sleeps one night", "en")
    later = replace(plan, sequence=plan.sequence + 1, bookings=[])
    events = [Calendar.from_ical(calendar_of(one, now=NOW)).walk("VEVENT") for one in (plan, later)]
    assert [e["uid"] for e in events[0]] == [e["uid"] for e in events[1]]
    assert all(a["sequence"] < b["sequence"] for a, b in zip(*events, strict=True))
    other = replace(plan, heading=replace(HEADING, reference="R-OTHER1"))
    theirs = Calendar.from_ical(calendar_of(other, now=NOW)).walk("VEVENT")
    assert not {e["uid"] for e in theirs} & {e["uid"] for e in events[0]}


def test_the_rules_of_a_zone_are_there_for_every_time_that_names_it() -> None:
    for family in sorted(FAMILIES):
        ics = written(family, "en")
        told = set(ends(ics))  # a zone without rules would raise here
        request, _ = FAMILIES[family]
        real = set()
        for one in request.legs:
            for local, zone in ((one.departs, one.departs_zone), (one.arrives, one.arrives_zone)):
                there = ZoneInfo(zone)
                aware = local.astimezone(there) if local.tzinfo else local.replace(tzinfo=there)
                real.add(aware.astimezone(UTC))
        assert told == real


@pytest.mark.parametrize("language", BOTH)
def test_a_leg_that_is_no_more_is_cancelled_where_it_was_told_and_rings_no_more(language: Language) -> None:
    first = trip()
    by_bus = trip(legs=[leg("bus", ("2026-11-06T08:00", DENVER), ("2026-11-06T20:00", DENVER), mode="bus")])
    plan = of_family("nothing is booked", language)
    gone = dropped(by_bus, [by_bus, first], "home")
    assert {one.key for one in gone} == {one.key for one in first.legs}
    later = replace(plan, request=by_bus, dropped=gone, sequence=plan.sequence + 1)
    before = {e["uid"]: e for e in Calendar.from_ical(calendar_of(plan, now=NOW)).walk("VEVENT")}
    after = {e["uid"]: e for e in Calendar.from_ical(calendar_of(later, now=NOW)).walk("VEVENT")}
    cancelled = {uid: event for uid, event in after.items() if "status" in event}
    assert set(cancelled) == set(before)
    assert len(after) == len(cancelled) + 1
    for uid, event in cancelled.items():
        assert (str(event["status"]), str(event["class"])) == ("CANCELLED", "PRIVATE")
        assert event["sequence"] > before[uid]["sequence"]
        assert event["dtstart"].dt == before[uid]["dtstart"].dt
        assert event.walk("VALARM") == []
        assert not {"Luis", "Paso", "Atlanta", "Delta"} & set(re.findall(r"\w+", str(event["summary"])))
    flown = calendar_of(later, now=NOW + timedelta(days=60))
    assert b"CANCELLED" not in flown  # what is over is left as it was
