"""What the office that watches over young people at an airport is asked, leg by leg. Pure.

Interstate Compact for Juveniles, Rule 7-107: asked for 48 hours ahead.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from reunify.documents import minor_request, words
from reunify.documents.context import Heading
from reunify.documents.outside_facts import NothingToRequest, Trusted, leg_called, travelers_on
from reunify.intake.form import Language, Leg, Mode, TravelRequest

KIND: Final = "supervision_request"
AHEAD: Final = timedelta(hours=48)


def legs(request: TravelRequest) -> list[Leg]:
    """The flights of children without an adult, as they happen."""
    return [leg for leg in minor_request.legs(request) if leg.mode is Mode.AIR]


def airports(leg: Leg) -> list[str]:
    """Where somebody could watch over the child: both ends, and wherever it changes planes."""
    return [leg.origin.city, *leg.connections, leg.destination.city]


def is_late(leg: Leg, now: datetime) -> bool:
    """Fewer than 48 hours before the flight leaves."""
    return words.local(leg.departs, leg.departs_zone) - now < AHEAD


def context(
    heading: Heading,
    language: Language,
    *,
    request: TravelRequest,
    leg: str,
    at: str,
    brings: Trusted,
    meets: Trusted,
    locator: str = "",
    now: datetime,
) -> dict[str, Any]:
    """`at`: one of the airports of the leg. Raises NothingToRequest, AgeUnknown, NotOnThisRequest."""
    flown = leg_called(request, leg)
    if flown not in legs(request):
        raise NothingToRequest("No child flies alone on this leg: there is nothing to ask for.")
    if at not in airports(flown):
        raise NothingToRequest("Choose one of the airports of this flight.", field="/at")
    minor_request.check_meets(request, meets.traveler)
    return heading.context(language) | {
        "at": at,
        "late": int(is_late(flown, now)),
        "carrier": flown.carrier or "",
        "children": [minor_request.child(t, request, flown, language) for t in travelers_on(request, flown)],
        "trip": minor_request.trip(flown, language),
        "locator": locator,
        **minor_request.ends(request, brings, meets),
    }
