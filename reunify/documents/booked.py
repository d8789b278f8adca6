"""How each seat and room stands, from its booking: what the plan says line by line. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal

from reunify.bookings.queries import Booking
from reunify.documents import phrases
from reunify.intake.form import Category, CostLine, Language, Leg, Mode, Settlement, Traveler, TravelRequest

# "yours": the family buys it themselves. "": nothing is booked for it (a drive, a taxi).
Standing = Literal["", "planned", "confirmed", "cancelled", "yours"]
# "yours": there is nothing for us to book; the family drives, or buys it all themselves.
Face = Literal["planned", "partly", "confirmed", "yours"]

FARES: Final = {
    Category.AIR_FARE: Mode.AIR,
    Category.BUS_FARE: Mode.BUS,
    Category.RAIL_FARE: Mode.RAIL,
}
# The worst news of several wins: a family must not go to the gate with one of two seats.
_WORST_FIRST: Final[tuple[Standing, ...]] = ("cancelled", "planned", "confirmed", "yours")
_SEATS: Final = {
    "planned": ("Planned. We tell you when it is booked.", "Planeado. Le avisamos cuando esté reservado."),
    "confirmed": ("Confirmed.", "Confirmado."),
    "cancelled": ("Cancelled. Please call us before you go.", "Cancelado. Llámenos antes de salir."),
    "yours": ("You buy this ticket.", "Usted compra este boleto."),
}
_ROOMS: Final = {
    "planned": ("Planned. We tell you when it is booked.", "Planeado. Le avisamos cuando esté reservado."),
    "confirmed": ("Confirmed.", "Confirmado."),
    "cancelled": ("Cancelled. Please call us before you go.", "Cancelado. Llámenos antes de salir."),
    "yours": ("You choose this room.", "Usted elige este cuarto."),
}
_FACES: Final = {
    "planned": ("planned", "planeado"),
    "partly": ("confirmed in part", "confirmado en parte"),
    "confirmed": ("confirmed", "confirmado"),
    "yours": ("arranged by you", "lo organiza usted"),
}


def fares(leg: Leg, traveler: Traveler, request: TravelRequest) -> list[CostLine]:
    """The tickets this traveler needs for this leg; a fare that names no leg is for all of its kind."""
    return [
        line
        for line in request.cost_lines
        if FARES.get(line.category) is leg.mode
        and line.leg in (None, leg.key)
        and line.traveler in (None, traveler.key)
    ]


def of_lines(lines: Iterable[CostLine], bookings: Sequence[Booking]) -> list[Booking]:
    keys = {line.key for line in lines}
    return [booking for booking in bookings if booking.line_key in keys]


def standing(line: CostLine, bookings: Sequence[Booking]) -> Standing:
    """Without a booking it is planned, unless the family handles the money of it."""
    for found in of_lines([line], bookings):
        if found.confirmed:
            return "confirmed"
        return "cancelled" if found.state == "cancelled" else "planned"
    return "yours" if line.settled in (Settlement.ADVANCE, Settlement.REPAID) else "planned"


def worst(standings: Iterable[Standing]) -> Standing:
    found = set(standings)
    return next((one for one in _WORST_FIRST if one in found), "")


def of_leg(leg: Leg, traveler: Traveler, request: TravelRequest, bookings: Sequence[Booking]) -> Standing:
    """A seat nobody has told us a fare of is planned: it is never confirmed by silence."""
    if leg.mode not in FARES.values():
        return ""
    return worst(standing(line, bookings) for line in fares(leg, traveler, request)) or "planned"


def face(standings: Iterable[Standing]) -> Face:
    """Of the whole plan. What the family buys themselves neither confirms it nor holds it up."""
    ours = [one for one in standings if one not in ("", "yours")]
    if not ours:
        return "yours"
    sure = ours.count("confirmed")
    if sure and sure == len(ours):
        return "confirmed"
    return "partly" if sure else "planned"


def seat_words(standing: Standing, language: Language) -> str:
    return phrases.pick(_SEATS[standing], language) if standing else ""


def room_words(standing: Standing, language: Language) -> str:
    return phrases.pick(_ROOMS[standing], language) if standing else ""


def face_words(face: Face, language: Language) -> str:
    return phrases.pick(_FACES[face], language)


def locators(bookings: Iterable[Booking]) -> str:
    """The codes that stand, each once; empty while none does."""
    return ", ".join(dict.fromkeys(b.locator for b in bookings if b.confirmed and b.locator))


def told_once(said: Iterable[str | None]) -> str:
    """What all that stand say alike; where two differ the page keeps to what was planned."""
    found = {one for one in said if one}
    return found.pop() if len(found) == 1 else ""
