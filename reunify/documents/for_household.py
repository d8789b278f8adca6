"""The papers of a trip as one household may read them: from its own view of the request. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from reunify.bookings.queries import Booking
from reunify.documents import booked, words
from reunify.documents.context import Heading, Said
from reunify.documents.itinerary import itinerary
from reunify.documents.stays import Address
from reunify.intake import households
from reunify.intake.form import Language, TravelRequest

_SAFE_PLACE: Final = {
    "en": "Part of the trip goes to a safe place. Call us with questions.",
    "es": "Una parte del viaje es a un lugar seguro. Llámenos si tiene preguntas.",
}


def household_itinerary(
    heading: Heading,
    language: Language,
    *,
    request: TravelRequest,
    household: str,
    arranged: Sequence[str],
    bookings: Sequence[Booking] = (),
) -> dict[str, Any]:
    """The plan of this household. Where the child also goes to a protected place it says only that."""
    away = households.child_is_elsewhere(request, household)
    hidden = [
        Address(Said(name, name), [_SAFE_PLACE[language]])
        for name in (words.first_name(t.name) for t in away)
    ]
    view = households.view_for(request, household)
    return itinerary(
        heading,
        language,
        request=view,
        arranged=arranged,
        contacts=[],
        addresses=hidden,
        bookings=booked.of_lines(view.cost_lines, bookings),
    )
