"""The travel plan as a text message for a phone that opens nothing: at most four parts. Pure.

A message is read on a locked screen by whoever is near: it names nobody, no place and no hotel. It says when,
how sure, and the code to give at the counter; all else stands behind the short address.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal

from reunify.documents import booked, phrases, words
from reunify.documents.itinerary import in_order
from reunify.documents.trips import Trip
from reunify.intake.form import Category, CostLine, Language, Leg

MOST_PARTS: Final = 4
# 3GPP TS 23.038: the default alphabet, and the signs that take two places in it.
_GSM7: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_TWICE: Final = frozenset("^{}\\[~]|€")
_ONE = {"gsm7": 160, "ucs2": 70}
_EACH = {"gsm7": 153, "ucs2": 67}  # a header of six octets joins the parts

TITLES: Final = {
    "planned": ("Travel plan {reference}: planned.", "Plan de viaje {reference}: planeado."),
    "partly": (
        "Travel plan {reference}: confirmed in part.",
        "Plan de viaje {reference}: confirmado en parte.",
    ),
    "confirmed": ("Travel plan {reference}: confirmed.", "Plan de viaje {reference}: confirmado."),
    "yours": ("Travel plan {reference}: arranged by you.", "Plan de viaje {reference}: lo organiza usted."),
}
SHORT: Final = {
    "planned": ("planned", "planeado"),
    "confirmed": ("confirmed", "confirmado"),
    "cancelled": ("CANCELLED, call us", "CANCELADO, llame"),
    "yours": ("you buy it", "usted lo compra"),
}
ENDS: Final = (
    "All of it: {place} Questions, day and night: {call}",
    "Todo: {place} Preguntas, de día y de noche: {call}",
)
MORE: Final = ("More is on your page.", "Hay más en su página.")
ROOM: Final = ("Hotel", "Hotel")
CODE: Final = ("code", "código")
_DAYS: Final = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "es": ("lun", "mar", "mié", "jue", "vie", "sáb", "dom"),
}
_MONTHS: Final = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "es": ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"),
}


@dataclass(frozen=True, slots=True)
class Text:
    """What is sent, how it is written on the air, and how many parts that takes (1 to 4)."""

    body: str = field(repr=False)
    encoding: Literal["gsm7", "ucs2"]
    parts: int


def text_itinerary(trip: Trip, *, place: str) -> Text:
    """`place`: the short address without its scheme.

    Accents stay where the message fits with them; else they are left off, and only then are the last lines.
    """
    title = phrases.pick(TITLES[trip.face], trip.language).format(reference=trip.heading.reference)
    end = phrases.pick(ENDS, trip.language).format(place=place, call=trip.call)
    lines = [*_legs(trip), *_rooms(trip)]
    more = phrases.pick(MORE, trip.language)
    for kept in range(len(lines), -1, -1):
        cut = [more] if kept < len(lines) else []
        body = "\n".join([title, *lines[:kept], *cut, end])
        for written in (body, without_accents(body)):
            if parts(written) <= MOST_PARTS:
                return Text(written, encoding_of(written), parts(written))
    raise AssertionError("a title and a phone number fit in four parts")  # both are bounded by the form


def encoding_of(body: str) -> Literal["gsm7", "ucs2"]:
    return "gsm7" if all(sign in _GSM7 or sign in _GSM7_TWICE for sign in body) else "ucs2"


def parts(body: str) -> int:
    """How many messages a phone company counts. Nothing that takes two places is cut in two."""
    encoding = encoding_of(body)
    sizes = [_size(sign, encoding) for sign in body]
    if sum(sizes) <= _ONE[encoding]:
        return 1
    count, left = 1, _EACH[encoding]
    for size in sizes:
        if size > left:
            count, left = count + 1, _EACH[encoding]
        left -= size
    return count


def _size(sign: str, encoding: str) -> int:
    if encoding == "gsm7":
        return 2 if sign in _GSM7_TWICE else 1
    return 2 if ord(sign) > 0xFFFF else 1


def without_accents(body: str) -> str:
    """Every sign the plain alphabet has stays; another loses its accent, or is left out."""
    return "".join(_plain(sign) for sign in unicodedata.normalize("NFC", body))


def _plain(sign: str) -> str:
    if sign in _GSM7 or sign in _GSM7_TWICE:
        return sign
    bare = unicodedata.normalize("NFKD", sign)
    return "".join(s for s in bare if s in _GSM7)


def _legs(trip: Trip) -> Iterator[str]:
    legs = in_order(trip.request)
    for number, leg in enumerate(legs, 1):
        seats = [t for t in trip.request.travelers if t.key in leg.travelers]
        standing = booked.worst(booked.of_leg(leg, t, trip.request, trip.bookings) for t in seats)
        lines = [line for t in seats for line in booked.fares(leg, t, trip.request)]
        code = booked.locators(booked.of_lines(lines, trip.bookings))
        leaves = _when(words.local(leg.departs, leg.departs_zone), trip.language)
        arrives = _when(words.local(leg.arrives, leg.arrives_zone), trip.language)
        carrier = _carrier(leg, trip, lines)
        title = phrases.mode(leg.mode, number, len(legs), trip.language)
        said = f"{title}{f' {carrier}' if carrier else ''}: {leaves} - {arrives}"
        yield said + _stands(standing, code, trip.language)


def _rooms(trip: Trip) -> Iterator[str]:
    for line in trip.request.cost_lines:
        if line.category is Category.LODGING and line.night and line.key in trip.arranged:
            code = booked.locators(booked.of_lines([line], trip.bookings))
            night = _day(line.night, trip.language)
            hotel = phrases.pick(ROOM, trip.language)
            stands = _stands(booked.standing(line, trip.bookings), code, trip.language)
            yield f"{hotel} {night}{stands}"


def _stands(standing: booked.Standing, code: str, language: Language) -> str:
    said = f", {phrases.pick(SHORT[standing], language)}" if standing else ""
    return said + (f", {phrases.pick(CODE, language)} {code}" if code else "") + "."


def _when(moment: datetime, language: Language) -> str:
    """`Fri Nov 6 6:00 a.m. MST`; elsewhere in the world `UTC+02`."""
    zone = moment.tzname() or ""
    return (
        f"{_day(moment, language)} {words.clock(moment, language)} {zone if zone.isalpha() else f'UTC{zone}'}"
    )


def _day(day: date, language: Language) -> str:
    """The month by name: 11/6 is another day for half of those who read it."""
    name, month = _DAYS[language][day.weekday()], _MONTHS[language][day.month - 1]
    return f"{name} {day.day} {month}" if language == "es" else f"{name} {month} {day.day}"


def _carrier(leg: Leg, trip: Trip, lines: list[CostLine]) -> str:
    """Who to ask for at the counter, unless the name says a place of the trip."""
    stands = [b for b in booked.of_lines(lines, trip.bookings) if b.confirmed]
    name = booked.told_once(b.vendor for b in stands) or leg.carrier or ""
    places = {
        word
        for each in trip.request.legs
        for place in (each.origin, each.destination)
        for word in _words(place.city)
    }
    return "" if places & _words(name) else name


def _words(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{3,}", text.casefold()))
