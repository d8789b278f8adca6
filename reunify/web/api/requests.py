"""Create, edit and submit a travel-assistance request; answer its questions; see how it stands."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from reunify.approval import queries as approval
from reunify.identity import family_links
from reunify.intake import actions, problems, queries, reach, signers
from reunify.intake.queries import Draft
from reunify.kernel.ids import RequestId
from reunify.kernel.refusals import BadInput
from reunify.kernel.text import LongText
from reunify.reporting import progress
from reunify.web import reading
from reunify.web.audience import AnyStaff, AtHouse, CaseManager, EntersRequests, ReadsProgress
from reunify.web.errors import refusal_body
from reunify.web.scope import EnteredCase, ProgressCase, WholeCase

router = APIRouter(tags=["requests"])


class Answers(BaseModel):
    """JSON pointer of each field, and its answer."""

    model_config = ConfigDict(extra="forbid")
    answers: dict[str, Any]
    overlap_reason: LongText = ""


class Submission(BaseModel):
    """`overlap_reason`: why it goes on beside another request for the same child, traveler or night."""

    model_config = ConfigDict(extra="forbid")
    overlap_reason: LongText = ""


@router.post("/requests", status_code=201, response_model=None)
def create(draft: dict[str, Any], by: EntersRequests, at: AtHouse) -> JSONResponse:
    """Begin a draft. It is kept even when some answers need another look (422 then says which)."""
    with at.db.work() as session:
        kept = actions.create(session, draft=draft, by=by, now=at.now())
    return _kept(kept, 201)


@router.put("/requests/{request_id}", response_model=None)
def edit(
    request_id: UUID,
    draft: dict[str, Any],
    by: EntersRequests,
    at: AtHouse,
    case: EnteredCase,
    if_match: Annotated[int | None, Header()] = None,
) -> JSONResponse:
    """Replace the draft; `If-Match` carries the revision that was read. Kept as in create."""
    with at.db.work() as session:
        kept = actions.edit(
            session,
            request_id=RequestId(request_id),
            draft=draft,
            expected_revision=if_match,
            by=by,
            now=at.now(),
        )
    return _kept(kept, 200)


def _kept(draft: Draft, status: int) -> JSONResponse:
    _, found = problems.read(draft.content)
    wrong = problems.malformed(found)
    about: dict[str, Any] = {
        "id": str(draft.id),
        "reference": draft.reference,
        "state": draft.state,
        "revision": draft.revision,
    }
    if wrong:
        return refusal_body(BadInput(wrong), draft=about)
    about["missing"] = [p.pointer for p in found]
    return JSONResponse(about, status_code=status)


@router.post("/requests/{request_id}/submission", status_code=202)
def submit(
    request_id: UUID,
    by: EntersRequests,
    at: AtHouse,
    case: EnteredCase,
    body: Submission | None = None,
) -> dict[str, Any]:
    """Freeze version 1; the flow checks it within a moment."""
    with at.db.work(wake=True) as session:
        version = actions.submit(
            session,
            request_id=RequestId(request_id),
            case_types=at.case_types,
            going_on=body.overlap_reason if body else "",
            by=by,
            now=at.now(),
        )
    return {"version_id": str(version), "number": 1}


@router.post("/requests/{request_id}/answers", status_code=202)
def answer(request_id: UUID, body: Answers, by: CaseManager, at: AtHouse, case: WholeCase) -> dict[str, Any]:
    """Freeze the next version with these answers in place."""
    with at.db.work(wake=True) as session:
        version = actions.answer(
            session,
            request_id=RequestId(request_id),
            answers=body.answers,
            award_stands=approval.newest_award(session, request_id) is not None,
            case_types=at.case_types,
            going_on=body.overlap_reason,
            by=by,
            now=at.now(),
        )
        number = queries.version(session, version).number
    return {"version_id": str(version), "number": number}


@router.get("/requests")
def list_requests(by: AnyStaff, at: AtHouse) -> list[dict[str, Any]]:
    """The newest requests in the caller's reach, without names."""
    with at.db.read() as session:
        found = reach.requests(session, by=by, now=at.now())
    return [{"id": str(r.id), "reference": r.reference, "state": r.state} for r, _ in found]


@router.get("/requests/{request_id}")
def show(request_id: UUID, by: CaseManager, at: AtHouse, case: WholeCase) -> dict[str, Any]:
    """The draft as it stands."""
    with at.db.work() as session:
        kept = queries.request(session, request_id)
        reading.one(session, by=by, at=at.now(), subject="request", subject_id=request_id)
    return {
        "id": str(kept.id),
        "reference": kept.reference,
        "state": kept.state,
        "revision": kept.revision,
        "draft": kept.content,
    }


@router.get("/requests/{request_id}/progress")
def show_progress(request_id: UUID, by: ReadsProgress, at: AtHouse, case: ProgressCase) -> dict[str, Any]:
    """Where the request stands: stage, answer of each source, award, payments, documents, runs.

    Only who sees the case whole reads its questions and its lines by key.
    """
    with at.db.work() as session:
        now = progress.of(session, request_id=request_id)
        reading.one(session, by=by, at=at.now(), subject="request", subject_id=request_id, sight=case.sight)
    return progress.as_json(now, case.sight)


@router.post("/requests/{request_id}/family-link", status_code=201)
def make_link(request_id: UUID, by: CaseManager, at: AtHouse, case: WholeCase) -> dict[str, str]:
    """The contact person's first link, code and PIN, shown once. A new one needs a call back on the pages.

    Made in an emergency opening, it ends with that.
    """
    with at.db.work() as session:
        reader = signers.contact_person(queries.newest_version(session, request_id).content)
        new = family_links.make_family_link(
            session,
            request_id=RequestId(request_id),
            reader=reader.key,
            within=case.opened,
            by=by,
            now=at.now(),
        )
    address = f"{at.settings.own_url.rstrip('/')}/f/{new.token}"
    return {"address": address, "token": new.token, "code": new.code, "pin": new.pin}
