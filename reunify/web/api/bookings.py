"""The booking desk: what is to be booked of an award, several lines in one act, and what becomes of each."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from reunify.bookings import queries
from reunify.bookings.policy import Step, ToBook
from reunify.bookings.queries import Booking
from reunify.intake.form import Cents
from reunify.kernel.ids import AwardId
from reunify.kernel.text import LongText, SafeText
from reunify.web import booking_acts, reading
from reunify.web.api.awards import Reason
from reunify.web.audience import AtHouse, CaseManager
from reunify.web.scope import WholeCase

router = APIRouter(tags=["bookings"])


class Line(BaseModel):
    """What the desk says of one line. `price_cents` includes `tax_cents`; times carry their offset."""

    model_config = ConfigDict(extra="forbid")
    line: SafeText
    step: Step = Step.TICKETED
    vendor: SafeText
    locator: SafeText | Literal[""] = ""
    price_cents: Cents
    tax_cents: Cents = 0
    paid_with: SafeText
    vendor_phone: SafeText | None = None
    vendor_address: SafeText | None = None
    fare_rules: LongText | None = None
    cancel_by: AwareDatetime | None = None
    late_arrival: bool = False
    card_form_confirmed_by: SafeText | None = None
    deposit: SafeText | None = None


class Lines(BaseModel):
    model_config = ConfigDict(extra="forbid")
    lines: Annotated[list[Line], Field(min_length=1, max_length=60)]


class Desk(BaseModel):
    """Who at the hotel's desk has the card form, and who covers the deposit."""

    model_config = ConfigDict(extra="forbid")
    card_form_confirmed_by: SafeText
    deposit: SafeText


@router.get("/awards/{award_id}/bookings")
def to_book(award_id: UUID, by: CaseManager, at: AtHouse, case: WholeCase) -> dict[str, Any]:
    """Every line of the award that somebody books, and where it stands."""
    with at.db.work() as session:
        found = queries.of_award(session, AwardId(award_id))
        reading.one(session, by=by, at=at.now(), subject="award", subject_id=award_id, sight=case.sight)
    return {"bookings": [as_json(booking) for booking in found]}


@router.post("/awards/{award_id}/bookings", status_code=201)
def book(award_id: UUID, body: Lines, by: CaseManager, at: AtHouse, case: WholeCase) -> dict[str, Any]:
    """Book several lines in one act, all or none. At or under the ceiling nobody is asked."""
    booking_acts.book(at, award_id, [ToBook(**line.model_dump()) for line in body.lines], by)
    with at.db.read() as session:
        found = queries.of_award(session, AwardId(award_id))
    named = {line.line for line in body.lines}
    return {"bookings": [as_json(booking) for booking in found if booking.line_key in named]}


@router.post("/bookings/{booking_id}/change")
def change(booking_id: UUID, body: Reason, by: CaseManager, at: AtHouse, case: WholeCase) -> dict[str, str]:
    """It will be another seat or room: what was not paid is reserved again."""
    booking_acts.change(at, booking_id, body.reason, by)
    return {"state": "changed"}


@router.post("/bookings/{booking_id}/cancellation")
def cancel(booking_id: UUID, body: Reason, by: CaseManager, at: AtHouse, case: WholeCase) -> dict[str, str]:
    """Nobody travels or sleeps there: what was not paid is free for others."""
    booking_acts.cancel(at, booking_id, body.reason, by)
    return {"state": "cancelled"}


@router.post("/bookings/{booking_id}/use")
def use(booking_id: UUID, by: CaseManager, at: AtHouse, case: WholeCase) -> dict[str, str]:
    """It was flown, ridden or slept in."""
    booking_acts.use(at, booking_id, by)
    return {"state": "used"}


@router.post("/bookings/{booking_id}/keep")
def keep(booking_id: UUID, by: CaseManager, at: AtHouse, case: WholeCase) -> dict[str, str]:
    """Keep it past the last moment to cancel without cost: its alarm ends."""
    booking_acts.keep(at, booking_id, by)
    return {"alarm": "ended"}


@router.post("/bookings/{booking_id}/desk")
def confirm_desk(
    booking_id: UUID, body: Desk, by: CaseManager, at: AtHouse, case: WholeCase
) -> dict[str, str]:
    """Somebody at the hotel's desk said that the card form is there."""
    booking_acts.confirm_desk(at, booking_id, body.card_form_confirmed_by, body.deposit, by)
    return {"desk": "confirmed"}


def as_json(booking: Booking) -> dict[str, Any]:
    """Ids, codes, cents and times; what names a place stays on the page."""
    return {
        "id": booking.id,
        "line": booking.line_key,
        "category": booking.category,
        "settlement": booking.settlement,
        "state": booking.state,
        "ceiling_cents": booking.ceiling.cents,
        "price_cents": booking.price.cents if booking.price is not None else None,
        "paid_with": booking.paid_with,
        "cancel_by": booking.cancel_by,
    }
