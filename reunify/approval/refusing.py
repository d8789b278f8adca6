"""No source can help: the system proposes, a named person says it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.approval import policy
from reunify.approval.records import RefusalRecord
from reunify.audit import actions as audit
from reunify.eligibility.hand_off_queries import helped
from reunify.intake import queries as intake
from reunify.intake.queries import Version
from reunify.kernel.may import may
from reunify.kernel.moves import START
from reunify.kernel.people import Actor, Role, Staff
from reunify.kernel.refusals import NotFound, OutOfStep


class HelpedElsewhere(OutOfStep):
    """Nobody is refused what somebody else gives."""


@may(system=True)
def propose_refusal(session: Session, *, version: Version, by: Actor, now: datetime) -> None:
    """No source can help; a named person looks before anything is said."""
    move = policy.REFUSAL_MOVES.check(START, "propose")
    record = RefusalRecord(
        request_id=version.request_id,
        version_id=version.id,
        version_number=version.number,
        state=move.target,
        proposed_at=now,
    )
    session.add(record)
    session.flush()
    audit.record(session, by=by, at=now, subject="refusal", subject_id=record.id, moved=move.verb)


@may(Role.CASE_MANAGER)
def confirm_refusal(session: Session, *, refusal_id: UUID, by: Actor, now: datetime) -> None:
    """The named person says it; the one letter follows. Raises HelpedElsewhere: then nobody hears a no."""
    policy.check_can_confirm_refusal(by)
    request_id = session.scalar(sa.select(RefusalRecord.request_id).where(RefusalRecord.id == refusal_id))
    if request_id is None:
        raise NotFound("There is no such refusal.")
    intake.lock_request(session, request_id)
    record = session.get_one(RefusalRecord, refusal_id, with_for_update=True, populate_existing=True)
    if helped(session, record.request_id):
        raise HelpedElsewhere("Another payer helped this family: the request ends without a refusal letter.")
    policy.check_newest(
        assessed=record.version_number, newest=intake.newest_number(session, record.request_id)
    )
    moved = policy.REFUSAL_MOVES.apply(record, "confirm")
    assert isinstance(by, Staff)
    record.confirmed_by, record.confirmed_at = by.id, now
    session.flush()
    audit.record(session, by=by, at=now, subject="refusal", subject_id=refusal_id, moved=moved)
