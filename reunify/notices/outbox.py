"""Write down who is to be told: one row for each move, person, kind and channel, however often planned."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.kernel.ids import StaffId, new_id
from reunify.kernel.may import may
from reunify.kernel.moves import START
from reunify.kernel.people import Actor
from reunify.notices.policy import NOTICE, USEFUL_FOR, Channel, Kind
from reunify.notices.records import NoticeRecord
from reunify.notices.texts import Language


@may(system=True)
def plan(
    session: Session,
    *,
    move: str,
    kind: Kind,
    channel: Channel,
    by: Actor,
    now: datetime,
    staff_id: StaffId | None = None,
    reader: str | None = None,
    language: Language = "en",
    request_id: UUID | None = None,
    award_id: UUID | None = None,
    escalation_id: UUID | None = None,
    about_time: datetime | None = None,
    never: str | None = None,
) -> bool:
    """To one of us (`staff_id`) or of the family (`reader`). False if it was planned before.

    `never`: why it is not sent at all; `no_number` asks a person to do it, anything else only remembers it.
    """
    verb = "plan" if never is None else "find_no_way" if never == "no_number" else "leave_out"
    state = NOTICE.check(START, verb).target
    made = session.scalar(
        insert(NoticeRecord)
        .values(
            id=new_id(),
            move=move,
            person=f"staff:{staff_id}" if staff_id else f"reader:{reader or ''}",
            kind=kind.value,
            channel=channel.value,
            language=language,
            request_id=request_id,
            award_id=award_id,
            escalation_id=escalation_id,
            staff_id=staff_id,
            about_time=about_time,
            state=state,
            planned_at=now,
            useful_until=now + USEFUL_FOR[kind],
            next_at=now,
            tries=0,
            code=never,
            moved_at=now,
        )
        .on_conflict_do_nothing()
        .returning(NoticeRecord.id)
    )
    if made is None:
        return False
    detail = {"kind": kind.value, "channel": channel.value}
    audit.record(session, by=by, at=now, subject="notice", subject_id=made, moved=verb, detail=detail)
    return True


def stop(session: Session, which: sa.ColumnElement[bool], code: str, now: datetime) -> int:
    """What has not left the house never will, and what may have left is not asked for again."""
    held = (NoticeRecord.state.in_(("planned", "sending")), which)
    stopped = session.execute(
        sa.update(NoticeRecord)
        .where(*held)
        .values(state=NOTICE.check("planned", "stop").target, code=code, moved_at=now)
        .returning(NoticeRecord.id)
    )
    return len(stopped.all())
