"""What we show of true names told to an outsider: to staff, to the reader, and to the family."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.intake.case_records import DisclosedCase, DisclosureRecord
from reunify.intake.records import RequestRecord
from reunify.kernel.ids import RequestId, StaffId


@dataclass(frozen=True, slots=True)
class Disclosure:
    """`references`: the cases, by their own numbers; no name."""

    id: UUID
    reader: StaffId
    asked_by: str
    basis: str
    paper: str
    file_sha256: str
    starts_at: datetime
    ends_at: datetime
    proposed_by: StaffId
    proposed_at: datetime
    confirmed_by: StaffId | None
    confirmed_at: datetime | None
    ended_by: StaffId | None
    ended_at: datetime | None
    references: tuple[str, ...]

    def state(self, now: datetime) -> str:
        if self.ended_at is not None:
            return "ended"
        if self.ends_at <= now:
            return "over"
        if self.confirmed_at is None:
            return "to_confirm"
        return "in_force" if self.starts_at <= now else "to_begin"


@dataclass(frozen=True, slots=True)
class Told:
    """For the family: who may read their true names, on what ground, from when to when at most."""

    disclosure_id: UUID
    asked_by: str
    basis: str
    starts_at: datetime
    ends_at: datetime
    told_at: datetime | None


@dataclass(frozen=True, slots=True)
class ToTell:
    disclosure_id: UUID
    request_id: RequestId
    reference: str


def every(session: Session, *, reader: StaffId | None = None) -> list[Disclosure]:
    """The newest first; with a reader, theirs."""
    asked = sa.select(DisclosureRecord).order_by(DisclosureRecord.proposed_at.desc())
    if reader is not None:
        asked = asked.where(DisclosureRecord.reader_id == reader)
    rows = list(session.scalars(asked))
    named: dict[UUID, list[str]] = {}
    for disclosure_id, reference in session.execute(
        sa.select(DisclosedCase.disclosure_id, RequestRecord.reference)
        .join(RequestRecord, RequestRecord.id == DisclosedCase.request_id)
        .where(DisclosedCase.disclosure_id.in_([row.id for row in rows]))
        .order_by(RequestRecord.reference)
    ):
        named.setdefault(disclosure_id, []).append(reference)
    return [_shown(row, tuple(named.get(row.id, ()))) for row in rows]


def _shown(row: DisclosureRecord, references: tuple[str, ...]) -> Disclosure:
    return Disclosure(
        id=row.id,
        reader=StaffId(row.reader_id),
        asked_by=row.asked_by,
        basis=row.basis,
        paper=row.paper,
        file_sha256=row.file_sha256,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        proposed_by=StaffId(row.proposed_by),
        proposed_at=row.proposed_at,
        confirmed_by=StaffId(row.confirmed_by) if row.confirmed_by else None,
        confirmed_at=row.confirmed_at,
        ended_by=StaffId(row.ended_by) if row.ended_by else None,
        ended_at=row.ended_at,
        references=references,
    )


def disclosures_for_family(session: Session, request_id: UUID) -> list[Told]:
    """Every confirmed disclosure of this case, ended ones too: the family keeps knowing who was told."""
    d, c = DisclosureRecord, DisclosedCase
    rows = session.execute(
        sa.select(d, c.told_at)
        .join(c, c.disclosure_id == d.id)
        .where(c.request_id == request_id, d.confirmed_at.is_not(None))
        .order_by(d.starts_at)
    )
    return [
        Told(row.id, row.asked_by, row.basis, row.starts_at, row.ended_at or row.ends_at, told_at)
        for row, told_at in rows
    ]


def to_tell(session: Session, *, request_ids: list[RequestId]) -> list[ToTell]:
    """Families who have not heard yet that their true names are being read."""
    d, c, r = DisclosureRecord, DisclosedCase, RequestRecord
    rows = session.execute(
        sa.select(c.disclosure_id, c.request_id, r.reference)
        .join(d, d.id == c.disclosure_id)
        .join(r, r.id == c.request_id)
        .where(c.request_id.in_(request_ids), c.told_at.is_(None), d.confirmed_at.is_not(None))
        .order_by(d.confirmed_at)
    )
    return [ToTell(row.disclosure_id, RequestId(row.request_id), row.reference) for row in rows]
