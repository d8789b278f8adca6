"""True names to an outsider: by order of the federal agency's head or a court, and no other way.

2 CFR 200.337(b): the right of access does not reach true names of victims of crime but under those two.
Two people, a named reader, named cases, thirty days at most, and the family is told.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.intake import order_papers
from reunify.intake.case_records import DisclosedCase, DisclosureRecord
from reunify.intake.order_papers import OrderPaper
from reunify.intake.records import RequestRecord
from reunify.kernel.ids import RequestId, StaffId
from reunify.kernel.may import may
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import BadInput, NotAllowed, NotFound, OutOfStep, Problem
from reunify.kernel.sight import leads

LONGEST = timedelta(days=30)
MOST_CASES = 200


class Basis(StrEnum):
    AGENCY_HEAD = "agency_head"
    COURT_ORDER = "court_order"


class AnotherMustConfirm(NotAllowed):
    """Whoever wrote it down does not confirm it, and neither does the reader."""


class OwnSupervisorConfirms(NotAllowed):
    """It is confirmed by whoever leads the team of every case in it."""


class NotToConfirm(OutOfStep):
    """It is confirmed, ended or over already."""


@may(Role.ADMINISTRATOR)
def propose(
    session: Session,
    *,
    reader: StaffId,
    auditors: Collection[StaffId],
    asked_by: str,
    basis: str,
    paper: str,
    attached: OrderPaper,
    references: Sequence[str],
    starts_at: datetime,
    ends_at: datetime,
    by: Staff,
    now: datetime,
) -> UUID:
    """Written down by an administrator, who sees none of the cases, with the paper itself attached.

    Raises BadInput with every problem.
    """
    wanted = list(dict.fromkeys(r.strip().upper() for r in references if r.strip()))
    found = {
        row.reference: row.id
        for row in session.execute(
            sa.select(RequestRecord.reference, RequestRecord.id).where(
                RequestRecord.reference.in_(wanted), RequestRecord.state != "draft"
            )
        )
    }
    problems = _problems(reader, auditors, asked_by, basis, paper, starts_at, ends_at, now)
    if not wanted or len(wanted) > MOST_CASES or any(r not in found for r in wanted):
        problems.append(Problem("/references", "Write the references of submitted requests, one a line."))
    if reader == by.id:
        problems.append(Problem("/reader", "Nobody writes down an order for themselves."))
    if problems:
        raise BadInput(problems)
    kept = order_papers.keep(session, attached, now=now)
    record = DisclosureRecord(
        reader_id=reader,
        asked_by=asked_by.strip(),
        basis=Basis(basis),
        paper=paper.strip(),
        file_sha256=kept.original,
        shown_sha256=kept.shown,
        starts_at=starts_at,
        ends_at=ends_at,
        proposed_by=by.id,
        proposed_at=now,
    )
    session.add(record)
    session.flush()
    session.add_all(DisclosedCase(disclosure_id=record.id, request_id=found[r]) for r in wanted)
    detail = {"cases": len(wanted), "basis": basis, "file_sha256": kept.original}
    audit.record(
        session, by=by, at=now, subject="disclosure", subject_id=record.id, moved="propose", detail=detail
    )
    return record.id


def _problems(
    reader: StaffId,
    auditors: Collection[StaffId],
    asked_by: str,
    basis: str,
    paper: str,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
) -> list[Problem]:
    problems = []
    if reader not in auditors:
        problems.append(Problem("/reader", "Choose the auditor's own account."))
    if len(asked_by.strip()) < 3:
        problems.append(Problem("/asked_by", "Write who asks: the person and the office."))
    if basis not in list(Basis):
        problems.append(Problem("/basis", "Choose the agency head's approval or the court's order."))
    if len(paper.strip()) < 3:
        problems.append(Problem("/paper", "Write the paper's number and where it is kept."))
    if ends_at <= starts_at or ends_at <= now:
        problems.append(Problem("/ends_at", "It must end after it begins, and not in the past."))
    elif ends_at - starts_at > LONGEST:
        problems.append(Problem("/ends_at", "Thirty days at most. A new order may follow."))
    return problems


@may(Role.SUPERVISOR)
def confirm(session: Session, *, disclosure_id: UUID, by: Staff, now: datetime) -> None:
    """A second person, of the cases' own team, has read the paper.

    Raises NotFound, AnotherMustConfirm, OwnSupervisorConfirms, NotToConfirm.
    """
    record = _locked(session, disclosure_id)
    if {StaffId(record.proposed_by), StaffId(record.reader_id)} & by.selves:
        raise AnotherMustConfirm("A colleague must confirm this: not who wrote it down, not who reads.")
    teams = _teams(session, record.id)
    if not all(leads(by, team) for team in teams):
        raise OwnSupervisorConfirms(
            "The supervisor of the team confirms. Where the cases are of several teams, end this order and "
            "write one for each team."
        )
    if record.confirmed_at is not None or record.ended_at is not None or record.ends_at <= now:
        raise NotToConfirm("This order is confirmed, ended or over already.")
    record.confirmed_by, record.confirmed_at = by.id, now
    audit.record(session, by=by, at=now, subject="disclosure", subject_id=record.id, moved="confirm")
    for request_id in _cases(session, record.id):
        audit.record(session, by=by, at=now, subject="request", subject_id=request_id, moved="disclose")


@may(Role.ADMINISTRATOR, Role.SUPERVISOR)
def end(session: Session, *, disclosure_id: UUID, by: Staff, now: datetime) -> None:
    """At once, by either of the two roles. Raises NotFound, NotToConfirm."""
    record = _locked(session, disclosure_id)
    if record.ended_at is not None:
        raise NotToConfirm("This order is ended already.")
    record.ended_by, record.ended_at = by.id, now
    audit.record(session, by=by, at=now, subject="disclosure", subject_id=record.id, moved="end")


@may(Role.CASE_MANAGER)
def mark_told(
    session: Session, *, disclosure_id: UUID, request_id: RequestId, by: Staff, now: datetime
) -> None:
    """The family heard it. The caller has checked whose case it is. Raises NotFound."""
    record = session.get(DisclosedCase, (disclosure_id, request_id), with_for_update=True)
    if record is None:
        raise NotFound("There is no such disclosure.")
    if record.told_at is None:
        record.told_by, record.told_at = by.id, now
        audit.record(
            session, by=by, at=now, subject="request", subject_id=request_id, moved="tell_of_disclosure"
        )


def _locked(session: Session, disclosure_id: UUID) -> DisclosureRecord:
    record = session.get(DisclosureRecord, disclosure_id, with_for_update=True)
    if record is None:
        raise NotFound("There is no such disclosure.")
    return record


def _teams(session: Session, disclosure_id: UUID) -> set[str]:
    """Of the cases in it; a case without a team is any supervisor's."""
    named = (
        sa.select(RequestRecord.team)
        .join(DisclosedCase, DisclosedCase.request_id == RequestRecord.id)
        .where(DisclosedCase.disclosure_id == disclosure_id, RequestRecord.team.is_not(None))
    )
    return {team for team in session.scalars(named) if team is not None}


def _cases(session: Session, disclosure_id: UUID) -> list[UUID]:
    told = sa.select(DisclosedCase.request_id).where(DisclosedCase.disclosure_id == disclosure_id)
    return list(session.scalars(told))
