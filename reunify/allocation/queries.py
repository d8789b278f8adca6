"""The split as people, letters and payments see it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.allocation.records import (
    AllocationLineRecord,
    AllocationRecord,
    EmptySplitRecord,
    EnvelopeDraw,
)
from reunify.funds import queries as sources
from reunify.kernel.ids import AllocationId, FundId, LineId
from reunify.kernel.refusals import NotFound
from reunify.ledger.policy import Unit


@dataclass(frozen=True, slots=True)
class PlanLine:
    """`ceiling` (reserved, not to exceed) and `payable` (as quoted): whole cents, or whole units in kind."""

    id: LineId
    line_key: str
    fund_id: FundId
    fund_code: str
    public_name: str
    budget_category: str
    category: str
    settlement: str
    payee_key: str
    unit: str
    ceiling: int
    payable: int
    hold_id: UUID
    basis: str


@dataclass(frozen=True, slots=True)
class AwardPlan:
    id: AllocationId
    version_id: UUID
    lines: tuple[PlanLine, ...]
    certificate: dict[str, Any]

    @property
    def ceiling_cents(self) -> int:
        return sum(line.ceiling for line in self.lines if line.unit == "cents")


def holds_beside(line_ids: sa.Select[UUID]) -> sa.Select[UUID]:
    """SQL: the ledger holds of every line of the splits these lines belong to, those nobody pays yet too."""
    splits = sa.select(AllocationLineRecord.allocation_id).where(AllocationLineRecord.id.in_(line_ids))
    return sa.select(AllocationLineRecord.hold_id).where(AllocationLineRecord.allocation_id.in_(splits))


def keys_of(session: Session, line_ids: Collection[LineId]) -> dict[LineId, str]:
    """Which cost line of the request each of these lines of a split pays."""
    if not line_ids:
        return {}
    line = AllocationLineRecord
    rows = session.execute(sa.select(line.id, line.line_key).where(line.id.in_(line_ids)))
    return {LineId(id_): key for id_, key in rows}


class Reserved(NamedTuple):
    """Cents a split reserves, and of these, what open envelopes gave up for it."""

    cents: int
    drawn: int


def reserved(session: Session, allocation_id: UUID) -> Reserved:
    """What the split reserves of money, without reading its lines."""
    line, draw = AllocationLineRecord, EnvelopeDraw
    asked = (
        sa.select(sa.func.sum(line.ceiling), sa.func.sum(draw.amount - draw.returned))
        .outerjoin(draw, draw.hold_id == line.hold_id)
        .where(line.allocation_id == allocation_id, line.unit == Unit.CENTS.value)
    )
    cents, drawn = session.execute(asked).one()
    return Reserved(int(cents or 0), int(drawn or 0))


@dataclass(frozen=True, slots=True)
class EmptySplit:
    """Why nothing could be paid, the last time it was tried."""

    version_id: UUID
    certificate: dict[str, Any]
    at: datetime


def empty_split(session: Session, request_id: UUID) -> EmptySplit | None:
    """The newest of the request."""
    e = EmptySplitRecord
    row = session.scalar(sa.select(e).where(e.request_id == request_id).order_by(e.at.desc(), e.id).limit(1))
    return EmptySplit(row.version_id, row.certificate, row.at) if row else None


def award_plan(session: Session, allocation_id: UUID) -> AwardPlan:
    """Raises NotFound."""
    record = session.get(AllocationRecord, allocation_id)
    if record is None:
        raise NotFound("There is no such split.")
    names = {f.id: f for f in sources.all_funds(session)}
    rows = session.scalars(
        sa.select(AllocationLineRecord)
        .where(AllocationLineRecord.allocation_id == allocation_id)
        .order_by(AllocationLineRecord.line_key, AllocationLineRecord.fund_id)
    )
    lines = tuple(
        PlanLine(
            LineId(r.id),
            r.line_key,
            FundId(r.fund_id),
            names[FundId(r.fund_id)].code,
            names[FundId(r.fund_id)].public_name,
            r.budget_category,
            r.category,
            r.settlement,
            r.payee_key,
            r.unit,
            r.ceiling,
            r.payable,
            r.hold_id,
            r.basis,
        )
        for r in rows
    )
    return AwardPlan(AllocationId(record.id), record.version_id, lines, record.certificate)
