"""What we show of papers sent in, and which of them wait for the scan."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from reunify.files import objects
from reunify.files.evidence import is_own, sent_by, state_told
from reunify.files.evidence_policy import Kind, Reason, may_open
from reunify.files.evidence_records import Evidence, EvidenceBytes, HandOver
from reunify.kernel.ids import RequestId, StaffId
from reunify.kernel.people import Family, Staff
from reunify.vault.keepers import Erased


@dataclass(frozen=True, slots=True)
class Paper:
    id: UUID
    request_id: RequestId
    kind: Kind
    state: str
    file_name: str  # the sender's own, cleaned; empty once removed
    media_type: str | None
    size: int
    sent_at: datetime
    from_family: bool
    sender_id: UUID
    own: bool
    openable: bool
    has_picture: bool
    reason: Reason | None
    finding: str | None
    quarantined_by: StaffId | None
    quarantined_at: datetime | None

    @property
    def can_quarantine(self) -> bool:
        return self.state in ("not_scanned", "clean", "infected")


@dataclass(frozen=True, slots=True)
class SetAsidePaper:
    """For the two people who may hand it over: nothing that shows it, nothing the family told."""

    id: UUID
    request_id: RequestId
    quarantined_at: datetime
    quarantined_by: StaffId | None
    hand_over: UUID | None
    handed_to: str | None
    asked_by: StaffId | None
    agreed_by: StaffId | None
    taken_at: datetime | None
    ends_at: datetime | None


def papers(session: Session, *, request_id: RequestId, by: Staff) -> list[Paper]:
    """Every paper of one request, the newest first."""
    found = session.scalars(_newest_first().where(Evidence.request_id == request_id))
    return [_shown(one, by) for one in found]


def own_papers(session: Session, *, request_id: RequestId, by: Family) -> list[Paper]:
    """What this family member sent: another household of the same child sees nothing of it."""
    found = session.scalars(_newest_first().where(Evidence.request_id == request_id, sent_by(by)))
    return [_shown(one, by) for one in found]


def paper(session: Session, *, evidence_id: UUID, request_id: RequestId, by: Staff | Family) -> Paper | None:
    one = session.scalar(
        sa.select(Evidence).where(Evidence.id == evidence_id, Evidence.request_id == request_id)
    )
    if one is None or (isinstance(by, Family) and not is_own(one, by)):
        return None
    return _shown(one, by)


def same_file(session: Session, *, request_id: RequestId) -> dict[UUID, set[RequestId]]:
    """For each paper of the request, the requests where the same file was sent; its own for a second copy.

    The same: the same bytes, or the same picture once drawn again. Who may know which request, is asked of
    the caller.
    """
    other = aliased(Evidence)
    rows = session.execute(
        sa.select(Evidence.id, other.request_id)
        .join(
            other,
            sa.and_(
                other.id != Evidence.id,
                other.state != "removed",
                sa.or_(other.original_mark == Evidence.original_mark, other.safe_mark == Evidence.safe_mark),
            ),
        )
        .where(Evidence.request_id == request_id, Evidence.state != "removed")
    )
    found: dict[UUID, set[RequestId]] = {}
    for paper_id, elsewhere in rows:
        found.setdefault(paper_id, set()).add(RequestId(elsewhere))
    return found


def with_papers(session: Session, request_ids: Collection[UUID], *, kind: Kind) -> frozenset[UUID]:
    """Those of the requests that still have bytes of a paper of this kind."""
    rows = session.scalars(
        sa.select(Evidence.request_id)
        .join(EvidenceBytes, EvidenceBytes.evidence_id == Evidence.id)
        .where(Evidence.request_id.in_(request_ids), Evidence.kind == kind.value)
        .distinct()
    )
    return frozenset(rows)


def waiting_for_scan(session: Session, *, limit: int) -> list[UUID]:
    """The oldest first."""
    return list(
        session.scalars(
            sa.select(Evidence.id)
            .where(Evidence.state == "not_scanned")
            .order_by(Evidence.sent_at)
            .limit(limit)
        )
    )


def to_scan(session: Session, evidence_id: UUID) -> bytes | None:
    """The original, for the scanner alone; None once it waits no longer."""
    kept = session.scalar(
        sa.select(EvidenceBytes)
        .join(Evidence, Evidence.id == EvidenceBytes.evidence_id)
        .where(Evidence.id == evidence_id, Evidence.state == "not_scanned", EvidenceBytes.part == "original")
    )
    return objects.opened(session, kept) if kept is not None else None


def holds_quarantine(session: Session, request_id: RequestId) -> bool:
    """A quarantined paper is preserved: nothing that would unseal it for ever may be done to this request."""
    return bool(
        session.scalar(
            sa.select(sa.exists().where(Evidence.request_id == request_id, Evidence.state == "quarantined"))
        )
    )


def set_aside(session: Session, *, now: datetime) -> list[SetAsidePaper]:
    """Every quarantined paper with the hand-over asked for it that still stands."""
    rows = session.execute(
        sa.select(Evidence, HandOver)
        .outerjoin(
            HandOver,
            sa.and_(
                HandOver.evidence_id == Evidence.id,
                sa.or_(HandOver.ends_at > now, HandOver.taken_at.is_not(None)),
            ),
        )
        .where(Evidence.state == "quarantined")
        .order_by(Evidence.quarantined_at.desc(), HandOver.asked_at)
    )
    return [_set_aside(one, asked) for one, asked in rows]


def _set_aside(one: Evidence, asked: HandOver | None) -> SetAsidePaper:
    assert one.quarantined_at is not None
    return SetAsidePaper(
        id=one.id,
        request_id=RequestId(one.request_id),
        quarantined_at=one.quarantined_at,
        quarantined_by=StaffId(one.quarantined_by) if one.quarantined_by else None,
        hand_over=asked.id if asked else None,
        handed_to=asked.handed_to if asked else None,
        asked_by=StaffId(asked.asked_by) if asked else None,
        agreed_by=StaffId(asked.agreed_by) if asked and asked.agreed_by else None,
        taken_at=asked.taken_at if asked else None,
        ends_at=asked.ends_at if asked else None,
    )


def _name_of(one: Evidence) -> str:
    try:
        return one.file_name
    except Erased:
        return ""


def _newest_first() -> sa.Select[Evidence]:
    return sa.select(Evidence).order_by(Evidence.sent_at.desc(), Evidence.id)


def _shown(one: Evidence, by: Staff | Family) -> Paper:
    own, state = is_own(one, by), state_told(one, by)
    told = state == one.state
    return Paper(
        id=one.id,
        request_id=RequestId(one.request_id),
        kind=Kind(one.kind),
        state=state,
        file_name=_name_of(one),
        media_type=one.media_type,
        size=one.size,
        sent_at=one.sent_at,
        from_family=one.sender == "family",
        sender_id=one.sender_id,
        own=own,
        openable=may_open(state=state, own=own, has_safe_copy=one.safe_type is not None),
        has_picture=one.safe_type is not None,
        reason=Reason(one.reason) if one.reason else None,
        finding=one.finding,
        quarantined_by=StaffId(one.quarantined_by) if one.quarantined_by else None,
        quarantined_at=one.quarantined_at if told else None,
    )
