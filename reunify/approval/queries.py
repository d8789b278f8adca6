"""What finance and the paying flow see of awards and refusals."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.approval.records import AwardRecord, RefusalRecord
from reunify.eligibility.hand_off_queries import helped_of
from reunify.kernel.ids import AllocationId, AwardId, RequestId, StaffId
from reunify.kernel.money import Money
from reunify.kernel.refusals import NotFound
from reunify.vault.keepers import ERASED


@dataclass(frozen=True, slots=True)
class Award:
    id: AwardId
    reference: str
    request_id: RequestId
    version_number: int
    allocation_id: AllocationId
    state: str
    ceiling: Money
    small_limit: Money
    requested_by: StaffId
    authors: frozenset[StaffId]
    opened_at: datetime
    letter: Any | None
    template_hashes: dict[str, str]
    digest: str | None
    approved_by: StaffId | None
    approved_at: datetime | None
    approved_for: frozenset[StaffId]
    released_by: StaffId | None
    released_at: datetime | None
    closed_reason: str | None
    enveloped: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    id: UUID
    request_id: RequestId
    version_number: int
    state: str
    proposed_at: datetime
    confirmed_by: StaffId | None
    confirmed_at: datetime | None


def _as_award(record: AwardRecord) -> Award:
    return Award(
        AwardId(record.id),
        record.reference,
        RequestId(record.request_id),
        record.version_number,
        AllocationId(record.allocation_id),
        record.state,
        Money(record.ceiling_cents),
        Money(record.small_limit_cents),
        StaffId(record.requested_by),
        frozenset(StaffId(i) for i in record.authors),
        record.opened_at,
        AwardRecord.letter.told(record, erased=None),
        record.template_hashes or {},
        record.digest,
        StaffId(record.approved_by) if record.approved_by else None,
        record.approved_at,
        frozenset(StaffId(i) for i in record.approved_for),
        StaffId(record.released_by) if record.released_by else None,
        record.released_at,
        AwardRecord.closed_reason.told(record, erased=ERASED),
        record.enveloped,
    )


def _as_refusal(record: RefusalRecord) -> Refusal:
    return Refusal(
        record.id,
        RequestId(record.request_id),
        record.version_number,
        record.state,
        record.proposed_at,
        StaffId(record.confirmed_by) if record.confirmed_by else None,
        record.confirmed_at,
    )


def award(session: Session, award_id: UUID) -> Award:
    """Raises NotFound."""
    record = session.get(AwardRecord, award_id)
    if record is None:
        raise NotFound("There is no such award.")
    return _as_award(record)


def request_of(session: Session, award_id: UUID) -> RequestId:
    """Raises NotFound."""
    found = session.scalar(sa.select(AwardRecord.request_id).where(AwardRecord.id == award_id))
    if found is None:
        raise NotFound("There is no such award.")
    return RequestId(found)


def allocation_of(session: Session, award_id: UUID) -> AllocationId | None:
    """The split it is about, without reading the rest of it."""
    found = session.scalar(sa.select(AwardRecord.allocation_id).where(AwardRecord.id == award_id))
    return AllocationId(found) if found else None


def references(session: Session, award_ids: Collection[UUID]) -> dict[AwardId, str]:
    """What people call these awards."""
    w = AwardRecord
    rows = session.execute(sa.select(w.id, w.reference).where(w.id.in_(award_ids)))
    return {AwardId(row.id): row.reference for row in rows}


def versions_of(session: Session, award_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Which version of its request each of these awards pays for."""
    w = AwardRecord
    rows = session.execute(sa.select(w.id, w.version_id).where(w.id.in_(award_ids)))
    return {row.id: row.version_id for row in rows}


def newest_award(session: Session, request_id: UUID) -> Award | None:
    """The award that stands for this request, replaced ones apart."""
    record = session.scalar(
        sa.select(AwardRecord)
        .where(AwardRecord.request_id == request_id, AwardRecord.state != "replaced")
        .order_by(AwardRecord.opened_at.desc())
        .limit(1)
    )
    return _as_award(record) if record else None


def awards(session: Session, *, states: Sequence[str], limit: int = 200) -> list[Award]:
    """The oldest first: families wait in turn."""
    rows = session.scalars(
        sa.select(AwardRecord)
        .where(AwardRecord.state.in_(states))
        .order_by(AwardRecord.opened_at)
        .limit(limit)
    )
    return [_as_award(row) for row in rows]


def refusal(session: Session, refusal_id: UUID) -> Refusal:
    record = session.get(RefusalRecord, refusal_id)
    if record is None:
        raise NotFound("There is no such refusal.")
    return _as_refusal(record)


def newest_refusal(session: Session, request_id: UUID) -> Refusal | None:
    record = session.scalar(
        sa.select(RefusalRecord)
        .where(RefusalRecord.request_id == request_id, RefusalRecord.state != "replaced")
        .order_by(RefusalRecord.version_number.desc())
        .limit(1)
    )
    return _as_refusal(record) if record else None


def refusals(session: Session, *, states: Sequence[str], limit: int = 200) -> list[Refusal]:
    """None of a family that another payer helped since it was proposed: nobody says no to it."""
    r = RefusalRecord
    stands = sa.or_(r.state != "proposed", ~helped_of(r.request_id))
    rows = session.scalars(
        sa.select(RefusalRecord)
        .where(RefusalRecord.state.in_(states), stands)
        .order_by(RefusalRecord.proposed_at)
        .limit(limit)
    )
    return [_as_refusal(row) for row in rows]
