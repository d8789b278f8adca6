"""What we do with templates: bring files in, approve, decline, withdraw; keep what a release ships."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.documents import template_policy as policy
from reunify.documents.template_policy import AlreadyDecided, NoSuchTemplate, NothingChanged, OneAtATime
from reunify.documents.template_ports import Finding
from reunify.documents.template_records import TemplateDecision, TemplateFile, TemplateVersion
from reunify.kernel.may import may
from reunify.kernel.people import Actor, Staff

_LOCK = 20040  # one advisory lock for all decisions on templates: they are few


@may(policy.CHANGES)
def propose(
    session: Session,
    *,
    kind: str,
    files: Mapping[str, bytes],
    findings: Sequence[Finding],
    in_force: Mapping[str, str],
    what_changed: str,
    by: Staff,
    now: datetime,
) -> UUID:
    """One file for each language, looked at before: it waits for a second person.

    `findings`: of these very files. `in_force`: hashes by language, the shipped ones included.
    Raises TemplateNotTaken, ReasonNeeded, NothingChanged, OneAtATime.
    """
    if findings:
        raise policy.TemplateNotTaken(findings)
    said = policy.checked_reason(what_changed, field="/what_changed")
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    kept = {language: _keep(session, data, now) for language, data in sorted(files.items())}
    if kept == dict(in_force):
        raise NothingChanged(
            "These very files are in force already. Change them in Word first.", field="/files"
        )
    check_none_waits(session, kind)
    newest = session.scalar(
        sa.select(sa.func.max(TemplateVersion.number)).where(TemplateVersion.kind == kind)
    )
    record = TemplateVersion(
        kind=kind,
        number=(newest or 0) + 1,
        en_sha256=kept.get("en"),
        es_sha256=kept.get("es"),
        what_changed=said,
        proposed_by=by.id,
        proposed_for=sorted(by.stands_for),
        proposed_at=now,
    )
    session.add(record)
    session.flush()
    told = {"kind": kind, "number": record.number} | {f"{one}_sha256": sha for one, sha in kept.items()}
    audit.record(
        session, by=by, at=now, subject="template", subject_id=record.id, moved="propose", detail=told
    )
    return record.id


@may(policy.CHANGES)
def approve(session: Session, *, version_id: UUID, by: Staff, now: datetime) -> None:
    """In force from now on: the second person's yes. Raises ProposerMayNotApprove, AlreadyDecided."""
    record = _undecided(session, version_id)
    policy.check_another(by, {record.proposed_by, *record.proposed_for})
    _decide(session, record, "approved", "", by, now)


@may(policy.CHANGES)
def decline(session: Session, *, version_id: UUID, reason: str, by: Staff, now: datetime) -> None:
    """A colleague's no, with what to mend. Raises ReasonNeeded, AlreadyDecided, ProposerMayNotApprove."""
    record = _undecided(session, version_id)
    policy.check_another(by, {record.proposed_by})
    _decide(session, record, "declined", policy.checked_reason(reason), by, now)


@may(policy.CHANGES)
def withdraw(session: Session, *, version_id: UUID, reason: str, by: Staff, now: datetime) -> None:
    """Taken back by whoever brought it in. Raises OnlyTheProposerWithdraws, ReasonNeeded, AlreadyDecided."""
    record = _undecided(session, version_id)
    policy.check_own(by, record.proposed_by)
    _decide(session, record, "withdrawn", policy.checked_reason(reason), by, now)


@may(system=True)
def keep_shipped(session: Session, *, files: Sequence[bytes], by: Actor, now: datetime) -> int:
    """What this release ships stays here when the next ships something else. Returns how many were new."""
    return sum(_keep_new(session, data, now)[1] for data in files)


def _keep(session: Session, data: bytes, now: datetime) -> str:
    return _keep_new(session, data, now)[0]


def _keep_new(session: Session, data: bytes, now: datetime) -> tuple[str, bool]:
    sha256 = hashlib.sha256(data).hexdigest()
    row = insert(TemplateFile).values(sha256=sha256, content=data, kept_at=now)
    added = session.scalar(row.on_conflict_do_nothing().returning(TemplateFile.sha256))
    return sha256, added is not None


def check_none_waits(session: Session, kind: str) -> None:
    """Raises OneAtATime."""
    undecided = (
        sa.select(TemplateVersion.id)
        .outerjoin(TemplateDecision, TemplateDecision.version_id == TemplateVersion.id)
        .where(TemplateVersion.kind == kind, TemplateDecision.version_id.is_(None))
    )
    if session.scalar(undecided.limit(1)) is not None:
        raise OneAtATime("A version of this letter waits for its second person. It is decided on first.")


def _undecided(session: Session, version_id: UUID) -> TemplateVersion:
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    record = session.get(TemplateVersion, version_id)
    if record is None:
        raise NoSuchTemplate("There is no such version of a template.")
    if session.get(TemplateDecision, version_id) is not None:
        raise AlreadyDecided("Somebody has decided on it. Open the page again.")
    return record


def _decide(
    session: Session, record: TemplateVersion, state: str, reason: str, by: Staff, now: datetime
) -> None:
    session.add(
        TemplateDecision(
            version_id=record.id,
            state=state,
            reason=reason,
            proposed_by=record.proposed_by,
            proposed_for=record.proposed_for,
            decided_by=by.id,
            decided_for=sorted(by.stands_for),
            decided_at=now,
        )
    )
    session.flush()
    told = {"kind": record.kind, "number": record.number}
    verb = {"approved": "approve", "declined": "decline", "withdrawn": "withdraw"}[state]
    audit.record(session, by=by, at=now, subject="template", subject_id=record.id, moved=verb, detail=told)
