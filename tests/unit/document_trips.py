"""Trips that differ in all that the forms of a plan could differ about. Holds no tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final

from reunify.bookings.queries import Booking
from reunify.documents import booked
from reunify.documents.for_household import household_itinerary
from reunify.documents.itinerary import standings
from reunify.documents.trips import Trip
from reunify.intake.form import Language, TravelRequest
from tests.unit.document_papers import SHOWN, renderer
from tests.unit.test_documents_samples import HEADING, ROOM, SEAT, booking, trip

EL_PASO: Final = {"city": "El Paso", "state": "TX"}
ATLANTA: Final = {"city": "Atlanta", "state": "GA"}


def leg(key: str, leaves: tuple[str, str], arrives: tuple[str, str], **changed: Any) -> dict[str, Any]:
    """`leaves`, `arrives`: the time there and its zone."""
    said = {
        "departs": leaves[0],
        "departs_zone": leaves[1],
        "arrives": arrives[0],
        "arrives_zone": arrives[1],
    }
    return trip().model_dump(mode="json")["legs"][1] | {"key": key, "note": None} | said | changed


# The clocks of the United States go back on November 1, 2026: half past one comes twice.
TWICE: Final = [
    leg(
        "first-time",
        ("2026-11-01T01:30", "America/Los_Angeles"),
        ("2026-11-01T09:00", "America/New_York"),
        origin={"city": "Las Vegas", "state": "NV"},
        destination=ATLANTA,
    ),
    leg(
        "second-time",
        ("2026-11-01T01:40-07:00", "America/Denver"),
        ("2026-11-01T03:10", "America/Phoenix"),
        origin={"city": "Denver", "state": "CO"},
        destination={"city": "Tucson", "state": "AZ"},
    ),
]
FAR: Final = [
    leg(
        "bus",
        ("2026-11-06T00:05", "America/Mexico_City"),
        ("2026-11-06T12:00", "America/Denver"),
        mode="bus",
        carrier=None,
        origin={"city": "Chihuahua", "country": "MX"},
        destination=EL_PASO,
    ),
    leg(
        "car",
        ("2026-11-06T13:00", "America/Denver"),
        ("2026-11-06T14:30", "America/Phoenix"),
        mode="car",
        carrier=None,
        travelers=["mother", "child"],
        origin=EL_PASO,
        destination={"city": "Lordsburg", "state": "NM"},
    ),
    leg(
        "abroad",
        ("2026-11-07T23:59", "Europe/Madrid"),
        ("2026-11-08T05:01", "Pacific/Honolulu"),
        travelers=["child"],
        origin={"city": "Madrid", "country": "ES"},
        destination={"city": "Honolulu", "state": "HI"},
    ),
]
COACH: Final = replace(
    SEAT, line_key="x9", vendor="Grey Coaches", locator="BUS77", vendor_phone="915-555-0111"
)
FAMILIES: Final[dict[str, tuple[TravelRequest, list[Booking]]]] = {
    "a seat was cancelled": (trip(), [booking("a1", state="cancelled", locator="GONE99"), ROOM]),
    "bus, car and a flight from abroad": (trip(legs=FAR), [COACH, SEAT, ROOM]),
    "flies and sleeps one night": (trip(), [SEAT, ROOM]),
    "nothing is booked": (trip(), []),
    "the hour that comes twice": (trip(legs=TWICE), [SEAT]),
}


def trip_of(
    language: Language,
    request: TravelRequest,
    bookings: Sequence[Booking],
    *,
    arranged: Sequence[str],
    sequence: int = 1,
) -> Trip:
    """As paper, calendar, message and script are all made from it."""
    context = household_itinerary(
        HEADING, language, request=request, household="home", arranged=arranged, bookings=bookings
    )
    return Trip(
        household="home",
        language=language,
        heading=HEADING,
        request=request,
        bookings=bookings,
        arranged=arranged,
        context=context,
        face=booked.face(standings(request, arranged, bookings)),
        revision=len(bookings),
        sequence=sequence,
    )


@cache
def of_family(family: str, language: Language) -> Trip:
    """The family's trip."""
    request, bookings = FAMILIES[family]
    return trip_of(language, request, bookings, arranged=[line.key for line in request.cost_lines])


@cache
def paper(family: str, language: Language) -> bytes:
    """Their plan as a Word file."""
    return renderer().render("itinerary", language, dict(of_family(family, language).context), SHOWN)
