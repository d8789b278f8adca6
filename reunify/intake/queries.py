"""What we show of requests and their versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, object_session

from reunify.intake import booking
from reunify.intake.form import TravelRequest
from reunify.intake.records import RequestRecord, VersionRecord
from reunify.kernel.ids import PersonId, RequestId, StaffId, VersionId
from reunify.kernel.refusals import NotFound
from reunify.vault.keepers import Erased


@dataclass(frozen=True, slots=True)
class Draft:
    id: RequestId
    reference: str
    state: str
    requested_by: StaffId
    handled_by: StaffId
    team: str | None
    child_person_id: PersonId | None
    content: Any
    revision: int
    created_at: datetime
    erased_on: datetime | None = None


@dataclass(frozen=True, slots=True)
class Version:
    id: VersionId
    request_id: RequestId
    number: int
    kind: str
    raw: Any
    content_hash: str
    submitted_by: StaffId
    submitted_at: datetime

    @property
    def content(self) -> TravelRequest:
        return TravelRequest.model_validate(self.raw)


def as_draft(record: RequestRecord) -> Draft:
    """An erased request has an empty draft."""
    return as_drafts([record])[0]


def as_drafts(records: Sequence[RequestRecord]) -> list[Draft]:
    """The facts told for booking only are joined in, for all of them in one query."""
    session = object_session(records[0]) if records else None
    facts = booking.kept(session, [r.id for r in records]) if session else {}
    return [_as_draft(record, facts.get(record.id)) for record in records]


def _as_draft(record: RequestRecord, facts: booking.Facts | None) -> Draft:
    try:
        content, erased_on = booking.joined(record.draft, facts), None
    except Erased as erased:
        content, erased_on = {}, erased.on
    return Draft(
        RequestId(record.id),
        record.reference,
        record.state,
        StaffId(record.requested_by),
        StaffId(record.handled_by),
        record.team,
        PersonId(record.child_person_id) if record.child_person_id else None,
        content,
        record.draft_revision,
        record.created_at,
        erased_on,
    )


def _as_version(record: VersionRecord) -> Version:
    """Raises vault's Erased."""
    session = object_session(record)
    facts = booking.kept(session, [record.id]).get(record.id) if session else None
    return Version(
        VersionId(record.id),
        RequestId(record.request_id),
        record.number,
        record.kind,
        booking.joined(record.content, facts),
        record.content_hash,
        StaffId(record.submitted_by),
        record.submitted_at,
    )


def request(session: Session, request_id: UUID) -> Draft:
    """Raises NotFound."""
    record = session.get(RequestRecord, request_id)
    if record is None:
        raise NotFound("There is no such request.")
    return as_draft(record)


def requests(session: Session, *, limit: int = 200) -> list[Draft]:
    """The newest requests first."""
    rows = session.scalars(sa.select(RequestRecord).order_by(RequestRecord.created_at.desc()).limit(limit))
    return as_drafts(rows.all())


def version(session: Session, version_id: UUID) -> Version:
    record = session.get(VersionRecord, version_id)
    if record is None:
        raise NotFound("There is no such version.")
    return _as_version(record)


def lock_version(session: Session, version_id: UUID) -> Version | None:
    """The version, its request held by this transaction; None if another worker holds it.

    The request's row is what is locked: a version is append-only, and nobody may lock it.
    """
    request_id = session.scalar(sa.select(VersionRecord.request_id).where(VersionRecord.id == version_id))
    held = session.scalar(
        sa.select(RequestRecord.id).where(RequestRecord.id == request_id).with_for_update(skip_locked=True)
    )
    return version(session, version_id) if held is not None else None


def lock_request(session: Session, request_id: UUID) -> None:
    """Hold the request until the transaction ends: answers, checks and decisions on it take turns."""
    session.execute(sa.select(RequestRecord.id).where(RequestRecord.id == request_id).with_for_update())


def newest_version(session: Session, request_id: UUID) -> Version:
    """Raises NotFound while the request is a draft."""
    record = session.scalar(
        sa.select(VersionRecord)
        .where(VersionRecord.request_id == request_id)
        .order_by(VersionRecord.number.desc())
        .limit(1)
    )
    if record is None:
        raise NotFound("This request has not been submitted yet.")
    return _as_version(record)


def versions(session: Session, request_id: UUID) -> list[Version]:
    """Every frozen version, the oldest first; none while the request is a draft."""
    rows = session.scalars(
        sa.select(VersionRecord).where(VersionRecord.request_id == request_id).order_by(VersionRecord.number)
    )
    return [_as_version(row) for row in rows]


def newest_number(session: Session, request_id: UUID) -> int:
    """0 while the request is a draft. Cheaper than the version: nothing is unsealed."""
    found = session.scalar(
        sa.select(sa.func.max(VersionRecord.number)).where(VersionRecord.request_id == request_id)
    )
    return found or 0


def authors(session: Session, request_id: UUID) -> set[StaffId]:
    """Everyone who requested or answered: none of them may approve or release."""
    asked = session.scalar(sa.select(RequestRecord.requested_by).where(RequestRecord.id == request_id))
    answered = session.scalars(
        sa.select(VersionRecord.submitted_by).where(VersionRecord.request_id == request_id)
    )
    return {StaffId(i) for i in (asked, *answered) if i is not None}
