"""What each traveler takes along. Pure."""

from __future__ import annotations

from typing import Final

from reunify.documents import phrases
from reunify.documents.context import Heading
from reunify.intake.form import Language, Mode, Settlement, Traveler, TravelerRole, TravelRequest
from reunify.intake.free_words import ASK_US

_PAPERS: Final = {
    "has_id": (
        "Photo ID, with the name just as on the ticket.",
        "Identificación con foto, con el nombre igual que en el boleto.",
    ),
    "passport": ("Passport.", "Pasaporte."),
    "consulate_letter": ("The letter from the consulate.", "La carta del consulado."),
}
_CHILD_PAPERS: Final = (
    "The papers from the agency that is with the child.",
    "Los papeles de la agencia que está con él o ella.",
)
# TSA asks no ID of travelers under 18 who fly with an adult inside the country.
_CHILD_FLIES: Final = (
    "No photo ID is needed for a child on a flight inside the country with an adult.",
    "En un vuelo dentro del país con una persona adulta no se le pide identificación.",
)
_NO_ID: Final = (
    "Photo ID. If there is none, call {call} before you leave home: there is another way.",
    "Identificación con foto. Si no la tiene, llame al {call} antes de salir: hay otra manera.",
)
_PAGE: Final = ("This page and a charged phone.", "Esta página y un teléfono cargado.")
_MEDICINES: Final = ("Medicines, in the hand bag.", "Las medicinas, en el bolso de mano.")
_MOBILITY: Final = (
    "Ask staff for help with walking or a wheelchair; it is free.",
    "Pida ayuda para caminar o una silla de ruedas; es gratis.",
)
_ASK_US: Final = (
    "Call us before you leave about what else to bring: {call}.",
    "Llámenos antes de salir para saber qué más llevar: {call}.",
)
_RECEIPTS: Final = ("An envelope for every receipt.", "Un sobre para guardar todos los recibos.")


def to_bring(traveler: Traveler, request: TravelRequest, heading: Heading, language: Language) -> list[str]:
    """Short lines. Medicines and mobility are not named: others read this page."""
    ready = traveler.readiness
    things = _child(traveler, request) if traveler.role is TravelerRole.CHILD else _adult(traveler, request)
    if ready.medicines:
        things.append(_MEDICINES)
    if ready.mobility:
        things.append(_MOBILITY)
    if ready.needs == ASK_US:
        things.append(_ASK_US)
    said = [phrases.pick(thing, language).format(call=heading.organisation.phone_day) for thing in things]
    if not ready.needs or ready.needs == ASK_US:
        return said
    return [*said, ready.needs[0].upper() + ready.needs[1:]]


def _child(traveler: Traveler, request: TravelRequest) -> list[tuple[str, str]]:
    papers = _PAPERS.get(traveler.readiness.identification)
    if papers:
        return [papers]
    flies = any(leg.mode is Mode.AIR and traveler.key in leg.travelers for leg in request.legs)
    return [_CHILD_PAPERS, _CHILD_FLIES] if flies else [_CHILD_PAPERS]


def _adult(traveler: Traveler, request: TravelRequest) -> list[tuple[str, str]]:
    things = [_PAPERS.get(traveler.readiness.identification, _NO_ID), _PAGE]
    if any(line.settled in (Settlement.REPAID, Settlement.ADVANCE) for line in request.cost_lines):
        things.append(_RECEIPTS)
    return things
