"""The travel plan, per traveler, from the request and what is arranged. Pure.

Strangers read it at gates and desks: no case, no fund, no whole name of a child.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reunify.bookings.queries import Booking
from reunify.documents import booked, phrases, support, words
from reunify.documents.context import Heading, Said
from reunify.documents.packing import to_bring
from reunify.documents.phrases import shown_name
from reunify.documents.stays import Address, payee_name, stays
from reunify.intake.form import (
    Category,
    CostLine,
    Language,
    Leg,
    Mode,
    Place,
    Settlement,
    Traveler,
    TravelerRole,
    TravelRequest,
)
from reunify.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to call, and when they answer (`day and night`)."""

    who: Said
    phone: str
    hours: Said


def itinerary(
    heading: Heading,
    language: Language,
    *,
    request: TravelRequest,
    arranged: Sequence[str],
    contacts: Sequence[Contact],
    addresses: Sequence[Address] = (),
    bookings: Sequence[Booking] = (),
) -> dict[str, Any]:
    """Planned, confirmed in part or confirmed, as its bookings stand. `arranged`: keys of the lines paid for.

    Times are local to each end, spelled with their zones. A child's own name is its first word only.
    """
    face = booked.face(standings(request, arranged, bookings))
    return heading.context(language) | {
        "confirmed": int(face == "confirmed"),
        "partly": int(face == "partly"),
        "yours": int(face == "yours"),
        "face": booked.face_words(face, language),
        "travelers": [
            _traveler(t, request, heading, bookings, language) for t in request.travelers if _legs(request, t)
        ],
        "stays": stays(request, heading, arranged, addresses, bookings, language),
        "places": [
            {"what": a.what.in_(language), "lines": list(a.lines), "phone": a.phone}
            for a in addresses
            if not a.payee
        ],
        "contacts": [
            {"who": c.who.in_(language), "phone": c.phone, "hours": c.hours.in_(language)} for c in contacts
        ]
        + _own_phones(heading, language),
        "lines": [_line(line, request, language) for line in request.cost_lines if line.key in arranged],
        "support": support.on_paper(heading.support, language),
    }


def standings(
    request: TravelRequest, arranged: Sequence[str], bookings: Sequence[Booking]
) -> list[booked.Standing]:
    """Of every seat and every room night that is paid for."""
    seats = [
        booked.of_leg(leg, t, request, bookings) for t in request.travelers for _, leg in _legs(request, t)
    ]
    rooms = [
        booked.standing(line, bookings)
        for line in request.cost_lines
        if line.category is Category.LODGING and line.key in arranged
    ]
    return [*seats, *rooms]


def in_order(request: TravelRequest) -> list[Leg]:
    """The legs as they happen; numbers in calendar and itinerary follow this order."""
    return sorted(
        request.legs, key=lambda leg: (words.in_utc(words.local(leg.departs, leg.departs_zone)), leg.key)
    )


def _legs(request: TravelRequest, traveler: Traveler) -> list[tuple[int, Leg]]:
    return [(n, leg) for n, leg in enumerate(in_order(request), 1) if traveler.key in leg.travelers]


def _traveler(
    traveler: Traveler,
    request: TravelRequest,
    heading: Heading,
    bookings: Sequence[Booking],
    language: Language,
) -> dict[str, Any]:
    return {
        "name": shown_name(traveler),
        "legs": [
            _leg(n, leg, traveler, request, language) | _seat(leg, traveler, request, bookings, language)
            for n, leg in _legs(request, traveler)
        ],
        "bring": to_bring(traveler, request, heading, language),
    }


def _leg(
    number: int, leg: Leg, traveler: Traveler, request: TravelRequest, language: Language
) -> dict[str, Any]:
    departs, arrives = words.local(leg.departs, leg.departs_zone), words.local(leg.arrives, leg.arrives_zone)
    doubled = [
        s for s in (words.clocks_change(departs, language), words.clocks_change(arrives, language)) if s
    ]
    alone = child_alone(leg, request)
    return {
        "title": phrases.mode(leg.mode, number, len(request.legs), language),
        "leaves": end_of(departs, leg.origin, language),
        "arrives": end_of(arrives, leg.destination, language),
        "people": _people(leg, traveler, request, alone, language),
        "meets": _first_names_only(leg.note or "", request) or (_released_to(request) if alone else ""),
        "clocks": " ".join(dict.fromkeys(doubled)),
    }


