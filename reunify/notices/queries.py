"""What we show: how an award was told of, and what reached nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.kernel.ids import RequestId, StaffId
from reunify.kernel.refusals import NotFound
from reunify.notices import escalations, policy
from reunify.notices.policy import Stage
from reunify.notices.records import EscalationEvent, EscalationRecord, NoticeRecord


@dataclass(frozen=True, slots=True)
class Line:
    """One call or text to one of us. `at`: when it came to stand as it stands."""

    staff_id: StaffId
    channel: str
    state: str
    why: str  # in words, where it reached nobody
    planned_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Escalation:
    """`next_at`: when somebody more is told if nobody decides; None once everybody was, or when it ended."""

    stage: Stage
    began_at: datetime
    ended_at: datetime | None
    ended_because: str | None
    acknowledged: tuple[tuple[StaffId, datetime], ...]
    told: tuple[Line, ...]
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class ByLink:
    """What whoever holds the link in a text may know: nothing of the family."""

    award_id: UUID
    staff_id: StaffId
    waits: bool
    taken: bool  # by this very person
    cancel_by: datetime | None  # of a booking; then nothing is taken, only decided


def history(session: Session, award_id: UUID, *, now: datetime) -> list[Escalation]:
    """In the order they began; empty for an award nobody was told of."""
    r = EscalationRecord
    found = session.scalars(sa.select(r).where(r.award_id == award_id).order_by(r.began_at)).all()
    ids = [one.id for one in found]
    e, n = EscalationEvent, NoticeRecord
    events = session.scalars(sa.select(e).where(e.escalation_id.in_(ids)).order_by(e.at)).all() if ids else []
    told = sa.select(n).where(n.escalation_id.in_(ids)).order_by(n.planned_at, n.person, n.channel)
    lines = session.scalars(told).all() if ids else []
    return [
        _as_escalation(
            one,
            [event for event in events if event.escalation_id == one.id],
            [line for line in lines if line.escalation_id == one.id],
            now,
        )
        for one in found
    ]


def by_link(session: Session, *, link_hash: str, now: datetime) -> ByLink:
    """Raises NotFound once the link is old, and for any other text, in the same words."""
    found = escalations.by_link(session, link_hash=link_hash, now=now)
    if found is None or found.staff_id is None or found.award_id is None:
        raise NotFound("This link is not open any more. Sign in to see what waits for you.")
    staff_id = StaffId(found.staff_id)
    if found.escalation_id is None:
        return ByLink(found.award_id, staff_id, True, False, found.about_time)
    e = EscalationEvent
    held = sa.exists().where(e.escalation_id == found.escalation_id, e.staff_id == staff_id)
    waits = escalations.waits(session, found)
    return ByLink(found.award_id, staff_id, waits, bool(session.scalar(sa.select(held))), None)


def request_of(session: Session, notice_id: UUID) -> RequestId:
    """Whose case a message is of. Raises NotFound."""
    found = session.scalar(sa.select(NoticeRecord.request_id).where(NoticeRecord.id == notice_id))
    if found is None:
        raise NotFound("There is no such message.")
    return RequestId(found)


def _as_escalation(
    record: EscalationRecord, events: Sequence[EscalationEvent], lines: Sequence[NoticeRecord], now: datetime
) -> Escalation:
    held = [(StaffId(e.staff_id), e.at) for e in events if e.staff_id is not None]
    told = [e.minutes for e in events if e.minutes is not None]
    next_at = None
    if record.state == "open":
        next_at = policy.next_due(record.began_at, [at for _, at in held], told, now)
    return Escalation(
        Stage(record.stage),
        record.began_at,
        record.ended_at,
        record.ended_because,
        tuple(held),
        tuple(_as_line(one) for one in lines if one.staff_id is not None),
        next_at,
    )


def _as_line(record: NoticeRecord) -> Line:
    assert record.staff_id is not None
    why = policy.why(record.code) if record.state in policy.REACHED_NOBODY else ""
    return Line(
        StaffId(record.staff_id), record.channel, record.state, why, record.planned_at, record.moved_at
    )
