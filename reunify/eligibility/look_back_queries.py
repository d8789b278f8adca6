"""What we show of second looks that are owed: on the work list, and on the request's own page."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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


def open_of(session: Session, request_ids: Collection[UUID]) -> list[LookBackView]:
    """Of these requests, the longest owed first."""
    asked = sa.select(LookBack).where(LookBack.request_id.in_(list(request_ids)), LookBack.state == "open")
    rows = session.scalars(asked.order_by(LookBack.owed_since, LookBack.id)).all() if request_ids else []
    return _views(session, rows)


def of_request(session: Session, request_id: UUID) -> list[LookBackView]:
    """All of one request, open ones first. Raises vault's Erased."""
    asked = sa.select(LookBack).where(LookBack.request_id == request_id)
    rows = session.scalars(asked.order_by(LookBack.state.desc(), LookBack.owed_since, LookBack.id))
    return _views(session, rows.all())


def _views(session: Session, rows: Sequence[LookBack]) -> list[LookBackView]:
    """Rules compiled before cost no question."""
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
