"""Where the travelers sleep, and the one sentence to say at the desk. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from reunify.bookings.queries import Booking
from reunify.documents import booked, phrases, words
from reunify.documents.context import Heading, Said
from reunify.documents.phrases import shown_name
from reunify.intake.form import Category, CostLine, Language, Settlement, TravelerRole, TravelRequest

# A person who is repaid chooses the hotel; a partner gives a night at one that is named later.
_UNNAMED: Final = {
    "person": ("Hotel", "Hotel"),
    "partner": ("Hotel: we will tell you which one", "Hotel: le diremos cuál"),
}


_NIGHTS_OPEN: Final = ("Nights: we will tell you which", "Noches: le diremos cuáles")
_AT_THE_DESK: Final = {
    Settlement.REPAID: (
        "You pay at the desk and keep the receipt; we pay it back.",
        "Usted paga en la recepción y guarda el recibo; después le devolvemos el dinero.",
    ),
    Settlement.ADVANCE: (
        "You pay at the desk with the money we send before the trip; keep the receipt.",
        "Usted paga en la recepción con el dinero que enviamos antes del viaje; guarde el recibo.",
    ),
}
_LATE: Final = (
    "The room waits for you, even if you come late at night.",
    "El cuarto lo espera, aunque llegue tarde en la noche.",
)
_DEPOSIT: Final = (
    "The hotel asks you for a deposit and gives it back. If you have no money for it, call us.",
    "El hotel le pide un depósito y lo devuelve. Si no tiene dinero para eso, llámenos.",
)
_NOTHING_TO_PAY: Final = (
    "The room costs you nothing. You pay nothing at the desk.",
    "El cuarto no le cuesta nada. Usted no paga nada en la recepción.",
)


@dataclass(frozen=True, slots=True)
class Address:
    """A place to find: where they sleep (`payee` set), or where the child is handed over."""

    what: Said
    lines: Sequence[str]
    phone: str = ""
    payee: str = ""  # payee key of the lodging lines it belongs to


def stays(
    request: TravelRequest,
    heading: Heading,
    arranged: Sequence[str],
    addresses: Sequence[Address],
    bookings: Sequence[Booking],
    language: Language,
) -> list[dict[str, Any]]:
    """One for each lodging payee, hotel and state of booking, its nights together."""
    grouped: dict[tuple[str, str, booked.Standing], list[CostLine]] = {}
    for line in request.cost_lines:
        if line.category is Category.LODGING and line.key in arranged:
            hotel = booked.told_once(room.vendor for room in _rooms([line], bookings))
            grouped.setdefault((line.payee, hotel, booked.standing(line, bookings)), []).append(line)
    where = {a.payee: a for a in addresses if a.payee}
    return [
        _stay(lines, standing, _rooms(lines, bookings), where.get(payee), request, heading, language)
        for (payee, _, standing), lines in grouped.items()
    ]


def _rooms(lines: Sequence[CostLine], bookings: Sequence[Booking]) -> list[Booking]:
    """Only what stands names its hotel: a family that goes to a hotel nobody booked has no room."""
    return [b for b in booked.of_lines(lines, bookings) if b.confirmed]


def _stay(
    lines: list[CostLine],
    standing: booked.Standing,
    rooms: list[Booking],
    where: Address | None,
    request: TravelRequest,
    heading: Heading,
    language: Language,
) -> dict[str, Any]:
    place = next((line.place for line in lines if line.place), None)
    city = [", ".join(p for p in (place.city, place.state) if p)] if place else []
    guest = next(
        (shown_name(t) for t in request.travelers if t.role is not TravelerRole.CHILD), heading.addressee.name
    )
    settled = next((line.settled for line in lines if line.settled in _AT_THE_DESK), lines[0].settled)
    say = desk_sentence(guest, heading, settled)
    nights = [words.day(line.night, language, weekday=True, year=False) for line in lines if line.night]
    address = booked.told_once(b.vendor_address for b in rooms)
    named = booked.told_once(b.vendor for b in rooms)
    return {
        "name": named or (where.what.in_(language) if where else _hotel(lines[0].payee, request, language)),
        "lines": address.splitlines() or (list(where.lines) if where else city),
        "phone": booked.told_once(b.vendor_phone for b in rooms) or (where.phone if where else ""),
        "nights": phrases.pick(("Nights: ", "Noches: "), language) + words.joined(nights, language)
        if nights
        else phrases.pick(_NIGHTS_OPEN, language),
        "standing": standing,
        "state": booked.room_words(standing, language),
        "locator": booked.locators(rooms),
        "paid": " ".join(phrases.pick(said, language) for said in _at_the_desk(settled, rooms)),
        "say": say.en,  # said to a hotel desk in the United States, whatever language the family reads
        "meaning": say.es if language == "es" else "",
    }


def _hotel(payee: str, request: TravelRequest, language: Language) -> str:
    kind = next((p.kind for p in request.payees if p.key == payee), "vendor")
    return payee_name(payee, request) if kind == "vendor" else phrases.pick(_UNNAMED[kind], language)


def _at_the_desk(settled: Settlement, rooms: Sequence[Booking]) -> list[tuple[str, str]]:
    said = [_AT_THE_DESK.get(settled, _NOTHING_TO_PAY)]
    if any(b.deposit == "traveler" for b in rooms):
        said.append(_DEPOSIT)
    if any(b.late_arrival for b in rooms):
        said.append(_LATE)
    return said


def desk_sentence(guest: str, heading: Heading, settled: Settlement) -> Said:
    """One sentence that asks for nothing to be explained."""
    org = heading.organisation
    if settled in _AT_THE_DESK:
        return Said(
            f"I have a room under the name {guest}. Please give me a receipt with price and tax per night.",
            f"Tengo un cuarto a nombre de {guest}. Deme un recibo con precio e impuesto por noche.",
        )
    phone = org.phone_night or org.phone_day
    given = settled is Settlement.PARTNER_GIVES
    by, por = ("arranged by", "organizado por") if given else ("paid by", "pagado por")
    return Said(
        f"I have a room under the name {guest}, {by} {org.name}; please call {phone} with questions.",
        f"Tengo un cuarto a nombre de {guest}, {por} {org.name}; si hay dudas, llamen al {phone}.",
    )


def payee_name(key: str, request: TravelRequest) -> str:
    """The name as printed; empty for an unknown key."""
    return next((p.name for p in request.payees if p.key == key), "")
