"""What is waiting in the inbox, and where the books disagree."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.disbursement import queries as disbursement
from reunify.disbursement.queries import Attempt, to_note
from reunify.kernel.ids import StaffId
from reunify.kernel.money import Money
from reunify.reconciliation.policy import Kind, Notice
from reunify.reconciliation.records import DifferenceRecord, InboxRecord

__all__ = [
    "RETURNS_WITHIN",
    "OpenDifference",
    "open_attempts",
    "open_differences",
    "parked",
    "short_returns",
    "to_note",
    "unhandled",
]

# A bank may send a payment back weeks later.
RETURNS_WITHIN = timedelta(days=45)


@dataclass(frozen=True, slots=True)
class OpenDifference:
    id: UUID
    kind: Kind
    object_id: str
    expected: Money | None
    found: Money | None
    found_at: datetime
    owner: StaffId | None = None  # None: finance


def unhandled(session: Session, *, now: datetime, limit: int = 100) -> list[Notice]:
    """Events to handle now, oldest first; one that failed waits a little longer each time."""
    rows = session.scalars(
        sa.select(InboxRecord)
        .where(InboxRecord.handled_at.is_(None), InboxRecord.parked.is_(None), InboxRecord.try_after <= now)
        .order_by(InboxRecord.received_at, InboxRecord.id)
        .limit(limit)
    )
    return [Notice(row.id, row.type, row.object_id, row.idem_key) for row in rows]


def parked(session: Session) -> list[tuple[Notice, str]]:
    """Events set aside for a person, with the reason in a word."""
    rows = session.scalars(
        sa.select(InboxRecord).where(InboxRecord.parked.is_not(None)).order_by(InboxRecord.received_at)
    )
    return [(Notice(r.id, r.type, r.object_id, r.idem_key), str(r.parked)) for r in rows]


def open_attempts(session: Session, *, now: datetime, limit: int = 500) -> list[Attempt]:
    """Payments in flight that are due to be asked after, in case an event never came."""
    return disbursement.in_flight(session, due_by=now, limit=limit)


def open_differences(session: Session) -> list[OpenDifference]:
    rows = session.scalars(
        sa.select(DifferenceRecord)
        .where(DifferenceRecord.resolved_at.is_(None))
        .order_by(DifferenceRecord.found_at, DifferenceRecord.id)
    )
    return [
        OpenDifference(
            r.id,
            Kind(r.kind),
            r.object_id,
            _money(r.expected_cents),
            _money(r.found_cents),
            r.found_at,
            _staff(r.owner),
        )
        for r in rows
    ]


def short_returns(session: Session) -> set[str]:
    """The payments that came back and could not be posted to the last cent, while that stands."""
    return set(
        session.scalars(
            sa.select(DifferenceRecord.object_id).where(
                DifferenceRecord.kind == Kind.RETURNED_AFTER_RECOVERY.value,
                DifferenceRecord.resolved_at.is_(None),
            )
        )
    )


def _staff(id_: UUID | None) -> StaffId | None:
    return None if id_ is None else StaffId(id_)


def _money(cents: int | None) -> Money | None:
    return None if cents is None else Money(cents)
