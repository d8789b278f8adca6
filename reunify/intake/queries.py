"""What we show of requests and their versions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, object_session

from reunify.intake import booking
from reunify.intake.booking_records import BookingFacts
from reunify.intake.form import TravelRequest
from reunify.intake.policy import Lane
from reunify.intake.records import RequestRecord, VersionRecord
from reunify.kernel.ids import PersonId, RequestId, StaffId, VersionId
from reunify.kernel.refusals import NotFound
from reunify.vault.keepers import Erased

_NEWEST = (
    sa.select(VersionRecord)
    .where(VersionRecord.request_id.in_(sa.bindparam("requests", expanding=True)))
    .ext(distinct_on(VersionRecord.request_id))
    .order_by(VersionRecord.request_id, VersionRecord.number.desc())
)


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
    lane: Lane = Lane.ORDINARY


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


@dataclass(frozen=True, slots=True)
class Authorship:
    """`wrote`: everyone who requested or answered; none of them may approve or release."""

    requested_by: StaffId
    begun: datetime
    wrote: frozenset[StaffId]


def as_drafts(records: Sequence[RequestRecord]) -> list[Draft]:
    """The facts told for booking only are joined in, for all of them in one query. An erased request has an
    empty draft."""
    session = object_session(records[0]) if records else None
    facts = booking.kept(session, [r.id for r in records]) if session else {}
    return [as_draft(record, facts.get(record.id)) for record in records]


def as_draft(record: RequestRecord, facts: booking.Facts | None) -> Draft:
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
        Lane(record.lane),
    )


def _versions(session: Session, asked: sa.Select[VersionRecord]) -> list[Version]:
    """With the facts told for booking only, in one query. Raises vault's Erased."""
    with_facts = asked.outerjoin(BookingFacts, BookingFacts.id == VersionRecord.id).add_columns(BookingFacts)
    return [_as_version(record, booking.opened(facts)) for record, facts in session.execute(with_facts).all()]


def _as_version(record: VersionRecord, facts: booking.Facts | None) -> Version:
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
    found = session.execute(
        sa.select(RequestRecord, BookingFacts)
        .outerjoin(BookingFacts, BookingFacts.id == RequestRecord.id)
        .where(RequestRecord.id == request_id)
    ).one_or_none()
    if found is None:
        raise NotFound("There is no such request.")
    record, facts = found
    return as_draft(record, booking.opened(facts))


def requests(session: Session, *, limit: int = 200) -> list[Draft]:
    """The newest requests first."""
    rows = session.scalars(sa.select(RequestRecord).order_by(RequestRecord.created_at.desc()).limit(limit))
    return as_drafts(rows.all())


def version(session: Session, version_id: UUID) -> Version:
    found = _versions(session, sa.select(VersionRecord).where(VersionRecord.id == version_id))
    if not found:
        raise NotFound("There is no such version.")
    return found[0]


def versions_called(session: Session, version_ids: Collection[UUID]) -> list[Version]:
    """These versions, in no order. Raises vault's Erased."""
    return _versions(session, sa.select(VersionRecord).where(VersionRecord.id.in_(version_ids)))


def lock_newest_version(session: Session, version_id: UUID) -> Version | None:
    """The version, its request held by this transaction; None if another worker holds it, or it was answered
    again since.

    The request's row is what is locked: a version is append-only, and nobody may lock it.
    """
    held = session.scalar(
        sa.select(RequestRecord.id)
        .join(VersionRecord, VersionRecord.request_id == RequestRecord.id)
        .where(VersionRecord.id == version_id)
        .with_for_update(of=RequestRecord, skip_locked=True)
    )
    if held is None:
        return None
    newest = sa.select(sa.func.max(VersionRecord.number)).where(VersionRecord.request_id == held)
    asked = sa.select(VersionRecord).where(VersionRecord.id == version_id)
    found = _versions(session, asked.where(VersionRecord.number == newest.scalar_subquery()))
    return found[0] if found else None


def lock_request(session: Session, request_id: UUID) -> None:
    """Hold the request until the transaction ends: answers, checks and decisions on it take turns."""
    session.execute(sa.select(RequestRecord.id).where(RequestRecord.id == request_id).with_for_update())