def _seat(
    leg: Leg, traveler: Traveler, request: TravelRequest, bookings: Sequence[Booking], language: Language
) -> dict[str, Any]:
    """How the seat stands. The desk sentence is said by an adult, in English."""
    theirs = booked.of_lines(booked.fares(leg, traveler, request), bookings)
    stands = [b for b in theirs if b.confirmed]
    standing = booked.of_leg(leg, traveler, request, bookings)
    locator = booked.locators(stands)
    adult = traveler.role is not TravelerRole.CHILD
    said = ticket_sentence(shown_name(traveler), locator) if adult and locator else Said("", "")
    return {
        "carrier": booked.told_once(b.vendor for b in stands) or leg.carrier or "",
        "standing": standing,
        "state": booked.seat_words(standing, language),
        "locator": locator,
        "address": booked.told_once(b.vendor_address for b in stands),
        "phone": booked.told_once(b.vendor_phone for b in stands),
        "say": said.en,
        "meaning": said.es if language == "es" else "",
    }


def ticket_sentence(name: str, locator: str) -> Said:
    """Said at a counter in the United States, whatever language the family reads."""
    return Said(
        f"I have a ticket under the name {name}. The code is {locator}.",
        f"Tengo un boleto a nombre de {name}. El código es {locator}.",
    )


def end_of(moment: datetime, place: Place, language: Language) -> dict[str, str]:
    """One end of a leg: time, day, place and zone. `moment` is local to the place."""
    where = [place.city, place.state or "", place.country if place.country != "US" else ""]
    return {
        "time": words.clock(moment, language),
        "day": words.day(moment.date(), language, weekday=True, year=False),
        "place": ", ".join(part for part in where if part),
        "zone": words.zone(moment, language),
    }


def child_alone(leg: Leg, request: TravelRequest) -> bool:
    """Whether nobody on this leg is an adult."""
    on_it = [t for t in request.travelers if t.key in leg.travelers]
    return bool(on_it) and all(t.role is TravelerRole.CHILD for t in on_it)


def _released_to(request: TravelRequest) -> str:
    key = request.return_authority.released_to
    return next((shown_name(t) for t in request.travelers if t.key == key), "")


def _people(leg: Leg, traveler: Traveler, request: TravelRequest, alone: bool, language: Language) -> str:
    others = [shown_name(t) for t in request.travelers if t.key in leg.travelers and t.key != traveler.key]
    if others:
        return phrases.pick(("With ", "Con "), language) + words.joined(others, language)
    if alone and leg.mode is Mode.AIR:
        name = shown_name(traveler)
        said = (
            f"{name} will fly alone with airline staff",
            f"{name} vuela sin familiares, con personal de la aerolínea",
        )
        return phrases.pick(said, language)
    return phrases.pick(("Traveling alone", "Viaja sin compañía"), language)


def _own_phones(heading: Heading, language: Language) -> list[dict[str, str]]:
    org = heading.organisation
    by_day = ("day", "de día") if org.phone_night else ("day and night", "de día y de noche")
    rows = [
        {
            "who": f"{org.name}: {heading.signer.name}",
            "phone": org.phone_day,
            "hours": phrases.pick(by_day, language),
        }
    ]
    if org.phone_night:
        rows.append(
            {
                "who": org.name,
                "phone": org.phone_night,
                "hours": phrases.pick(("night and weekends", "de noche y fines de semana"), language),
            }
        )
    return rows


def _line(line: CostLine, request: TravelRequest, language: Language) -> dict[str, str]:
    """Amounts only where the family handles the money itself; strangers read no fund's name."""
    traveler = next((words.first_name(t.name) for t in request.travelers if t.key == line.traveler), "")
    facts: Mapping[str, Any] = phrases.cost_facts(
        line, payee=payee_name(line.payee, request), traveler=traveler
    )
    theirs = line.settled in (Settlement.ADVANCE, Settlement.REPAID)
    up_to = phrases.pick(("up to ", "hasta "), language) + words.money(Money(line.ceiling_cents), language)
    return {
        "what": phrases.cost(facts, language),
        "how": phrases.how_paid(facts, language),
        "amount": up_to if theirs else "",
    }


def _first_names_only(text: str, request: TravelRequest) -> str:
    """A note may name the child in full; the page may not."""
    for name in [
        request.case.child.name,
        *(t.name for t in request.travelers if t.role is TravelerRole.CHILD),
    ]:
        text = text.replace(name, words.first_name(name))
    return text
