"""A reservation nobody approved is announced, then given up: the award lapses until it is checked again."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.allocation import actions as allocation
from reunify.allocation.announcing import announce, announced
from reunify.approval import policy
from reunify.approval.records import AwardRecord
from reunify.audit import actions as audit
from reunify.intake import queries as intake
from reunify.kernel.ids import AwardId, RequestId
from reunify.kernel.may import may
from reunify.kernel.people import Actor

_WAITS = "awaiting_approval"


@may(system=True)
def warn(session: Session, *, award_id: AwardId, runs_out_on: date, by: Actor, now: datetime) -> bool:
    """Once for each reservation and day. False if somebody decided meanwhile, or that day or a later one was
    announced before."""
    record = _held(session, award_id)
    if record is None or record.state != _WAITS:
        return False
    before = announced(session, record.allocation_id)
    if before is not None and before >= runs_out_on:
        return False
    announce(session, record.allocation_id, runs_out_on, now)
    audit.record(
        session,
        by=by,
        at=now,
        subject="award",
        subject_id=award_id,
        moved="warn",
        detail={"runs_out_on": runs_out_on.isoformat()},
    )
    return True


@may(system=True)
def lapse(session: Session, *, award_id: AwardId, by: Actor, now: datetime) -> bool:
    """What is reserved is free for others. False if somebody decided meanwhile, or it was never announced.

    Approving and this take turns on the request: whoever comes second finds the other's state.
    """
    record = _held(session, award_id)
    if record is None or record.state != _WAITS:
        return False
    if announced(session, record.allocation_id) is None:
        return False
    moved = policy.AWARD_MOVES.apply(record, "lapse")
    session.flush()
    request_id = RequestId(record.request_id)
    allocation.free(session, request_id=request_id, ref=f"lapse:{record.id}", by=by, now=now)
    audit.record(session, by=by, at=now, subject="award", subject_id=award_id, moved=moved)
    return True


def _held(session: Session, award_id: AwardId) -> AwardRecord | None:
    """The request first, then the award, as everybody locks them."""
    request_id = session.scalar(sa.select(AwardRecord.request_id).where(AwardRecord.id == award_id))
    if request_id is None:
        return None
    intake.lock_request(session, request_id)
    return session.get_one(AwardRecord, award_id, with_for_update=True, populate_existing=True)
