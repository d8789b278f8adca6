"""What we show of second looks that are owed: on the work list, and on the request's own page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.eligibility.look_back_records import LookBack
from reunify.kernel.ids import RequestId, StaffId
from reunify.rules import current
from reunify.rules.model import Rulebook


@dataclass(frozen=True, slots=True)
class LookBackView:
    """`name`: the source's, as the new rules call it. `number`: the version that was answered then."""

    id: UUID
    request_id: RequestId
    name: str
    number: int
    answer_before: str
    answer_after: str
    owed_since: datetime
    state: str
    outcome: str | None
    reason: str | None
    settled_by: StaffId | None
    settled_at: datetime | None

    @property
    def open(self) -> bool:
        return self.state == "open"


def of_request(session: Session, request_id: UUID) -> list[LookBackView]:
    """All of one request, open ones first; rules compiled before cost no question. Raises vault's Erased."""
    asked = sa.select(LookBack).where(LookBack.request_id == request_id)
    ordered = asked.order_by(LookBack.state.desc(), LookBack.owed_since, LookBack.id)
    rows = session.scalars(ordered).all()
    books = current.compiled(session, [row.sha256 for row in rows])[0] if rows else {}
    return [_view(row, books.get(row.sha256)) for row in rows]


def _view(row: LookBack, book: Rulebook | None) -> LookBackView:
    return LookBackView(
        id=row.id,
        request_id=RequestId(row.request_id),
        name=book.name if book is not None else "a source",
        number=row.number,
        answer_before=row.answer_before,
        answer_after=row.answer_after,
        owed_since=row.owed_since,
        state=row.state,
        outcome=row.outcome,
        reason=row.reason,
        settled_by=StaffId(row.settled_by) if row.settled_by else None,
        settled_at=row.settled_at,
    )
