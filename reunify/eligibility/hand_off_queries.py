"""What we show of hand-offs: those of a request, and which sources it may be handed over to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from reunify.eligibility.explained import Explanation, SourceView
from reunify.eligibility.hand_off_policy import HandOffId
from reunify.eligibility.hand_off_records import HandOff
from reunify.eligibility.queries import explanation
from reunify.kernel.ids import RequestId, StaffId
from reunify.kernel.refusals import NotFound

# Worth a call, or worth asking about; a loan is shown last and handed over only when a person asks for it.
_OFFERED = ("worth_applying", "ask")


@dataclass(frozen=True, slots=True)
class HandOffView:
    """One hand-off. `reason`: what became of it; None while it is open."""

    id: HandOffId
    source: str
    state: str
    told: str
    phone: str | None
    form: str | None
    deadline: str
    handed_on: date
    handed_by: StaffId
    follow_up_on: date | None
    reason: str | None
    ended_at: datetime | None

    @property
    def open(self) -> bool:
        return self.state == "handed_over"


def of_request(session: Session, request_id: UUID) -> list[HandOffView]:
    """The oldest first. Raises vault's Erased where there are any."""
    rows = session.scalars(
        sa.select(HandOff).where(HandOff.request_id == request_id).order_by(HandOff.handed_at, HandOff.id)
    )
    return [_view(row) for row in rows]


def request_of(session: Session, hand_off_id: UUID) -> RequestId:
    """Whose it is. Nothing is unsealed. Raises NotFound."""
    found = session.scalar(sa.select(HandOff.request_id).where(HandOff.id == hand_off_id))
    if found is None:
        raise NotFound("There is no such hand-off.")
    return RequestId(found)


def is_open(session: Session, request_id: UUID, source: str) -> bool:
    """Handed over to this source, and nobody has written down yet what became of it."""
    return bool(
        session.scalar(
            sa.select(
                sa.exists().where(
                    HandOff.request_id == request_id,
                    HandOff.source == source,
                    HandOff.state == "handed_over",
                )
            )
        )
    )


def helped_of(request_id: Any) -> sa.ColumnElement[bool]:
    """SQL: somebody else's source helped the request of this column, and was not handed it again since."""
    later = aliased(HandOff)
    again = sa.exists().where(
        later.request_id == HandOff.request_id,
        later.source == HandOff.source,
        later.handed_at > HandOff.handed_at,
    )
    said = sa.select(HandOff.id).where(HandOff.request_id == request_id, HandOff.state == "helped")
    return sa.exists(said.where(~again.correlate_except(later)).correlate_except(HandOff))


def helped(session: Session, request_id: UUID) -> bool:
    """Another payer helped: where none of our own sources can, the request ends without a refusal."""
    return bool(session.scalar(sa.select(helped_of(request_id))))


def source_of(session: Session, request_id: UUID, source: str) -> SourceView | None:
    """As the newest judged version answers it. Raises NotFound before the first check."""
    return next((s for s in explanation(session, request_id).sources if s.source == source), None)


def offered(found: Explanation | None) -> list[SourceView]:
    """Sources of others a person may hand the family over to now, as staff read them. Pure."""
    if found is None:
        return []
    return [s for s in found.in_order if s.kind == "elsewhere" and s.hand_off and s.answer in _OFFERED]


def _view(row: HandOff) -> HandOffView:
    return HandOffView(
        HandOffId(row.id),
        row.source,
        row.state,
        row.told,
        row.phone,
        row.form,
        row.deadline,
        row.handed_on,
        StaffId(row.handed_by),
        row.follow_up_on,
        row.reason,
        row.ended_at,
    )
