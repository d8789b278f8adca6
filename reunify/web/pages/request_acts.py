"""On a request: decide what the rules leave to a person, or have the same facts checked once more."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from reunify.eligibility import actions as eligibility
from reunify.intake import actions as intake
from reunify.kernel.ids import RequestId
from reunify.kernel.refusals import BadInput, NotAllowed, NotFound, Refused
from reunify.kernel.text import LongText, SafeText
from reunify.rules import queries as rules
from reunify.web.audience import AtHouse, CaseManager
from reunify.web.errors import status_of
from reunify.web.pages.decisions import Typed
from reunify.web.pages.requests import page_of
from reunify.web.pages.view import go
from reunify.web.scope import WholeCase

router = APIRouter(include_in_schema=False)


@router.post("/requests/{request_id}/decisions")
def decide(
    request: Request,
    request_id: UUID,
    by: CaseManager,
    at: AtHouse,
    case: WholeCase,
    requirement: Annotated[SafeText, Form()],
    decision: Annotated[SafeText, Form()],
    reason: Annotated[LongText, Form()] = "",
) -> Response:
    """The decision is kept, and the same facts are frozen as a new version, whose check uses it.

    Refused, the page comes again with the reason as typed.
    """
    try:
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
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        wrong = refused.problems if isinstance(refused, BadInput) else []
        typed = Typed(requirement, reason, "" if wrong else str(refused))
        return page_of(request, case, by, at, decided=typed, wrong=wrong, status=status_of(refused)[0])
    return go(f"/requests/{request_id}", "decided")


@router.post("/requests/{request_id}/check-again")
def check_again(
    request: Request, request_id: UUID, by: CaseManager, at: AtHouse, case: WholeCase
) -> Response:
    """For a version that could not be judged, once what stood in its way is mended elsewhere."""
    try:
        with at.db.work(wake=True) as session:
            intake.check_again(
                session, request_id=RequestId(request_id), case_types=at.case_types, by=by, now=at.now()
            )
    except BadInput as refused:
        return page_of(request, case, by, at, wrong=refused.problems, status=422)
    return go(f"/requests/{request_id}", "checked_again")
