"""Sources that are somebody else's: the card to act on, the hand-off written down, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from reunify.bootstrap import House
from reunify.eligibility import hand_off_queries as queries
from reunify.eligibility import queries as eligibility
from reunify.eligibility.explained import Explanation
from reunify.identity.queries import staff_names
from reunify.intake import queries as intake
from reunify.intake.reach import Reach
from reunify.kernel.people import Staff
from reunify.kernel.refusals import NotFound, Refused
from reunify.web import hand_off_acts, reading
from reunify.web.audience import AtHouse, CaseManager
from reunify.web.errors import status_of
from reunify.web.pages.view import PostedForm, go, organisation_now, staff_page, text_of
from reunify.web.scope import WholeCase

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class TypedHere:
    """What was refused: about which source or hand-off, the words as typed, and why."""

    about: str
    words: str
    wrong: str


@router.get("/requests/{request_id}/hand-offs")
def show(request: Request, request_id: UUID, by: CaseManager, at: AtHouse, case: WholeCase) -> Response:
    return _page(request, case, by, at)


@router.post("/requests/{request_id}/hand-offs")
def hand_over(
    request: Request, request_id: UUID, form: PostedForm, by: CaseManager, at: AtHouse, case: WholeCase
) -> Response:
    source, told = text_of(form, "source"), text_of(form, "told")
    try:
        hand_off_acts.hand_over(at, case, source, told, by)
    except NotFound:
        raise
    except Refused as refused:
        return _page(request, case, by, at, TypedHere(source, told, str(refused)), status_of(refused)[0])
    return go(f"/requests/{request_id}/hand-offs", "handed_off")


@router.post("/hand-offs/{hand_off_id}/outcome")
def write_outcome(
    request: Request, hand_off_id: UUID, form: PostedForm, by: CaseManager, at: AtHouse, case: WholeCase
) -> Response:
    outcome, reason = text_of(form, "outcome"), text_of(form, "reason")
    try:
        hand_off_acts.write_outcome(at, case, hand_off_id, outcome, reason, by)
    except NotFound:
        raise
    except Refused as refused:
        typed = TypedHere(str(hand_off_id), reason, str(refused))
        return _page(request, case, by, at, typed, status_of(refused)[0])
    return go(f"/requests/{case.request_id}/hand-offs", "hand_off_ended")


def _page(
    request: Request, case: Reach, by: Staff, at: House, typed: TypedHere | None = None, status: int = 200
) -> Response:
    with at.db.work() as session:
        found = queries.of_request(session, case.request_id)
        judged: Explanation | None = None
        if intake.newest_number(session, case.request_id):
            try:
                judged = eligibility.explanation(session, case.request_id)
            except NotFound:
                judged = None  # being checked
        names = staff_names(session, {one.handed_by for one in found})
        org = organisation_now(session, at)
        reading.one(session, by=by, at=at.now(), subject="request", subject_id=case.request_id)
    waiting = {one.source for one in found if one.open}
    sources = {s.source: s.name for s in judged.sources} if judged else {}
    return staff_page(
        request,
        "staff/hand_offs.html",
        me=by,
        org=org,
        status=status,
        case=case,
        found=found,
        offered=[s for s in queries.offered(judged) if s.source not in waiting],
        called=sources,
        names=names,
        typed=typed,
    )
