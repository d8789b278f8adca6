"""What a carrier is asked for a child who travels alone, leg by leg. Pure.

Carriers ask who brings the child and who meets it, by the name on the ID, and charge a fee for their staff.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from reunify.consent.policy import Recipient, RecipientKind
from reunify.documents import itinerary, phrases, words
from reunify.documents.context import Heading
from reunify.documents.outside_facts import (
    NothingToRequest,
    Trusted,
    check_worker,
    leg_called,
    traveler_called,
    travelers_on,
)
from reunify.intake import signers
from reunify.intake.form import (
    Category,
    CostLine,
    Language,
    Leg,
    Mode,
    Settlement,
    Traveler,
    TravelerRole,
    TravelRequest,
)
from reunify.kernel.money import Money

KIND: Final = "minor_request"
CARRIED: Final = (Mode.AIR, Mode.BUS, Mode.RAIL)
_WORKERS: Final = (TravelerRole.CASEWORKER, TravelerRole.OFFICER)
_OURS: Final = (Settlement.ORGANISATION_BOOKS, Settlement.VENDOR_BILLED)
_NOT_TOLD: Final = ("not known to us", "no la sabemos")  # a cell without words asks to be filled in
_FEE: Final = {
    True: ("{amount}. Our organization pays it.", "{amount}. Lo paga nuestra organización."),
    False: ("{amount}. The family pays it at the counter.", "{amount}. Lo paga la familia en el mostrador."),
}


class AgeUnknown(NothingToRequest):
    """A carrier takes no child alone whose age nobody knows."""


class NotTheCarrier(NothingToRequest):
    """The consent names somebody else than who carries the child."""


class NotSafeYet(NothingToRequest):
    """Nobody has decided that the child may be handed to this adult."""


def legs(request: TravelRequest) -> list[Leg]:
    """Those on which children travel with a carrier and without any adult, as they happen."""
    return [
        leg
        for leg in itinerary.in_order(request)
        if leg.mode in CARRIED and itinerary.child_alone(leg, request)
    ]


def context(
    heading: Heading,
    language: Language,
    *,
    request: TravelRequest,
    leg: str,
    brings: Trusted,
    meets: Trusted,
    locator: str = "",
) -> dict[str, Any]:
    """Raises NothingToRequest, AgeUnknown, NotOnThisRequest. `locator`: of the tickets, once they stand."""
    ridden = of_leg(request, leg)
    check_meets(request, meets.traveler)
    return heading.context(language) | {
        "children": [child(t, request, ridden, language) for t in travelers_on(request, ridden)],
        "trip": trip(ridden, language),
        "locator": locator,
        **ends(request, brings, meets),
        "fee": fee(request, ridden, language),
    }


def of_leg(request: TravelRequest, key: str) -> Leg:
    """Raises NotOnThisRequest, NothingToRequest."""
    found = leg_called(request, key)
    if found not in legs(request):
        raise NothingToRequest(
            "No child travels alone with a carrier on this leg: there is nothing to ask for."
        )
    return found


def check_ahead(leg: Leg, now: datetime) -> None:
    """Raises NothingToRequest: after the trip nobody is told of it any more."""
    if words.local(leg.departs, leg.departs_zone) < now:
        raise NothingToRequest("This leg has left already: there is nothing to ask for.")


def carrier(leg: Leg, booked_with: str) -> Recipient | None:
    """Who carries: of the tickets that stand, else as planned; None while nobody has said."""
    name = booked_with or leg.carrier or ""
    return Recipient(RecipientKind.CARRIER, name) if name else None


def check_carrier(recipient: Recipient, carries: Recipient | None) -> None:
    """Raises NotTheCarrier: a consent that names one carrier says nothing of another."""
    if recipient != carries:
        raise NotTheCarrier(
            f"The consent names {recipient.name}, this leg is with {carries.name if carries else 'nobody'}. "
            "Ask for a consent that names the carrier."
        )


def check_meets(request: TravelRequest, key: str) -> None:
    """No paper hands a child to an adult of the family before a person found it safe and lawful.

    Raises NotSafeYet.
    """
    if not key or traveler_called(request, key).role in _WORKERS:
        return
    told = request.return_authority
    companion = traveler_called(request, key).role is TravelerRole.COMPANION
    found = key == told.released_to or (companion and bool(told.suitability_finding))
    if told.decision != "safe_and_lawful" or not found:
        raise NotSafeYet(
            "Decide first, on the request, that it is safe and lawful to bring the child to this adult.",
            field="/meets",
        )


def child(traveler: Traveler, request: TravelRequest, leg: Leg, language: Language) -> dict[str, str]:
    """Name as on the ticket, date of birth where it is known, and age on the day. Raises AgeUnknown."""
    age = signers.age_of(traveler, request, on=leg.departs.date())
    if age is None:
        raise AgeUnknown("Write the child's date of birth on the request first.", field="/travelers")
    years = phrases.pick((f"{age} years", f"{age} años"), language)
    return {"name": traveler.name, "age": years, "born": _born(traveler, request, language)}


def trip(leg: Leg, language: Language) -> dict[str, Any]:
    """Local times at each end, with their zones."""
    departs, arrives = words.local(leg.departs, leg.departs_zone), words.local(leg.arrives, leg.arrives_zone)
    return {
        "leaves": itinerary.end_of(departs, leg.origin, language),
        "arrives": itinerary.end_of(arrives, leg.destination, language),
        "changes": words.joined(leg.connections, language),
    }


def ends(request: TravelRequest, brings: Trusted, meets: Trusted) -> dict[str, str]:
    """Who stands where the leg begins and ends. Raises NotAWorker, NotOnThisRequest."""
    return {
        "brings": _trusted(brings, request, "/brings_worker"),
        "meets": _trusted(meets, request, "/meets_worker"),
    }


def _trusted(one: Trusted, request: TravelRequest, field: str) -> str:
    """`Rosa María Peña, 915-555-0101`; a worker as they are named; empty if it is not known yet."""
    if not one.traveler:
        check_worker(request, one.worker, field)
        return one.worker
    person = traveler_called(request, one.traveler)
    phone = person.readiness.phone_for_gate_texts or (person.contact.phone if person.contact else None)
    return ", ".join(part for part in (person.name, phone) if part)


def fee(request: TravelRequest, leg: Leg, language: Language) -> str:
    """What is planned for the carrier's staff on this leg; empty if no such cost is on the request."""
    lines = [line for line in request.cost_lines if _is_fee(line, leg)]
    if not lines:
        return ""
    amount = words.money(Money(sum(line.quote_cents for line in lines)), language)
    return phrases.pick(_FEE[all(line.settled in _OURS for line in lines)], language).format(amount=amount)


def _is_fee(line: CostLine, leg: Leg) -> bool:
    rides = line.traveler is None or line.traveler in leg.travelers
    return line.category is Category.UNACCOMPANIED_MINOR_FEE and line.leg in (None, leg.key) and rides


def _born(traveler: Traveler, request: TravelRequest, language: Language) -> str:
    told: date | None = traveler.birth_date
    if told is None and traveler.name == request.case.child.name:
        told = request.case.child.birth_date
    return words.day(told, language) if told else phrases.pick(_NOT_TOLD, language)
