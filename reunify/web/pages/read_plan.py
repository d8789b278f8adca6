"""The travel plan to read over the telephone, and as a text message: for each household what is theirs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from reunify.approval import letter
from reunify.approval import queries as approval
from reunify.bootstrap import House
from reunify.documents import aloud, messages, spoken, trips
from reunify.documents.messages import Text
from reunify.documents.trips import Trip
from reunify.intake.form import Language
from reunify.intake.reach import Reach
from reunify.kernel.ids import RequestId
from reunify.kernel.people import Role, Staff
from reunify.kernel.sight import Sight
from reunify.web import reading
from reunify.web.audience import AtHouse, staff
from reunify.web.pages.view import organisation_now, staff_page
from reunify.web.scope import case_at

router = APIRouter(include_in_schema=False)
# Day or night: whoever is in charge of the case, or of the team.
Reader = Annotated[Staff, Depends(staff(Role.CASE_MANAGER, Role.SUPERVISOR))]
ReaderCase = Annotated[Reach, Depends(case_at(Reader, Sight.WHOLE))]


@dataclass(frozen=True, slots=True)
class Reading:
    """One household's script: (said, the same in English or empty, whether it asks back)."""

    household: str
    to: str = field(repr=False)
    language: Language
    interpreter: bool
    face: str
    lines: list[tuple[str, str, aloud.Line]] = field(repr=False)
    text: Text
    address: str


@router.get("/requests/{request_id}/read-aloud")
def show(request: Request, request_id: UUID, by: Reader, at: AtHouse, case: ReaderCase) -> Response:
    """Nothing to read before the award is released."""
    with at.db.work() as session:
        found = _readings(session, at, case.request_id)
        org = organisation_now(session, at)
        reading.one(session, by=by, at=at.now(), subject="request", subject_id=case.request_id)
    return staff_page(
        request, "staff/read_aloud.html", me=by, org=org, case=case, readings=found, place=_place(at)
    )


def _place(at: House) -> str:
    return f"{at.settings.own_url.rstrip('/').partition('://')[2]}/go"


def _readings(session: Session, at: House, request_id: RequestId) -> list[Reading]:
    award = approval.newest_award(session, request_id)
    if award is None or award.state != "released":
        return []
    own = trips.of_award(session, award, now=at.now())
    english = trips.of_award(session, award, language="en", now=at.now())
    found = zip(own, english, strict=True)
    return [_reading(trip, beside, _place(at), len(own) > 1) for trip, beside in found if trip.request.legs]


def _reading(trip: Trip, english: Trip, place: str, several: bool) -> Reading:
    foreign = trip.language != "en"
    said = zip(aloud.script(trip), aloud.script(english), strict=True)
    return Reading(
        household=trip.household if several else "",
        to=trip.heading.addressee.name,
        language=trip.language,
        interpreter=letter.addressee(trip.request)[1].interpreter,
        face=english.context["face"],
        lines=[(one.said, other.said if foreign else "", one) for one, other in said],
        text=messages.text_itinerary(trip, place=place),
        address=spoken.address(place, trip.language),
    )
