"""What a partner who gives rooms or miles is asked for, line by line. Pure."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from reunify.consent.policy import Recipient, RecipientKind, Told
from reunify.documents import itinerary, phrases, words
from reunify.documents.context import Heading
from reunify.documents.outside_facts import NothingToRequest, NotOnThisRequest, Telling
from reunify.documents.stays import payee_name
from reunify.intake import households
from reunify.intake.form import (
    Category,
    CostLine,
    Language,
    Leg,
    PayeeSaid,
    Settlement,
    Traveler,
    TravelerRole,
    TravelRequest,
)

KIND: Final = "partner_request"


def partners(request: TravelRequest) -> list[PayeeSaid]:
    """Those who give something for this trip."""
    return [p for p in request.payees if p.kind == "partner" and _lines(request, p.key)]


def recipient(request: TravelRequest, payee: str) -> Recipient:
    """Raises NotOnThisRequest, NothingToRequest."""
    found = next((p for p in request.payees if p.key == payee and p.kind == "partner"), None)
    if found is None:
        raise NotOnThisRequest("There is no such partner on this request.")
    if not _lines(request, payee):
        raise NothingToRequest(
            "No cost of this request is given by this partner: there is nothing to ask for."
        )
    return Recipient(RecipientKind.PARTNER, found.name)


def told(request: TravelRequest, payee: str) -> list[Telling]:
    """Of rooms the guest and the nights; of all else a name for the ticket and the way."""
    who = recipient(request, payee)
    tellings = [
        Telling(
            who,
            Told.ROOM_DETAILS if line.category is Category.LODGING else Told.TRAVEL_DETAILS,
            _guest(line, request).key,
        )
        for line in _lines(request, payee)
    ]
    return list(dict.fromkeys(tellings))


def context(heading: Heading, language: Language, *, request: TravelRequest, payee: str) -> dict[str, Any]:
    """Raises NotOnThisRequest, NothingToRequest."""
    recipient(request, payee)
    lines = _lines(request, payee)
    return heading.context(language) | {
        "lines": [_line(line, request, language) for line in lines],
        "first": words.day(first_day(request, payee), language, weekday=True),
    }


def check_ahead(request: TravelRequest, payee: str, today: date) -> None:
    """Raises NothingToRequest: after the trip nobody is told of it any more."""
    if max(_day(line, request) for line in _lines(request, payee)) < today:
        raise NothingToRequest("The days this partner would give something for are over.")


def first_day(request: TravelRequest, payee: str) -> date:
    """When what is asked for is needed first."""
    return min(_day(line, request) for line in _lines(request, payee))


def _lines(request: TravelRequest, payee: str) -> list[CostLine]:
    return [
        line
        for line in request.cost_lines
        if line.payee == payee and line.settled is Settlement.PARTNER_GIVES
    ]


def _line(line: CostLine, request: TravelRequest, language: Language) -> dict[str, str]:
    """No first name beside the cost: whom it is for stands in a column of its own."""
    facts = phrases.cost_facts(line, payee=payee_name(line.payee, request), traveler="")
    guest = _guest(line, request)
    if line.category is Category.LODGING:
        where, amount = line.place.city if line.place else _open(language), words.nights(1, language)
        return {"what": phrases.cost(facts, language), "who": guest.name, "where": where, "amount": amount}
    born = words.day(guest.birth_date, language) if guest.birth_date else ""
    said = phrases.pick((f", born {born}", f", nacimiento: {born}"), language) if born else ""
    return {
        "what": phrases.cost(facts, language),
        "who": guest.name + said,
        "where": "; ".join(_way(leg, language) for leg in _legs(line, guest, request)) or _open(language),
        "amount": words.airline_miles(line.units, language) if line.units else _open(language),
    }


def _open(language: Language) -> str:
    """What the request does not say yet; a cell without words asks to be filled in."""
    return phrases.pick(("we will tell you", "le diremos"), language)


def _way(leg: Leg, language: Language) -> str:
    day = words.day(leg.departs.date(), language, year=False)
    to = phrases.pick(("to", "a"), language)
    return f"{leg.origin.city} {to} {leg.destination.city}, {day}"


def _legs(line: CostLine, guest: Traveler, request: TravelRequest) -> list[Leg]:
    """A fare that names no leg is for all that this person travels."""
    return [
        leg
        for leg in itinerary.in_order(request)
        if guest.key in leg.travelers and line.leg in (None, leg.key)
    ]


def _guest(line: CostLine, request: TravelRequest) -> Traveler:
    """Whom the line names, else the first adult of its household: a desk needs one name, not every one."""
    if line.traveler is not None:
        return next(t for t in request.travelers if t.key == line.traveler)
    home = households.of_cost(line, request)
    theirs = [t for t in request.travelers if households.household_of(t) in (home, None)] or request.travelers
    return next((t for t in theirs if t.role is not TravelerRole.CHILD), theirs[0])


def _day(line: CostLine, request: TravelRequest) -> date:
    days = [d for d in (line.night, line.first_day) if d]
    days += [leg.departs.date() for leg in _legs(line, _guest(line, request), request)]
    return min(days)
