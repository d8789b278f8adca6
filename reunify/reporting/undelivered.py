"""What reached nobody by phone: a person tells them some other way, and says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.intake.records import RequestRecord
from reunify.kernel.ids import RequestId, StaffId
from reunify.kernel.may import FINANCE
from reunify.kernel.people import Role, Staff
from reunify.notices import policy
from reunify.notices.records import NoticeRecord

_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Undelivered:
    """`staff_id`: the colleague it was for; None for somebody of the family. Its owner is `handled_by`."""

    id: UUID
    request_id: RequestId
    reference: str
    handled_by: StaffId
    staff_id: StaffId | None
    kind: str
    channel: str
    why: str
    at: datetime


def undelivered(session: Session, *, me: Staff) -> list[Undelivered]:
    """Of the cases this person handles or whose team they lead; finance also sees what was for a colleague
    while an award waited. The oldest first."""
    n, r = NoticeRecord, RequestRecord
    own = {me.id, *me.covers} if Role.CASE_MANAGER in me.roles else set()
    mine = sa.or_(r.handled_by.in_(own), r.team.in_(me.supervises))
    if me.roles.intersection(FINANCE):
        mine = sa.or_(mine, n.escalation_id.is_not(None))
    rows = session.execute(
        sa.select(n.id, r.id, r.reference, r.handled_by, n.staff_id, n.kind, n.channel, n.code, n.moved_at)
        .join(r, r.id == n.request_id)
        .where(n.state == "undelivered", mine)
        .order_by(n.planned_at, n.id)
        .limit(_MOST)
    )
    return [
        Undelivered(
            notice_id,
            RequestId(request_id),
            reference,
            StaffId(handled_by),
            StaffId(staff_id) if staff_id else None,
            kind,
            channel,
            policy.why(code),
            at,
        )
        for notice_id, request_id, reference, handled_by, staff_id, kind, channel, code, at in rows
    ]
