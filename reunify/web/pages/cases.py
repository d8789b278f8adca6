"""Whose case it is: hand it over, open another team's in an emergency, tell a family who reads names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from reunify.approval.letter import addressee
from reunify.eligibility import decided, look_back_queries
from reunify.identity.queries import holders
from reunify.intake import cases, disclosing, disclosures, outcomes
from reunify.intake.disclosures import Told
from reunify.intake.form import SafeContact, TravelRequest
from reunify.intake.reach import Reach
from reunify.kernel.ids import RequestId, StaffId
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import Refused
from reunify.kernel.sight import Sight, leads
from reunify.reporting.progress import Progress
from reunify.web.audience import AtHouse, CaseManager, staff
from reunify.web.pages.form_showing import ShownProblem
from reunify.web.pages.view import PostedForm, go, staff_page, text_of
from reunify.web.scope import WholeCase, case_at

router = APIRouter(include_in_schema=False)
Supervisor = Annotated[Staff, Depends(staff(Role.SUPERVISOR))]
TeamCase = Annotated[Reach, Depends(case_at(Supervisor, Sight.WHOLE))]
_WAYS = {
    "may_call": "call",
    "may_text": "text",
    "may_leave_voicemail": "leave a voice message",
    "may_email": "e-mail",
    "may_post": "post",
}


@dataclass(frozen=True, slots=True)
class Reachable:
    """How the family may be told: only what somebody said yes to."""

    name: str
    allowed: list[str]
    hours: str
    language: str


@router.post("/requests/{request_id}/hand-over")
def hand_over(request_id: UUID, form: PostedForm, by: Supervisor, at: AtHouse, case: TeamCase) -> Response:
    """To a case manager of the supervisor's own team."""
    to = text_of(form, "to")
    with at.db.work() as session:
        team = holders(session, Role.CASE_MANAGER, team=case.team) if case.team else {}
        chosen = next((i for i in team if str(i) == to), None)
        if chosen is None:
            raise cases.NotOfTheTeam("Choose a case manager of your team.", field="/to")
        cases.hand_over(
            session, request_id=RequestId(request_id), to=chosen, team=team.keys(), by=by, now=at.now()
        )
    return go(f"/requests/{request_id}", "handed_over")


@router.get("/open-case")
def ask_for_case(request: Request, by: CaseManager) -> Response:
    return _ask(request, by)


@router.post("/open-case")
def open_case(request: Request, form: PostedForm, by: CaseManager, at: AtHouse) -> Response:
    """Another team's case for one night; its supervisor is told."""
    reference, reason = text_of(form, "reference"), text_of(form, "reason")[:4000]
    try:
        with at.db.work() as session:
            opened = cases.open_case(session, reference=reference, reason=reason, by=by, now=at.now())
    except (cases.ReasonNeeded, cases.NoSuchReference) as refused:
        return _ask(request, by, reference=reference, reason=reason, wrong=refused)
    return go(f"/requests/{opened}", "opened")


@router.post("/case-openings/{opening_id}/seen")
def look_at_opening(opening_id: UUID, by: Supervisor, at: AtHouse) -> Response:
    with at.db.work() as session:
        cases.look_at_opening(session, opening_id=opening_id, by=by, now=at.now())
    return go("/", "looked_at")


@router.post("/requests/{request_id}/disclosures/{disclosure_id}/told")
def told(request_id: UUID, disclosure_id: UUID, by: CaseManager, at: AtHouse, case: WholeCase) -> Response:
    """The case manager has told the family who may read their true names."""
    with at.db.work() as session:
        disclosing.mark_told(
            session, disclosure_id=disclosure_id, request_id=case.request_id, by=by, now=at.now()
        )
    return go(f"/requests/{request_id}", "told")


def about_case(session: Session, case: Reach, now: Progress, by: Staff) -> dict[str, Any]:
    """For the request's page: who may take the case over, and what the family still has to hear."""
    colleagues: list[tuple[StaffId, str]] = []
    if leads(by, case.team):
        team = holders(session, Role.CASE_MANAGER, team=case.team)
        colleagues = [(i, name) for i, name in team.items() if i != case.handled_by]
    waiting: list[Told] = []
    if not case.disclosed:
        found = disclosures.disclosures_for_family(session, case.request_id)
        waiting = [one for one in found if one.told_at is None]
    return {
        "colleagues": colleagues,
        "to_tell": waiting,
        "reachable": _reachable(now) if waiting else None,
        "quiet": outcomes.standing(session, case.request_id),
        "look_backs": look_back_queries.of_request(session, case.request_id),
        "decided_by_people": decided.of_request(session, case.request_id, now.explanation),
    }


def _reachable(now: Progress) -> Reachable:
    name, contact = addressee(TravelRequest.model_validate(now.request.content))
    return Reachable(
        name,
        [words for way, words in _WAYS.items() if getattr(contact, way)],
        _hours(contact),
        contact.language,
    )


def _hours(contact: SafeContact) -> str:
    return contact.hours or ""


def _ask(
    request: Request, by: Staff, *, reference: str = "", reason: str = "", wrong: Refused | None = None
) -> Response:
    field = (wrong.field or "/reference").removeprefix("/") if wrong else ""
    problems = [ShownProblem(field, field.capitalize(), str(wrong))] if wrong else []
    return staff_page(
        request,
        "staff/open_case.html",
        me=by,
        status=422 if wrong else 200,
        reference=reference,
        reason=reason,
        problems=problems,
    )
