"""The states a stage is read from, for many requests at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.approval.records import AwardRecord, RefusalRecord
from reunify.bookings import policy as bookings
from reunify.bookings.queries import Booking
from reunify.bookings.records import BookingRecord
from reunify.disbursement.records import InstructionRecord
from reunify.eligibility.hand_off_queries import helped_of
from reunify.eligibility.records import AssessmentRecord
from reunify.intake.form import Settlement
from reunify.intake.records import RequestRecord, VersionRecord

# Of a line that is paid when it is ticketed: not ticketed yet; ticketed, and nobody told to pay; over.
TO_BOOK, TO_INSTRUCT = "to_book", "to_instruct"
AT_DESK = sa.and_(
    BookingRecord.settlement == Settlement.ORGANISATION_BOOKS.value,
    BookingRecord.category.in_(sorted(bookings.BOOKED)),
)
DESK_STATE = sa.case(
    (BookingRecord.state.in_(bookings.OPEN), TO_BOOK),
    (BookingRecord.to_pay_cents > 0, TO_INSTRUCT),
    else_="settled",
)
_HELPED = "helped"
AT_REST = ("settled", "withdrawn")  # an old trouble of these troubles nobody


def is_at_desk(booking: Booking) -> bool:
    """`AT_DESK`, of a booking that was read."""
    return bookings.paid_when_ticketed(booking.settlement, booking.category)


def desk_state(booking: Booking) -> str:
    """`DESK_STATE`, of a booking that was read."""
    if booking.state in bookings.OPEN:
        return TO_BOOK
    return TO_INSTRUCT if booking.to_pay else "settled"


@dataclass(slots=True)
class Signs:
    """Of one request: its newest version, its newest assessment, and what stands on them."""

    request_state: str
    number: int = 0
    assessed_number: int = 0
    outcome: str | None = None
    owed_by: date | None = None  # something attested must be in by then
    award_id: UUID | None = None
    award_state: str | None = None
    award_number: int = 0
    refusal_state: str | None = None
    refusal_number: int = 0
    helped: bool = False  # by somebody else's source
    troubled: bool = False
    instruction_states: set[str] = field(default_factory=set)


def of(session: Session, request_ids: Collection[UUID]) -> dict[UUID, Signs]:
    """By request id; ids that do not exist are absent."""
    request = RequestRecord
    rows = session.execute(sa.select(request.id, request.state).where(request.id.in_(request_ids)))
    found = {row.id: Signs(row.state) for row in rows}
    for request_id, number in _newest(session, VersionRecord.request_id, VersionRecord.number, request_ids):
        found[request_id].number = number
    _read_assessments(session, found)
    _read_awards(session, found)
    _read_ends(session, found)
    return found


def _read_ends(session: Session, found: dict[UUID, Signs]) -> None:
    """Refusals, and hand-offs that helped, in one question."""
    r = RefusalRecord
    refused = sa.select(r.request_id, r.state, r.version_number.label("number"))
    refused = refused.where(r.request_id.in_(found), r.state != "replaced")
    other = sa.select(RequestRecord.id, sa.literal(_HELPED), sa.literal(0))
    both = refused.union_all(other.where(RequestRecord.id.in_(found), helped_of(RequestRecord.id)))
    for request_id, state, number in session.execute(both.order_by("number")):
        if state == _HELPED:
            found[request_id].helped = True
        else:
            found[request_id].refusal_state, found[request_id].refusal_number = state, number


def _newest(session: Session, key: Any, number: Any, ids: Collection[UUID]) -> Any:
    return session.execute(sa.select(key, sa.func.max(number)).where(key.in_(ids)).group_by(key))


def _read_assessments(session: Session, found: dict[UUID, Signs]) -> None:
    a = AssessmentRecord
    asked = sa.select(a.request_id, a.number, a.outcome, a.owed_by).where(a.request_id.in_(found))
    for request_id, number, outcome, owed_by in session.execute(asked.order_by(a.number)):
        at = found[request_id]
        at.assessed_number, at.outcome, at.owed_by = number, outcome, owed_by


def _read_awards(session: Session, found: dict[UUID, Signs]) -> None:
    w = AwardRecord
    asked = sa.select(w.request_id, w.id, w.state, w.version_number)
    for request_id, award_id, state, number in session.execute(
        asked.where(w.request_id.in_(found), w.state != "replaced").order_by(w.opened_at)
    ):
        at = found[request_id]
        at.award_id, at.award_state, at.award_number = award_id, state, number
    standing = {at.award_id: at for at in found.values() if at.award_id is not None}
    made, booked = InstructionRecord, BookingRecord
    paid = sa.select(made.award_id, made.state, made.trouble).where(made.award_id.in_(standing))
    booking = sa.select(booked.award_id, DESK_STATE, sa.null()).where(booked.award_id.in_(standing), AT_DESK)
    for award_id, state, trouble in session.execute(paid.union_all(booking)):
        standing[award_id].instruction_states.add(state)
        standing[award_id].troubled |= trouble is not None and state not in AT_REST
