"""Name the newest seal to be kept outside: whoever rewrites the whole trail cannot rewrite that."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.audit import sealing
from reunify.audit.records import AuditEntry
from reunify.audit.sealing import Seal
from reunify.kernel.may import may
from reunify.kernel.people import Actor, Role

TRAIL: Final = UUID(int=0)  # the trail is one; its own rows name it so
_SUBJECT: Final = "audit_trail"


@may(Role.ADMINISTRATOR, Role.AUDITOR, system=True)
def publish(session: Session, *, by: Actor, now: datetime) -> Seal | None:
    """The newest seal, and a row that says it was given out; None before the first."""
    seal = sealing.newest(session)
    if seal is not None:
        detail = {"number": seal.number, "hash": seal.hash}
        audit.record(
            session, by=by, at=now, subject=_SUBJECT, subject_id=TRAIL, moved="publish", detail=detail
        )
    return seal


def last_published(session: Session) -> datetime | None:
    return session.scalar(
        sa.select(sa.func.max(AuditEntry.at)).where(
            AuditEntry.subject == _SUBJECT, AuditEntry.subject_id == TRAIL, AuditEntry.verb == "publish"
        )
    )
