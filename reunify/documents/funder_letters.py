"""The letter to a funder who decides family by family: of an ask as it was kept, under the consents it names.

English, for staff to send. It is made anew each time from the version that was asked about and never kept: a
consent that was taken back since makes no further letter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.consent import actions as consent
from reunify.consent import queries as consents
from reunify.consent.policy import Told
from reunify.documents import phrases, words
from reunify.documents.context import Addressee, Heading, Organisation, Signer
from reunify.eligibility import asking_queries
from reunify.eligibility.asking_checks import NoSuchAsk
from reunify.eligibility.asking_queries import AskView
from reunify.funds import queries as funds
from reunify.identity.queries import staff_names
from reunify.intake import outcomes, signers
from reunify.intake import queries as intake
from reunify.intake.form import Category, Purpose, TravelRequest
from reunify.kernel.ids import RequestId
from reunify.kernel.money import Money
from reunify.rates.queries import organisation_now

KIND: Final = "funder_request"
_WHY: Final = {
    Purpose.BRING_CHILD_HOME: "so that a child who was missing can come home",
    Purpose.ATTEND_HEARING: "to be at a hearing about a missing child",
    Purpose.VISIT_CHILD: "to visit a child who was missing",
}


def context_of(session: Session, *, request_id: RequestId, ask_id: UUID, now: datetime) -> dict[str, Any]:
    """What the letter says. Raises NoSuchAsk, NoConsentFor where one was taken back or is over, QuietNow."""
    ask = next((one for one in asking_queries.of_request(session, request_id) if one.id == ask_id), None)
    if ask is None:
        raise NoSuchAsk("There is no such ask.")
    outcomes.check_not_quiet(session, request_id)
    asked_about = next(v for v in intake.versions(session, request_id) if v.number == ask.number).content
    org = organisation_now(session, now=now)
    heading = Heading(
        reference=intake.request(session, request_id).reference,
        dated=ask.asked_on,
        organisation=Organisation(org.name, org.letterhead_lines, org.day_phone, org.night_phone),
        addressee=Addressee(funds.fund_called(session, ask.source).name),
        signer=Signer(
            staff_names(session, [ask.asked_by])[ask.asked_by],
            "Case manager",
            "Responsable de su caso",
            org.day_phone,
        ),
    )
    told = list(_told(session, request_id, ask, asked_about, now))
    return letter(heading, ask=ask, request=asked_about, told=told, by=ask.answer_due)


def letter(
    heading: Heading, *, ask: AskView, request: TravelRequest, told: Sequence[str], by: date
) -> dict[str, Any]:
    """`told`: what the family agreed to, in sentences; empty where the letter names nobody. Pure."""
    categories = {line.key: line.category for line in request.cost_lines}
    lines = [
        {"what": _cost(categories[line.line_key]), "amount": _amount(line.amount, ask.unit)}
        for line in ask.lines
    ]
    return heading.context("en") | {
        "by": words.day(by, "en"),
        "told": list(told),
        "lines": lines,
        "total": _amount(sum(line.amount for line in ask.lines), ask.unit),
    }


def told_of(request: TravelRequest, what: Told, about: str) -> str:
    """What this consent lets us say of this person, and nothing beside it. Pure."""
    name = signers.called(request, about)
    traveler = next((t for t in request.travelers if t.key == about), None)
    if what is Told.CASE_SUMMARY:
        return f"{name}: we help {_WHY[request.purpose]}."
    if what is Told.TRAVEL_DETAILS:
        born = f", born {words.day(traveler.birth_date, 'en')}" if traveler and traveler.birth_date else ""
        legs = "; ".join(
            f"from {leg.origin.city} to {leg.destination.city}, {words.day(leg.departs.date(), 'en')}"
            for leg in request.legs
            if about in leg.travelers
        )
        return f"{name}{born}. Travels {legs}." if legs else f"{name}{born}."
    if what is Told.ROOM_DETAILS:
        nights = [
            line.night for line in request.cost_lines if line.category is Category.LODGING and line.night
        ]
        return f"{name}: nights of " + words.joined([words.day(n, "en") for n in sorted(nights)], "en") + "."
    return f"{name}."


def _told(
    session: Session, request_id: RequestId, ask: AskView, request: TravelRequest, now: datetime
) -> Iterator[str]:
    """Of each consent the ask rests on, as it stands this very moment."""
    for consent_ask in asking_queries.consents_of(session, ask.id):
        asked = consents.ask(session, request_id, consent_ask)
        permit = consent.permit(
            session,
            recipient=asked.recipient,
            what=asked.what,
            about=asked.about,
            request=request_id,
            needed=signers.needed_for(request, asked.about, on=now.date()),
            now=now,
        )
        yield told_of(request, permit.what, permit.about)


def _cost(category: Category) -> str:
    """Without day, place or person: those are told under a consent or not at all."""
    if category is Category.UNACCOMPANIED_MINOR_FEE:
        return "Airline's fee for a child who flies alone"
    blank = dict.fromkeys(("miles", "night", "first_day", "last_day", "traveler"), "")
    return phrases.cost(blank | {"category": category}, "en")


def _amount(amount: int, unit: str) -> str:
    return words.money(Money(amount), "en") if unit == "cents" else f"{amount:,} {unit}"
