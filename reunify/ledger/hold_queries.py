"""What counts a hold, and which events no longer stand."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.kernel.ids import FundId
from reunify.ledger.caps import CapKey
from reunify.ledger.policy import Scope, Unit
from reunify.ledger.records import LedgerCap, LedgerEvent, LedgerHold, LedgerHoldCap


class Counters(NamedTuple):
    """The caps that count a hold, each with what it is a limit of; `use_ref`: its trip, where trips count."""

    caps: dict[UUID, CapKey]
    use_ref: str


def counters_of(session: Session, hold_id: UUID) -> Counters:
    """Empty for a hold that no cap counts. What counts a hold never changes."""
    c = LedgerCap
    rows = session.execute(
        sa.select(c.id, c.fund_id, c.scope, c.scope_id, c.unit, c.category, LedgerHold.use_ref)
        .join(LedgerHoldCap, LedgerHoldCap.cap_id == c.id)
        .join(LedgerHold, LedgerHold.id == LedgerHoldCap.hold_id)
        .where(LedgerHold.id == hold_id)
        .order_by(c.id)
    ).all()
    caps = {
        row.id: CapKey(FundId(row.fund_id), Scope(row.scope), row.scope_id, Unit(row.unit), row.category)
        for row in rows
    }
    return Counters(caps, rows[0].use_ref if rows else "")


def reversed_among(session: Session, event_ids: Collection[UUID]) -> set[UUID]:
    """Which of these events were reversed by a correction."""
    if not event_ids:
        return set()
    rows = session.scalars(sa.select(LedgerEvent.corrects).where(LedgerEvent.corrects.in_(event_ids)))
    return {corrected for corrected in rows if corrected is not None}
