"""Papers of a case for staff: sent in, looked at, set aside unseen. The list shows no picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from reunify.bootstrap import House
from reunify.files import evidence, setting_aside
from reunify.files import evidence_queries as queries
from reunify.files.evidence_policy import REMEDY, Kind, NoLongerKept
from reunify.files.evidence_queries import Paper
from reunify.identity.queries import staff_names
from reunify.intake.reach import Reach
from reunify.kernel.ids import RequestId, StaffId
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotFound
from reunify.kernel.sight import Sight
from reunify.retention import finding
from reunify.web import reading
from reunify.web.audience import AtHouse, staff
from reunify.web.limits import count_upload
from reunify.web.pages.form_showing import ShownProblem
from reunify.web.pages.view import PostedForm, go, organisation_now, staff_page, text_of
from reunify.web.papers_sent import ACCEPT, UploadForm, attachment, batch_of, take_in
from reunify.web.scope import case_at, case_for

router = APIRouter(include_in_schema=False)
CaseWorker = Annotated[Staff, Depends(staff(Role.CASE_MANAGER, Role.SUPERVISOR))]
PapersCase = Annotated[Reach, Depends(case_at(CaseWorker, Sight.WHOLE))]
_LONGEST_REASON = 1000


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The same file in another request; without a reference for those who may not know which."""

    reference: str | None
    request_id: RequestId | None


@router.get("/requests/{request_id}/papers")
def show_papers(
    request: Request, request_id: UUID, by: CaseWorker, at: AtHouse, case: PapersCase
) -> Response:
    return _list(request, case, by, at)


@router.post("/requests/{request_id}/papers")
def send_papers(
    request: Request, request_id: UUID, by: CaseWorker, at: AtHouse, case: PapersCase, form: UploadForm
) -> Response:
    """Several files of one kind. What is taken is kept even when a file beside it is not."""
    count_upload(at, by.id)
    batch = batch_of(form)
    problems = []
    if batch.kind is None:
        problems.append(ShownProblem("kind", "Kind of paper", "Choose one."))
    if not batch.files:
        problems.append(ShownProblem("files", "Files", "Choose at least one."))
    if batch.too_many:
        problems.append(ShownProblem("files", "Files", "Send at most 5 at a time."))
    if problems:
        return _list(request, case, by, at, problems=problems, chosen=batch.kind)
    refused = take_in(at, batch, request_id=case.request_id, by=by)
    if refused:
        problems = [ShownProblem("files", one.name or "A file", REMEDY[one.reason]) for one in refused]
        kept = len(batch.files) - len(refused)
        return _list(request, case, by, at, problems=problems, chosen=batch.kind, kept=kept)
    return go(f"/requests/{request_id}/papers", "papers_kept")


@router.get("/requests/{request_id}/papers/{evidence_id}")
def look(
    request: Request, request_id: UUID, evidence_id: UUID, by: CaseWorker, at: AtHouse, case: PapersCase
) -> Response:
    """One paper on its own page: only here is a picture shown, and only the one drawn again."""
    with at.db.work() as session:
        paper = _paper(session, case, evidence_id, by)
        reading.one(session, by=by, at=at.now(), subject=evidence.SUBJECT, subject_id=evidence_id)
        context = _about(session, case, [paper], by, at)
        org = organisation_now(session, at)
    return staff_page(request, "staff/paper.html", me=by, org=org, case=case, paper=paper, **context)


@router.get("/requests/{request_id}/papers/{evidence_id}/file")
def file(
    request: Request, request_id: UUID, evidence_id: UUID, by: CaseWorker, at: AtHouse, case: PapersCase
) -> Response:
    with at.db.work() as session:
        opened = evidence.show(
            session, evidence_id=evidence_id, request_id=case.request_id, by=by, now=at.now()
        )
        return attachment(request, opened)


@router.post("/requests/{request_id}/papers/{evidence_id}/quarantine")
def quarantine(
    request_id: UUID, evidence_id: UUID, by: CaseWorker, at: AtHouse, case: PapersCase
) -> Response:
    """One button, without opening the paper."""
    with at.db.work() as session:
        setting_aside.quarantine(
            session, evidence_id=evidence_id, request_id=case.request_id, by=by, now=at.now()
        )
    return go(f"/requests/{request_id}/papers", "set_aside")


@router.post("/requests/{request_id}/papers/{evidence_id}/removal")
def remove(
    request: Request,
    request_id: UUID,
    evidence_id: UUID,
    by: CaseWorker,
    at: AtHouse,
    case: PapersCase,
    form: PostedForm,
) -> Response:
    """Sent by mistake."""
    why = text_of(form, "reason")[:_LONGEST_REASON]
    if not why:
        problem = ShownProblem(f"why-{evidence_id}", "Why it is removed", "Write the reason.")
        return _list(request, case, by, at, problems=[problem])
    with at.db.work() as session:
        setting_aside.remove(
            session,
            evidence_id=evidence_id,
            request_id=case.request_id,
            why=why,
            held=finding.is_held,
            by=by,
            now=at.now(),
        )
    return go(f"/requests/{request_id}/papers", "paper_removed")


def _list(
    request: Request,
    case: Reach,
    by: Staff,
    at: House,
    *,
    problems: list[ShownProblem] | None = None,
    chosen: Kind | None = None,
    kept: int = 0,
) -> Response:
    with at.db.work() as session:
        papers = queries.papers(session, request_id=case.request_id, by=by)
        reading.many(
            session, by=by, at=at.now(), subject=evidence.SUBJECT, ids=[paper.id for paper in papers]
        )
        context = _about(session, case, papers, by, at)
        org = organisation_now(session, at)
    return staff_page(
        request,
        "staff/papers.html",
        me=by,
        org=org,
        status=422 if problems else 200,
        case=case,
        papers=papers,
        problems=problems or [],
        chosen=chosen,
        kept=kept,
        kinds=list(Kind),
        accept=ACCEPT,
        **context,
    )


def _paper(session: Session, case: Reach, evidence_id: UUID, by: Staff) -> Paper:
    found = queries.paper(session, evidence_id=evidence_id, request_id=case.request_id, by=by)
    if found is None:
        raise NoLongerKept("That paper is not kept.")
    return found


def _about(session: Session, case: Reach, papers: list[Paper], by: Staff, at: House) -> dict[str, Any]:
    people = {StaffId(one.sender_id) for one in papers if not one.from_family}
    people |= {one.quarantined_by for one in papers if one.quarantined_by}
    same = queries.same_file(session, request_id=case.request_id)
    return {
        "names": staff_names(session, people),
        "remedies": REMEDY,
        "scans": at.scanner is not None,
        "elsewhere": {
            paper.id: [_told(session, found, case, by, at) for found in sorted(same.get(paper.id, ()))]
            for paper in papers
        },
    }


def _told(session: Session, found: RequestId, case: Reach, by: Staff, at: House) -> Elsewhere:
    """Which other request, only to those who see all of it."""
    if found == case.request_id:
        return Elsewhere(case.reference, found)
    try:
        other = case_for(by, session, found, now=at.now())
    except NotFound:
        return Elsewhere(None, None)
    return Elsewhere(other.reference, found) if other.sight is Sight.WHOLE else Elsewhere(None, None)
