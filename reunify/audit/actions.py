"""Write the audit row that belongs to a change, in the same transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.audit.records import AuditEntry
from reunify.kernel.canonical import digest_of
from reunify.kernel.moves import Moved
from reunify.kernel.people import Actor, Family, Service, Staff


def record(
    session: Session,
    *,
    by: Actor,
    at: datetime,
    subject: str,
    subject_id: UUID,
    moved: Moved | str,
    why: str | None = None,
    detail: dict[str, Any] | None = None,
) -> AuditEntry:
    """`moved` is the move made, or the bare verb where no state changed. `detail` holds no personal data."""
    move = moved if isinstance(moved, Moved) else Moved(moved, "", "")
    body: dict[str, Any] = {
        "at": at,
        "actor": _who(by),
        "verb": move.verb,
        "subject": subject,
        "subject_id": subject_id,
        "source": move.source or None,
        "target": move.target or None,
        "why": why,
        "detail": detail or {},
    }
    entry = AuditEntry(**body, hash=digest_of(body))
    session.add(entry)
    return entry


def _who(by: Actor) -> str:
    match by:
        case Staff():
            return f"staff:{by.id}"
        case Family():
            return f"family:{by.id}"
        case Service():
            return f"service:{by.id}"
        case _:
            return f"system:{by.name}"