def newest_version(session: Session, request_id: UUID) -> Version:
    """Raises NotFound while the request is a draft."""
    found = _versions(
        session,
        sa.select(VersionRecord)
        .where(VersionRecord.request_id == request_id)
        .order_by(VersionRecord.number.desc())
        .limit(1),
    )
    if not found:
        raise NotFound("This request has not been submitted yet.")
    return found[0]


def newest_contents(session: Session, request_ids: Collection[UUID]) -> dict[UUID, TravelRequest | Erased]:
    """What the newest version of each of these says, but for the facts told for booking only: those stay
    closed. Drafts are left out. One query."""
    found: dict[UUID, TravelRequest | Erased] = {}
    for record in session.scalars(_NEWEST, {"requests": list(request_ids)}):
        try:
            found[record.request_id] = TravelRequest.model_validate(record.content)
        except Erased as erased:
            found[record.request_id] = erased
    return found


def newest_number_of(request_id: Any) -> sa.ScalarSelect[int]:
    """SQL: the number of the newest version of this request; NULL while it is a draft."""
    v = VersionRecord
    return sa.select(sa.func.max(v.number)).where(v.request_id == request_id).scalar_subquery()


def versions(session: Session, request_id: UUID) -> list[Version]:
    """Every frozen version, the oldest first; none while the request is a draft."""
    return _versions(
        session,
        sa.select(VersionRecord).where(VersionRecord.request_id == request_id).order_by(VersionRecord.number),
    )


def newest_number(session: Session, request_id: UUID) -> int:
    """0 while the request is a draft. Cheaper than the version: nothing is unsealed."""
    found = session.scalar(
        sa.select(sa.func.max(VersionRecord.number)).where(VersionRecord.request_id == request_id)
    )
    return found or 0


def references(session: Session, request_ids: Collection[UUID]) -> dict[RequestId, str]:
    """What people call these requests. Nothing is unsealed."""
    r = RequestRecord
    rows = session.execute(sa.select(r.id, r.reference).where(r.id.in_(request_ids)))
    return {RequestId(row.id): row.reference for row in rows}


def handlers(session: Session, request_ids: Collection[UUID]) -> dict[RequestId, StaffId]:
    """Who has each of these cases now."""
    r = RequestRecord
    rows = session.execute(sa.select(r.id, r.handled_by).where(r.id.in_(request_ids)))
    return {RequestId(row.id): StaffId(row.handled_by) for row in rows}


def reference(session: Session, request_id: UUID) -> str:
    """Raises NotFound."""
    found = references(session, [request_id])
    if not found:
        raise NotFound("There is no such request.")
    return found[RequestId(request_id)]


def newest_author(session: Session, request_id: UUID) -> StaffId:
    """Who submitted or answered last. Nothing is unsealed. Raises NotFound while it is a draft."""
    found = session.scalar(
        sa.select(VersionRecord.submitted_by)
        .where(VersionRecord.request_id == request_id)
        .order_by(VersionRecord.number.desc())
        .limit(1)
    )
    if found is None:
        raise NotFound("This request has not been submitted yet.")
    return StaffId(found)


def child_of(session: Session, request_id: UUID) -> PersonId | None:
    """The child's own id, once the request is submitted. Nothing is unsealed."""
    found = session.scalar(sa.select(RequestRecord.child_person_id).where(RequestRecord.id == request_id))
    return PersonId(found) if found else None


def child_and_lane(session: Session, request_id: UUID) -> tuple[PersonId | None, Lane]:
    """`child_of`, and which lane it takes, in one question, for the check of a version."""
    asked = sa.select(RequestRecord.child_person_id, RequestRecord.lane).where(RequestRecord.id == request_id)
    child, lane = session.execute(asked).one()
    return (PersonId(child) if child else None), Lane(lane)


def authorship(session: Session, request_id: UUID) -> Authorship:
    """Nothing is unsealed. Raises NotFound."""
    rows = session.execute(
        sa.select(RequestRecord.requested_by, RequestRecord.created_at, VersionRecord.submitted_by)
        .outerjoin(VersionRecord, VersionRecord.request_id == RequestRecord.id)
        .where(RequestRecord.id == request_id)
    ).all()
    if not rows:
        raise NotFound("There is no such request.")
    asked, begun, _ = rows[0]
    wrote = frozenset(StaffId(row.submitted_by) for row in rows if row.submitted_by is not None)
    return Authorship(StaffId(asked), begun, wrote | {StaffId(asked)})
