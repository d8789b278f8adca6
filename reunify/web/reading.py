"""That somebody read personal data is written down like a change: who, when, what, and how much of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.kernel.canonical import digest_of
from reunify.kernel.people import Actor, Staff
from reunify.kernel.sight import Sight


def one(
    session: Session, *, by: Actor, at: datetime, subject: str, subject_id: UUID, sight: Sight = Sight.WHOLE
) -> None:
    """An object's own page, paper or JSON."""
    detail = {"sight": sight.value}
    audit.record(session, by=by, at=at, subject=subject, subject_id=subject_id, moved="read", detail=detail)


def many(session: Session, *, by: Staff, at: datetime, subject: str, ids: Collection[UUID]) -> None:
    """A list, in one row: how many, and a digest of which, so that a supposed list can be checked."""
    if not ids:
        return
    detail = {"count": len(ids), "ids": digest_of(sorted(str(i) for i in ids))}
    audit.record(session, by=by, at=at, subject=subject, subject_id=by.id, moved="read_list", detail=detail)
