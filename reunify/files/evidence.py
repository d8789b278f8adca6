"""Keep a paper sent in, note its scan, show it, erase it when its time is over."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from reunify.audit import actions as audit
from reunify.files import evidence_bytes
from reunify.files import evidence_policy as policy
from reunify.files.evidence_bytes import bytes_of as bytes_of
from reunify.files.evidence_policy import EVIDENCE, Kind, MediaType, Reason
from reunify.files.evidence_records import Evidence
from reunify.files.ports import Clean, Examined, Infected
from reunify.kernel.ids import RequestId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.moves import START, Moved
from reunify.kernel.people import Family, Role, Staff, System
from reunify.vault import keyring

SUBJECT = "evidence"
_MARK = "evidence.mark"


@dataclass(frozen=True, slots=True)
class Sent:
    """One file as it arrived."""

    content: bytes
    kind: Kind
    file_name: str | None


@dataclass(frozen=True, slots=True)
class Opened:
    """What may be shown: a picture drawn again, or a scanned PDF. `file_name` is ours."""

    content: bytes
    media_type: MediaType
    file_name: str


@may(*FINANCE, Role.CASE_MANAGER, Role.SUPERVISOR, family=True)
def keep(
    session: Session,
    *,
    request_id: RequestId,
    sent: Sent,
    examined: Examined,
    by: Staff | Family,
    now: datetime,
) -> UUID:
    """The original sealed, and the copy people may see. Not scanned yet, whatever the scanner is doing.

    The same file from the same sender is kept once. A file, or a picture, that is quarantined anywhere is
    quarantined here too, at once. Raises TooManyPapers, vault's Erased.
    """
    safe = examined.safe_copy
    mark = _mark(session, Evidence.original_mark, sent.content)
    safe_mark = _mark(session, Evidence.safe_mark, safe) if safe else None
    one_at_a_time(session, mark, safe_mark)
    known = session.scalar(
        _from(request_id, by).where(Evidence.original_mark == mark, Evidence.state != "removed").limit(1)
    )
    if known is not None:
        return known.id
    _check_room(session, request_id)
    unseen = session.scalar(
        sa.select(Evidence.id).where(same_as(mark, safe_mark), Evidence.state == "quarantined").limit(1)
    )
    safe = None if unseen else safe
    paper = _paper(request_id, sent, by, now)
    paper.media_type = examined.media_type
    paper.safe_type = examined.safe_type if safe else None
    paper.original_mark = mark
    paper.safe_mark = safe_mark
    paper.quarantined_at = now if unseen else None
    moved = EVIDENCE.apply(paper, "keep_unseen" if unseen else "keep")
    session.add(paper)
    session.flush()
    for part, content in (("original", sent.content), ("safe", safe)):
        if content is not None:
            evidence_bytes.keep(session, paper, part, content)
    note(session, paper, by if not unseen else System("evidence"), now, moved, {"kind": sent.kind})
    return paper.id


@may(*FINANCE, Role.CASE_MANAGER, Role.SUPERVISOR, family=True)
def note_refused(
    session: Session, *, request_id: RequestId, sent: Sent, reason: Reason, by: Staff | Family, now: datetime
) -> None:
    """A file that was not taken: nothing of it is kept but its name and why, so that somebody can help.

    The same name refused for the same reason is written down once. Raises TooManyPapers.
    """
    for known in session.scalars(_from(request_id, by).where(Evidence.reason == reason)):
        if known.file_name == policy.shown_name(sent.file_name):
            return
    _check_room(session, request_id)
    paper = _paper(request_id, sent, by, now)
    paper.reason = reason
    moved = EVIDENCE.apply(paper, "refuse")
    session.add(paper)
    session.flush()
    note(session, paper, by, now, moved, {"kind": sent.kind, "reason": reason})


@may(system=True)
def note_scan(
    session: Session, *, evidence_id: UUID, scanned: Clean | Infected, by: System, now: datetime
) -> bool:
    """False if the paper moved on while it was scanned: quarantined or removed, it stays so."""
    paper = session.get(Evidence, evidence_id, with_for_update=True)
    if paper is None or paper.state != "not_scanned":
        return False
    paper.scanned_at = now
    if isinstance(scanned, Infected):
        paper.finding = scanned.name
        moved = EVIDENCE.apply(paper, "find_malware")
    else:
        moved = EVIDENCE.apply(paper, "pass")
    note(session, paper, by, now, moved, {})
    return True


@may(Role.CASE_MANAGER, Role.SUPERVISOR, family=True)
def show(
    session: Session, *, evidence_id: UUID, request_id: RequestId, by: Staff | Family, now: datetime
) -> Opened:
    """The bytes a person may see, and the note that they did. A family sees what it sent itself.

    A quarantine under way is waited for. Raises NoLongerKept, SetAside, HoldsMalware, NotScannedYet.
    """
    paper = locked(session, evidence_id, request_id, read=True)
    own = is_own(paper, by)
    if isinstance(by, Family) and not own:
        raise policy.NoLongerKept("That paper is not kept.")
    policy.check_open(state=state_told(paper, by), own=own, has_safe_copy=paper.safe_type is not None)
    media_type = MediaType(paper.safe_type or paper.media_type or "")
    kept = bytes_of(session, paper.id, "safe" if paper.safe_type else "original")
    if kept is None or (media_type.is_image and paper.safe_type is None):
        raise policy.NoLongerKept("That paper is not kept.")
    note(session, paper, by, now, "download", {})
    name = policy.attachment_name(paper.id.hex[:8], Kind(paper.kind), media_type)
    return Opened(kept, media_type, name)


@may(system=True)
def erase(
    session: Session, *, request_id: RequestId, by: System, now: datetime, only: Kind | None = None
) -> frozenset[UUID]:
    """At the end of retention: the bytes of every paper of the request are destroyed.

    `only`: this kind. Returns the keepers whose keys the caller destroys. Raises HeldByQuarantine, first.
    """
    wanted = sa.select(Evidence).where(Evidence.request_id == request_id)
    if only is not None:
        wanted = wanted.where(Evidence.kind == only.value)
    papers = session.scalars(wanted.order_by(Evidence.id).with_for_update()).all()
    if any(paper.state == "quarantined" for paper in papers):
        raise policy.HeldByQuarantine(
            "A paper of this request is quarantined and preserved: see the runbook."
        )
    own: frozenset[UUID] = frozenset()
    for paper in (one for one in papers if EVIDENCE.can(one.state, "remove")):
        moved = EVIDENCE.apply(paper, "remove")
        paper.removed_at, paper.safe_type = now, None
        own |= evidence_bytes.destroy(session, paper.id, "original", "safe", now=now)
        note(session, paper, by, now, moved, {})
    return own


def is_own(paper: Evidence, by: Staff | Family) -> bool:
    """Whoever sent it; a new link of the same traveler is the same sender."""
    if isinstance(by, Staff):
        return paper.sender == "staff" and paper.sender_id == by.id
    same_reader = bool(by.reader) and paper.reader == by.reader
    return paper.sender == "family" and (paper.sender_id == by.id or same_reader)


def state_told(paper: Evidence, by: Staff | Family) -> str:
    """To a family a paper set aside by itself is one being checked: no word of what others sent."""
    by_itself = paper.state == "quarantined" and paper.quarantined_by is None
    return "not_scanned" if by_itself and isinstance(by, Family) else paper.state


def sent_by(by: Staff | Family) -> sa.ColumnElement[bool]:
    """`is_own`, as SQL. For a family, within one request."""
    if isinstance(by, Staff):
        return sa.and_(Evidence.sender == "staff", Evidence.sender_id == by.id)
    whose = Evidence.sender_id == by.id
    return sa.and_(
        Evidence.sender == "family", sa.or_(whose, Evidence.reader == by.reader) if by.reader else whose
    )


def _from(request_id: RequestId, by: Staff | Family) -> sa.Select[Evidence]:
    return sa.select(Evidence).where(Evidence.request_id == request_id, sent_by(by))


def _paper(request_id: RequestId, sent: Sent, by: Staff | Family, now: datetime) -> Evidence:
    return Evidence(
        request_id=request_id,
        kind=sent.kind,
        state=START,
        sender="staff" if isinstance(by, Staff) else "family",
        sender_id=by.id,
        reader=by.reader if isinstance(by, Family) else "",
        file_name=policy.shown_name(sent.file_name),
        size=len(sent.content),
        sent_at=now,
    )


def _check_room(session: Session, request_id: RequestId) -> None:
    kept = session.scalar(sa.select(sa.func.count()).where(Evidence.request_id == request_id))
    if (kept or 0) >= policy.MOST_FOR_A_REQUEST:
        raise policy.TooManyPapers("This request has 100 papers already. Call, and we sort them together.")


def locked(session: Session, evidence_id: UUID, request_id: RequestId, *, read: bool = False) -> Evidence:
    """Raises NoLongerKept, also for a paper of another request."""
    paper = session.scalar(
        sa.select(Evidence)
        .where(Evidence.id == evidence_id, Evidence.request_id == request_id)
        .with_for_update(read=read)
        .execution_options(populate_existing=True)
    )
    if paper is None:
        raise policy.NoLongerKept("That paper is not kept.")
    return paper


def _mark(session: Session, column: InstrumentedAttribute[bytes | None], content: bytes) -> bytes:
    """Equal for equal content, in every case, and telling nothing without the key.

    After a change of the index key the mark already given goes on being used.
    """
    said = hashlib.sha256(content).hexdigest()
    ring = keyring.current()
    found = session.scalar(
        sa.select(column).where(column.in_(ring.blind_indexes(said, place=_MARK))).limit(1)
    )
    return found or ring.blind_index(said, place=_MARK)


def same_as(mark: bytes, safe_mark: bytes | None) -> sa.ColumnElement[bool]:
    """The same bytes, or the same picture whatever hung on it."""
    same: sa.ColumnElement[bool] = Evidence.original_mark == mark
    return same if safe_mark is None else sa.or_(same, Evidence.safe_mark == safe_mark)


def one_at_a_time(session: Session, *marks: bytes | None) -> None:
    """So that a copy cannot slip in beside its quarantine. In one order: nobody waits in a circle."""
    for mark in sorted({mark for mark in marks if mark is not None}):
        number = int.from_bytes(mark[:8], "big", signed=True)
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


def note(
    session: Session,
    paper: Evidence,
    by: Staff | Family | System,
    now: datetime,
    moved: Moved | str,
    detail: dict[str, str],
    why: str | None = None,
) -> None:
    said = {"request": str(paper.request_id), **{name: str(value) for name, value in detail.items()}}
    audit.record(
        session,
        by=by,
        at=now,
        subject=SUBJECT,
        subject_id=paper.id,
        moved=moved,
        why=why,
        family=paper.request_id,
        detail=said,
    )
