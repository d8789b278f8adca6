"""The letter to a funder who decides family by family: of an ask as it was kept, under the consents it names.

Made from the version that was asked about, under the consents as they stand when it is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.consent import queries as consents
from reunify.consent.policy import Told
from reunify.documents import phrases, words
from reunify.documents.context import Heading
from reunify.documents.outside_facts import Telling
from reunify.eligibility import asking_queries
from reunify.eligibility.asking_checks import NoSuchAsk
from reunify.eligibility.asking_queries import AskView
from reunify.funds import queries as funds
from reunify.intake import signers
from reunify.intake.form import Category, Language, Purpose, TravelRequest
from reunify.kernel.ids import RequestId
from reunify.kernel.money import Money

KIND: Final = "funder_request"
_WHY: Final = {
    Purpose.BRING_CHILD_HOME: (
        "so that a child who was missing can come home",
        "para que un menor que estaba desaparecido pueda volver a casa",
    ),
    Purpose.ATTEND_HEARING: (
        "to be at a hearing about a missing child",
        "para asistir a una audiencia sobre un menor desaparecido",
    ),
    Purpose.VISIT_CHILD: (
        "to visit a child who was missing",
        "para visitar a un menor que estaba desaparecido",
    ),
}


def ask_called(session: Session, request_id: RequestId, ask_id: UUID) -> AskView:
    """Raises NoSuchAsk."""
    found = next((one for one in asking_queries.of_request(session, request_id) if one.id == ask_id), None)
    if found is None:
        raise NoSuchAsk("There is no such ask.")
    return found


def funder_named(session: Session, ask: AskView) -> str:
    """Whom the letter is addressed to."""
    return funds.fund_called(session, ask.source).name


def tellings(session: Session, request_id: RequestId, ask_id: UUID) -> list[Telling]:
    """What the ask was kept under, in that order; empty where its letter names nobody."""
    asked = [consents.ask(session, request_id, one) for one in asking_queries.consents_of(session, ask_id)]
    return [Telling(one.recipient, one.what, one.about) for one in asked]


def letter(
    heading: Heading,
    language: Language = "en",
    *,
    ask: AskView,
    request: TravelRequest,
    told: Sequence[str],
    by: date,
) -> dict[str, Any]:
    """`told`: what the family agreed to, in sentences; empty where the letter names nobody. Pure."""
    categories = {line.key: line.category for line in request.cost_lines}
    lines = [
        {
            "what": _cost(categories[line.line_key], language),
            "amount": _amount(line.amount, ask.unit, language),
        }
        for line in ask.lines
    ]
    return heading.context(language) | {
        "by": words.day(by, language),
        "told": list(told),
        "lines": lines,
        "total": _amount(sum(line.amount for line in ask.lines), ask.unit, language),
    }


def told_of(request: TravelRequest, what: Told, about: str, language: Language = "en") -> str:
    """What this consent lets us say of this person, and nothing beside it. Pure."""
    name = signers.called(request, about)
    if what is Told.CASE_SUMMARY:
        why = phrases.pick(_WHY[request.purpose], language)
        return f"{name}: " + phrases.pick(("we help", "ayudamos"), language) + f" {why}."
    if what is Told.TRAVEL_DETAILS:
        return _travels(request, name, about, language)
    if what is Told.ROOM_DETAILS:
        nights = [
            line.night for line in request.cost_lines if line.category is Category.LODGING and line.night
        ]
        said = words.joined([words.day(n, language) for n in sorted(nights)], language)
        return f"{name}: " + phrases.pick(("nights of", "noches del"), language) + f" {said}."
    return f"{name}."


def _travels(request: TravelRequest, name: str, about: str, language: Language) -> str:
    traveler = next((t for t in request.travelers if t.key == about), None)
    born = words.day(traveler.birth_date, language) if traveler and traveler.birth_date else ""
    who = name + (phrases.pick((f", born {born}", f", nacimiento: {born}"), language) if born else "")
    travels, start, to = ("Viaja", "de", "a") if language == "es" else ("Travels", "from", "to")
    legs = "; ".join(
        f"{start} {leg.origin.city} {to} {leg.destination.city}, {words.day(leg.departs.date(), language)}"
        for leg in request.legs
        if about in leg.travelers
    )
    return f"{who}. {travels} {legs}." if legs else f"{who}."


def _cost(category: Category, language: Language) -> str:
    """Without day, place or person: those are told under a consent or not at all."""
    if category is Category.UNACCOMPANIED_MINOR_FEE:
        fee = ("Airline's fee for a child who flies alone", "Cargo de la aerolínea por viajar sin familiares")
        return phrases.pick(fee, language)
    blank = dict.fromkeys(("miles", "night", "first_day", "last_day", "traveler"), "")
    return phrases.cost(blank | {"category": category}, language)


def _amount(amount: int, unit: str, language: Language) -> str:
    if unit == "cents":
        return words.money(Money(amount), language)
    return (words.nights if unit == "night" else words.airline_miles)(amount, language)
