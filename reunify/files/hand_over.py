"""Hand one quarantined file to the police or the CyberTipline: a supervisor asks, an administrator agrees.

The steps around it are in `docs/guides/abuse-images-runbook.md`. No page ever shows the file.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.files.evidence import SUBJECT, bytes_of
from reunify.files.evidence_policy import NoLongerKept
from reunify.files.evidence_records import Evidence, HandOver
from reunify.kernel.may import may
from reunify.kernel.people import Role, Staff, System
from reunify.kernel.refusals import NotAllowed, OutOfStep

HAND_OVER: Final = timedelta(hours=24)


class NotTheSamePerson(NotAllowed):
    """Two different people are needed."""


class NobodyAgreed(OutOfStep):
    """The hand-over is not agreed, is over, or was taken already."""


@may(Role.SUPERVISOR)
def ask(session: Session, *, evidence_id: UUID, handed_to: str, by: Staff, now: datetime) -> UUID:
    """`handed_to`: agency, officer and report number. Stands for a day. Raises NoLongerKept."""
    paper = session.get(Evidence, evidence_id, with_for_update=True)
    if paper is None or paper.state != "quarantined":
        raise NoLongerKept("That paper is not set aside.")
    asked = HandOver(
        evidence_id=paper.id,
        request_id=paper.request_id,
        handed_to=handed_to,
        asked_by=by.id,
        asked_at=now,
        ends_at=now + HAND_OVER,
    )
    session.add(asked)
    session.flush()
    audit.record(
        session,
        by=by,
        at=now,
        subject=SUBJECT,
        subject_id=paper.id,
        moved="ask_hand_over",
        why=handed_to,
        family=paper.request_id,
    )
    return asked.id


@may(Role.ADMINISTRATOR)
def agree(session: Session, *, hand_over_id: UUID, by: Staff, now: datetime) -> None:
    """Raises NotTheSamePerson (delegation counts as one person), NobodyAgreed."""
    asked = session.get(HandOver, hand_over_id, with_for_update=True)
    if asked is None or asked.agreed_at is not None or asked.ends_at <= now:
        raise NobodyAgreed("That hand-over is over or agreed already. A supervisor asks for a new one.")
    if asked.asked_by in by.selves:
        raise NotTheSamePerson("You asked for this hand-over. Another administrator agrees to it.")
    asked.agreed_by, asked.agreed_at = by.id, now
    audit.record(
        session, by=by, at=now, subject=SUBJECT, subject_id=asked.evidence_id, moved="agree_hand_over"
    )


@may(system=True)
def take(session: Session, *, evidence_id: UUID, by: System, now: datetime) -> bytes:
    """The original bytes, once, for the command on the server. Raises NobodyAgreed."""
    agreed = session.scalar(
        sa.select(HandOver)
        .where(
            HandOver.evidence_id == evidence_id,
            HandOver.agreed_at.is_not(None),
            HandOver.taken_at.is_(None),
            HandOver.ends_at > now,
        )
        .order_by(HandOver.agreed_at)
        .limit(1)
        .with_for_update()
    )
    kept = bytes_of(session, evidence_id, "original")
    if agreed is None or kept is None:
        raise NobodyAgreed("No hand-over is agreed. A supervisor asks for one, an administrator agrees.")
    agreed.taken_at = now
    audit.record(
        session,
        by=by,
        at=now,
        subject=SUBJECT,
        subject_id=evidence_id,
        moved="hand_over",
        detail={"hand_over": str(agreed.id)},
    )
    return kept
