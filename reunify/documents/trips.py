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
from reunify.documents import booked, support
from reunify.documents import queries as papers
from reunify.documents.calendar import travel_calendar
from reunify.documents.context import Addressee, Heading, Organisation, Signer
from reunify.documents.dropped import dropped
from reunify.documents.for_household import household_itinerary
from reunify.documents.itinerary import standings
from reunify.identity import queries as people
from reunify.intake import households
from reunify.intake import queries as intake
from reunify.intake.form import Language, Leg, TravelRequest
from reunify.kernel.ids import RequestId
from reunify.rates.queries import organisation
from reunify.referrals import queries as referrals

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
    dropped: Sequence[Leg] = field(default=(), repr=False)  # told by an earlier plan, and no more

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
    earlier = _told_before(session, award)
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
                dropped=dropped(view, earlier.get(household, ()), household),
            )
        )
    return found


def _told_before(session: Session, award: Award) -> dict[str, list[TravelRequest]]:
    """By household, the versions its earlier plans were of, the oldest first; a first one asks nothing."""
    if award.version_number == 1:
        return {}
    told = {
        (one.household, one.number)
        for one in papers.list_for_request(session, award.request_id)
        if one.kind == "itinerary" and one.number < award.version_number
    }
    earlier = intake.versions(session, award.request_id) if told else []
    return {
        household: [version.content for version in earlier if (household, version.number) in told]
        for household, _ in told
    }


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
        support=referrals.for_family(session, states=support.states_of(view), on=dated),
    )


def calendar_of(trip: Trip, *, now: datetime) -> bytes:
    """One event for each leg of this household; a leg that was told and dropped is cancelled."""
    return travel_calendar(
        trip.request,
        trip.language,
        reference=trip.heading.reference,
        sequence=trip.sequence,
        call=trip.call,
        now=now,
        bookings=trip.bookings,
        dropped=trip.dropped,
    )
