"""What the rules leave to a person: decided with a reason, and the request is checked again."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import Response

from reunify.eligibility import actions as eligibility
from reunify.eligibility.queries import RequirementView
from reunify.eligibility.rulebook import rulebooks
from reunify.intake import actions as intake
from reunify.kernel.ids import RequestId
from reunify.kernel.text import LongText, SafeText
from reunify.reporting.progress import Progress
from reunify.web.audience import AtHouse, CaseManager
from reunify.web.pages.view import go

router = APIRouter(include_in_schema=False)
_AUTHORITY = "return_authority_decision"


@router.post("/requests/{request_id}/decisions")
def decide(
    request_id: UUID,
    by: CaseManager,
    at: AtHouse,
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
            rulebooks=rulebooks(),
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
