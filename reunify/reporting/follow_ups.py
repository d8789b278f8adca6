"""Hand-offs whose day to ask again has come: a task for whoever has the case, and for their supervisor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.eligibility.hand_off_records import HandOff
from reunify.intake.outcomes import quiet_of
from reunify.intake.records import RequestRecord
from reunify.kernel.ids import RequestId, StaffId
from reunify.kernel.people import Role, Staff
from reunify.vault.records import FamilyKey

MOST = 200


@dataclass(frozen=True, slots=True)
class FollowUp:
    """`days_over` 0: today is the day. No name, no place."""

    request_id: RequestId
    reference: str
    handled_by: StaffId
    source: str
    handed_on: date
    follow_up_on: date
    days_over: int


def due(session: Session, *, me: Staff, today: date) -> list[FollowUp]:
    """Of the cases this person has, covers or leads, the longest due first; the outcome ends each. `today`:
    the organisation's day. Who was erased is left out, and who is left in peace."""
    r, h = RequestRecord, HandOff
    ways: list[sa.ColumnElement[bool]] = []
    if Role.CASE_MANAGER in me.roles:
        ways.append(r.handled_by.in_({me.id, *me.covers}))
    if Role.SUPERVISOR in me.roles:
        ways.append(r.team.in_(me.supervises))
    if not ways:
        return []
    erased = sa.exists().where(FamilyKey.keeper == r.id, FamilyKey.destroyed_at.is_not(None))
    rows = session.execute(
        sa.select(r.id, r.reference, r.handled_by, h.source, h.handed_on, h.follow_up_on)
        .join(h, h.request_id == r.id)
        .where(h.state == "handed_over", h.follow_up_on <= today, sa.or_(*ways), ~erased, ~quiet_of(r.id))
        .order_by(h.follow_up_on, h.id)
        .limit(MOST)
    )
    return [
        FollowUp(
            RequestId(row.id),
            row.reference,
            StaffId(row.handled_by),
            row.source,
            row.handed_on,
            row.follow_up_on,
            (today - row.follow_up_on).days,
        )
        for row in rows
    ]
