"""What each closed list (costs, settlement, travel modes) is called on paper. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from reunify.documents import words
from reunify.intake.form import Category, CostLine, Language, Mode, Settlement, Traveler, TravelerRole
from reunify.kernel.money import Money

_COSTS: Final = {
    Category.AIR_FARE: ("Plane ticket", "Boleto de avión"),
    Category.BUS_FARE: ("Bus ticket", "Boleto de autobús"),
    Category.RAIL_FARE: ("Train ticket", "Boleto de tren"),
    Category.LOCAL_TRANSPORT: ("Local rides (bus, taxi)", "Transporte local (autobús, taxi)"),
    Category.MILEAGE: ("Driving", "Viaje en auto"),
    Category.LODGING: ("Hotel", "Hotel"),
    Category.MEALS: ("Meals", "Comidas"),
    Category.TRAVEL_DOCUMENTS: ("Travel papers", "Documentos de viaje"),
    Category.UNACCOMPANIED_MINOR_FEE: (
        "Fee for the airline staff who look after your child",
        "Cargo por el personal de la aerolínea que cuida a su hijo o hija",
    ),
}
_HOW: Final = {
    Settlement.ORGANISATION_BOOKS: ("We book it and pay it", "Lo reservamos y lo pagamos"),
    Settlement.VENDOR_BILLED: ("We pay {payee} directly", "Pagamos directamente a {payee}"),
    Settlement.PARTNER_GIVES: (
        "{payee} gives it; nothing to pay",
        "Lo ofrece {payee}; no hay nada que pagar",
    ),
    Settlement.ADVANCE: (
        "We send {payee} the money before the trip",
        "Enviamos el dinero a {payee} antes del viaje",
    ),
    Settlement.REPAID: (
        "{payee} pays first; we pay it back",
        "{payee} paga primero; después le devolvemos el dinero",
    ),
}
_MODES: Final = {
    Mode.AIR: ("Flight", "Vuelo"),
    Mode.BUS: ("Bus", "Autobús"),
    Mode.RAIL: ("Train", "Tren"),
    Mode.CAR: ("Drive", "Viaje en auto"),
    Mode.LOCAL: ("Ride", "Traslado"),
}


def pick(pair: tuple[str, str], language: Language) -> str:
    return pair[language == "es"]


def cost_facts(line: CostLine, *, payee: str, traveler: str) -> dict[str, Any]:
    """A cost line as plain facts (dates ISO, `miles` whole); `traveler` is a first name or empty."""
    return {
        "category": line.category.value,
        "settled": line.settled.value,
        "payee": payee,
        "traveler": traveler,
        "night": line.night.isoformat() if line.night else "",
        "first_day": line.first_day.isoformat() if line.first_day else "",
        "last_day": line.last_day.isoformat() if line.last_day else "",
        "miles": line.miles or 0,
        "ceiling_cents": line.ceiling_cents,
    }


def cost(facts: Mapping[str, Any], language: Language) -> str:
    """`Hotel, night of November 5`, `Boleto de avión para Rosa`, `Driving, 1,280 miles`."""
    said = pick(_COSTS[Category(facts["category"])], language)
    if facts["miles"]:
        said += f", {facts['miles']:,} " + pick(("miles", "millas"), language)
    if facts["night"]:
        night = words.day(date.fromisoformat(facts["night"]), language, year=False)
        said += pick((f", night of {night}", f", noche del {night}"), language)
    if facts["first_day"] and facts["last_day"]:
        first, last = date.fromisoformat(facts["first_day"]), date.fromisoformat(facts["last_day"])
        said += f", {words.days(first, last, language)}"
    if facts["traveler"]:
        said += pick((f" (for {facts['traveler']})", f" (para {facts['traveler']})"), language)
    return said


def how_paid(facts: Mapping[str, Any], language: Language) -> str:
    """Who has to do what about this cost."""
    return pick(_HOW[Settlement(facts["settled"])], language).format(payee=facts["payee"])


def amount(facts: Mapping[str, Any], language: Language) -> str:
    """The ceiling in money, or the nights or miles given in kind."""
    given = sum(part["units"] for part in facts["paid_from"])
    if facts["ceiling_cents"] == 0 and given:
        return _given(given, facts, language)
    return words.money(Money(facts["ceiling_cents"]), language)


def sources(facts: Mapping[str, Any], language: Language) -> str:
    """The public names in the family's language; with amounts only when several share the line."""
    parts, name = facts["paid_from"], f"name_{language}"
    if len(parts) == 1:
        return str(parts[0][name])
    return words.joined([f"{part[name]} {_part(part, facts, language)}" for part in parts], language)


def _part(part: Mapping[str, Any], facts: Mapping[str, Any], language: Language) -> str:
    if part["units"]:
        return _given(part["units"], facts, language)
    return words.money(Money(part["cents"]), language)


def _given(units: int, facts: Mapping[str, Any], language: Language) -> str:
    """Partners give rooms by the night and flights by the mile."""
    if facts["category"] == Category.LODGING.value:
        return words.nights(units, language)
    return words.airline_miles(units, language)


def mode(value: Mode, number: int, of: int, language: Language) -> str:
    """`Flight 1 of 2`: says nothing about who or where, so it may stand in a shared calendar."""
    return f"{pick(_MODES[value], language)} {number} {pick(('of', 'de'), language)} {of}"


def shown_name(traveler: Traveler) -> str:
    """What is printed: the full name of an adult (as on the ID), the first name of a child."""
    return words.first_name(traveler.name) if traveler.role is TravelerRole.CHILD else traveler.name
