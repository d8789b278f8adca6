"""The trip as an iCalendar file (RFC 5545).

Calendars sync to shared accounts: titles say nothing of who or where.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from icalendar import Alarm, Calendar, Event, Timezone

from reunify.bookings.queries import Booking
from reunify.documents import booked, phrases, words
from reunify.documents.itinerary import in_order
from reunify.intake.form import Language, Leg, TravelRequest

MEDIA_TYPE: Final = "text/calendar; charset=utf-8; method=PUBLISH"
CODE: Final = ("Code: {code}", "Código: {code}")
_SEE: Final = (
    "See your travel plan {reference}. Day and night: {call}",
    "Vea su plan de viaje {reference}. De día y de noche: {call}",
)
_GONE: Final = ("Not in your plan any more", "Ya no está en su plan")
_ALARMS: Final = (timedelta(days=-1), timedelta(hours=-3))


def travel_calendar(
    request: TravelRequest,
    language: Language,
    *,
    reference: str,
    sequence: int,
    call: str,
    now: datetime,
    bookings: Sequence[Booking] = (),
    dropped: Sequence[Leg] = (),
) -> bytes:
    """One event for each leg. `sequence` rises with each version and each change of a booking.

    `call` is answered day and night. Codes stand in the description, never in a title. `dropped`: legs of an
    earlier plan; what of them is still ahead is cancelled (RFC 5545, 3.8.1.11) and rings no more.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Reunify//travel//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    legs = in_order(request)
    events = [
        _event(
            leg,
            number,
            len(legs),
            language,
            said=_description(leg, request, bookings, reference, call, language),
            reference=reference,
            sequence=sequence,
            now=now,
        )
        for number, leg in enumerate(legs, 1)
    ]
    gone = [leg for leg in dropped if words.local(leg.departs, leg.departs_zone) > now]
    events += [
        _cancelled(leg, language, reference=reference, sequence=sequence, call=call, now=now) for leg in gone
    ]
    zones = {z: d for leg in (*legs, *gone) for z, d in _zones(leg)}
    for name in sorted(zones):
        calendar.add_component(_timezone(name, zones[name].year))
    for event in events:
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _event(
    leg: Leg,
    number: int,
    of: int,
    language: Language,
    *,
    said: str,
    reference: str,
    sequence: int,
    now: datetime,
) -> Event:
    title = phrases.mode(leg.mode, number, of, language)
    event = _begun(leg, title, said, reference=reference, sequence=sequence, now=now)
    for before in _ALARMS:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", title)
        alarm.add("trigger", before)
        event.add_component(alarm)
    return event


def _cancelled(
    leg: Leg, language: Language, *, reference: str, sequence: int, call: str, now: datetime
) -> Event:
    said = phrases.pick(_SEE, language).format(reference=reference, call=call)
    title = phrases.pick(_GONE, language)
    event = _begun(leg, title, said, reference=reference, sequence=sequence, now=now)
    event.add("status", "CANCELLED")
    return event


def _begun(leg: Leg, title: str, said: str, *, reference: str, sequence: int, now: datetime) -> Event:
    event = Event()
    # The key may spell a place, so the UID carries only its hash.
    event.add("uid", hashlib.sha256(f"{reference}/{leg.key}".encode()).hexdigest()[:32] + "@reunify")
    event.add("sequence", sequence)
    event.add("dtstamp", words.in_utc(now))
    event.add("dtstart", _written(words.local(leg.departs, leg.departs_zone)))
    event.add("dtend", _written(words.local(leg.arrives, leg.arrives_zone)))
    event.add("summary", title)
    event.add("description", said)
    event.add("class", "PRIVATE")
    return event


def _description(
    leg: Leg,
    request: TravelRequest,
    bookings: Sequence[Booking],
    reference: str,
    call: str,
    language: Language,
) -> str:
    ends = ((leg.departs, leg.departs_zone), (leg.arrives, leg.arrives_zone))
    notes = [words.clocks_change(words.local(moment, zone), language) for moment, zone in ends]
    said = phrases.pick(_SEE, language).format(reference=reference, call=call)
    seats = dict.fromkeys(_seats(leg, request, bookings, language))
    return "\n".join([said, *(note for note in (*seats, *dict.fromkeys(notes)) if note)])


def _seats(
    leg: Leg, request: TravelRequest, bookings: Sequence[Booking], language: Language
) -> Iterator[str]:
    """State and code of each traveler's seat, of nobody by name."""
    for traveler in request.travelers:
        if traveler.key in leg.travelers:
            yield booked.seat_words(booked.of_leg(leg, traveler, request, bookings), language)
            code = booked.locators(booked.of_lines(booked.fares(leg, traveler, request), bookings))
            yield phrases.pick(CODE, language).format(code=code) if code else ""


def _written(moment: datetime) -> datetime:
    """A local time that comes twice is written in UTC: calendar programs differ on which one they mean."""
    return moment if words.happens_once(moment) else words.in_utc(moment)


def _zones(leg: Leg) -> list[tuple[str, date]]:
    ends = ((leg.departs, leg.departs_zone), (leg.arrives, leg.arrives_zone))
    return [(zone, moment.date()) for moment, zone in ends if words.happens_once(words.local(moment, zone))]


@lru_cache(maxsize=256)
def _timezone(name: str, year: int) -> Timezone:
    """Rules for the years around the trip only: the full history is 8 kB and slow."""
    words.zone_of(name)
    return Timezone.from_tzid(name, first_date=date(year - 1, 1, 1), last_date=date(year + 2, 1, 1))
