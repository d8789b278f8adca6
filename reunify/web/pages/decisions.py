"""What the rules leave to a person: decided with a reason, and the request is checked again."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import Response

from reunify.eligibility import actions as eligibility
from reunify.eligibility.queries import RequirementView
from reunify.intake import actions as intake
from reunify.intake.form import TravelerRole
from reunify.intake.policy import is_missing, needs_suitability_finding
from reunify.kernel.ids import RequestId
from reunify.kernel.text import LongText, SafeText
from reunify.reporting.progress import Progress
from reunify.rules import queries as rules
from reunify.web.audience import AtHouse, CaseManager
from reunify.web.pages.form_showing import value_at
from reunify.web.pages.view import go
from reunify.web.scope import WholeCase

router = APIRouter(include_in_schema=False)
_AUTHORITY = "return_authority_decision"
_WEIGHED = (
    "released_by",
    "released_to",
    "custody_basis",
    "called_back",
    "protective_order",
    "abuse_suspected",
)


@router.post("/requests/{request_id}/decisions")
def decide(
    request_id: UUID,
    by: CaseManager,
    at: AtHouse,
    case: WholeCase,
    requirement: Annotated[SafeText, Form()],
    decision: Annotated[SafeText, Form()],
    reason: Annotated[LongText, Form()],
) -> Response:
    """The decision is kept, and the same facts are frozen as a new version, whose check uses it."""
    with at.db.work(wake=True) as session:
        eligibility.decide_requirement(
            session,
            request_id=RequestId(request_id),
            requirement=requirement,
            decision=decision,
            reason=reason,
            rulebooks=rules.in_force(session),
            by=by,
            now=at.now(),
        )
        intake.check_again(
            session, request_id=RequestId(request_id), case_types=at.case_types, by=by, now=at.now()
        )
    return go(f"/requests/{request_id}", "decided")


def authority_to_decide(now: Progress) -> bool:
    """The return authority waits for a person: decided in the request itself, never waived."""
    return any(_is_authority(requirement) for requirement in _waiting(now))


def authority_asked(content: Any) -> list[str]:
    """What the decision stands on and is not known yet, then the decision and its reason; as pointers."""
    told = value_at(content, "/return_authority") or {}
    missing = [name for name in _WEIGHED if is_missing(told.get(name))]
    roles = {
        traveler["key"]: TravelerRole(traveler["role"]) for traveler in value_at(content, "/travelers") or []
    }
    to = told.get("released_to")
    able = [to] if to else list(roles)
    if is_missing(told.get("suitability_finding")) and any(needs_suitability_finding(k, roles) for k in able):
        missing.append("suitability_finding")
    return [f"/return_authority/{name}" for name in (*missing, "decision", "decision_reason")]


def to_decide(now: Progress) -> list[RequirementView]:
    """Other requirements of our own funds that the rules leave to people, each once."""
    found = {r.id: r for r in _waiting(now) if not _is_authority(r)}
    return list(found.values())


def _waiting(now: Progress) -> list[RequirementView]:
    if now.explanation is None or now.stage != "staff_decision":
        return []
    return [
        requirement
        for source in now.explanation.sources
        if source.held
        for requirement in source.requirements
        if requirement.outcome == "needs_staff_decision"
    ]


def _is_authority(requirement: RequirementView) -> bool:
    return any(seen.field == _AUTHORITY for seen in requirement.seen)
