"""The plan of a released award as each household may read it, with its bookings: one source for every form.

Paper, calendar, text message and the script for the telephone are all made from this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from reunify.allocation import queries as plans
from reunify.approval import letter
from reunify.approval.queries import Award
from reunify.bookings import queries as desk
from reunify.bookings.queries import Booking
from reunify.documents import booked
from reunify.documents.calendar import travel_calendar
from reunify.documents.context import Addressee, Heading, Organisation, Signer
from reunify.documents.for_household import household_itinerary
from reunify.documents.itinerary import standings
from reunify.identity import queries as people
from reunify.intake import households
from reunify.intake import queries as intake
from reunify.intake.form import Language, TravelRequest
from reunify.kernel.ids import RequestId
from reunify.rates.queries import organisation

# A version in which fewer lines are theirs counts above the one before: nobody changes a booking so often.
_CHANGES = 1_000


@dataclass(frozen=True, slots=True)
class Trip:
    """One household's plan. `request` and `bookings` hold only what this household may read.

    `revision`: changes of these bookings; of the other household's nothing shows, not even that there was
    one. `sequence` only rises, version after version.
    """

    household: str
    language: Language
    heading: Heading = field(repr=False)
    request: TravelRequest = field(repr=False)
    bookings: Sequence[Booking] = field(repr=False)
    arranged: Sequence[str]
    context: Mapping[str, Any] = field(repr=False)
    face: booked.Face
    revision: int
    sequence: int

    @property
    def call(self) -> str:
        """A number answered day and night."""
        return self.heading.organisation.phone_night or self.heading.organisation.phone_day


def of_award(
    session: Session, award: Award, *, language: Language | None = None, now: datetime
) -> list[Trip]:
    """One for each household. `language`: of that household's letters unless said.

    None at all while it is not said who may read it.
    """
    plan = plans.award_plan(session, award.allocation_id)
    content = intake.version(session, plan.version_id).content
    if households.unsaid(content):
        return []
    case = intake.request(session, award.request_id)
    signer = people.staff_names(session, [case.requested_by])[case.requested_by]
    every = desk.of_requests(session, [award.request_id])
    ours = [b for b in every if b.award_id == award.id]
    arranged = [line.line_key for line in plan.lines]
    found = []
    for household in households.households(content):
        view = households.view_for(content, household)
        tongue = language or letter.addressee(view)[1].language
        heading = heading_of(session, award.request_id, view, signer=signer, now=now)
        context = household_itinerary(
            heading, tongue, request=content, household=household, arranged=arranged, bookings=ours
        )
        theirs = booked.of_lines(view.cost_lines, ours)
        before = booked.of_lines(view.cost_lines, every)
        found.append(
            Trip(
                household=household,
                language=tongue,
                heading=heading,
                request=view,
                bookings=theirs,
                arranged=arranged,
                context=context,
                face=booked.face(standings(view, arranged, theirs)),
                revision=sum(b.revision for b in theirs),
                sequence=award.version_number * _CHANGES + sum(b.revision for b in before),
            )
        )
    return found


def heading_of(
    session: Session, request_id: RequestId, view: TravelRequest, *, signer: str, now: datetime
) -> Heading:
    """`view`: the request as the household of the addressee may read it."""
    said = organisation(session, on=now.date())
    name, contact = letter.addressee(view)
    dated = now.astimezone(said.zone).date()
    return Heading(
        reference=intake.request(session, request_id).reference,
        dated=dated,
        organisation=Organisation(said.name, said.letterhead_lines, said.day_phone, said.night_phone),
        addressee=Addressee(name, letter.posted_to(contact, dated)),
        signer=Signer(signer, "Case manager", "Responsable de su caso", said.day_phone),
    )


def calendar_of(trip: Trip, *, now: datetime) -> bytes:
    """One event for each leg of this household."""
    return travel_calendar(
        trip.request,
        trip.language,
        reference=trip.heading.reference,
        sequence=trip.sequence,
        call=trip.call,
        now=now,
        bookings=trip.bookings,
    )
