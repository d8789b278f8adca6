"""What the proofs of both accounts share: the references of what they post, how a case of theirs closes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.reconciliation.policy import Kind
from reunify.reconciliation.ports import Movement
from reunify.reconciliation.records import DifferenceRecord

_POSTED_SINCE = "It is in the books now."


def fee_ref(fee: Movement) -> str:
    return f"{fee.id}:fee"


def top_up_ref(top: Movement) -> str:
    return f"{top.id}:topped_up"


def explained(session: Session, kind: Kind) -> set[str]:
    """Of these a person has said why already."""
    row = DifferenceRecord
    asked = sa.select(row.object_id).where(row.kind == kind.value, row.resolved_by.is_not(None))
    return set(session.scalars(asked))


def close(session: Session, kind: Kind, ids: Collection[str], *, now: datetime) -> None:
    """These are in the books now, so that nobody need look any more."""
    if not ids:
        return
    row = DifferenceRecord
    for open_row in session.scalars(
        sa.select(row)
        .where(row.kind == kind.value, row.object_id.in_(ids), row.resolved_at.is_(None))
        .with_for_update()
    ):
        open_row.resolved_at, open_row.resolution = now, _POSTED_SINCE
