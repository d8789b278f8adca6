"""When it goes terribly wrong: say so, and see on one screen what still stands and what to do with it."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from reunify.bootstrap import House
from reunify.disbursement import quiet
from reunify.identity.queries import staff_names
from reunify.intake import outcomes
from reunify.intake.outcome_policy import AlreadyQuiet, NeedsAnother, NeedsReason, Outcome
from reunify.intake.reach import Reach
from reunify.kernel.ids import InstructionId, RequestId
from reunify.kernel.people import Staff
from reunify.kernel.refusals import Refused
from reunify.reporting import quiet_cases
from reunify.web import reading
from reunify.web.api.outcomes import KeepsCase, KeptCase, SteppedUp, SteppedUpCase
from reunify.web.audience import AtHouse, SteppedUpFinance
from reunify.web.errors import status_of
from reunify.web.pages.form_showing import ShownProblem
from reunify.web.pages.view import PostedForm, go, organisation_now, staff_page, text_of
from reunify.web.scope import ReleasedCase

router = APIRouter(include_in_schema=False)
_ASKED = (NeedsReason, NeedsAnother, AlreadyQuiet)


@router.get("/requests/{request_id}/outcome")
def show(request: Request, request_id: UUID, by: KeepsCase, at: AtHouse, case: KeptCase) -> Response:
    return _page(request, case, by, at)


@router.post("/requests/{request_id}/outcome")
def record(
    request: Request, request_id: UUID, form: PostedForm, by: SteppedUp, at: AtHouse, case: SteppedUpCase
) -> Response:
    """Refused, the page comes again with what was typed."""
    said, reason = text_of(form, "outcome"), text_of(form, "reason")[:4000]
    if said not in {o.value for o in Outcome}:
        wrong = NeedsReason("Choose what happened.", field="/outcome")
        return _page(request, case, by, at, wrong=wrong, reason=reason)
    try:
        with at.db.work(wake=True) as session:
            outcomes.record(
                session,
                request_id=RequestId(request_id),
                outcome=Outcome(said),
                reason=reason,
                by=by,
                now=at.now(),
            )
    except _ASKED as refused:
        return _page(request, case, by, at, wrong=refused, chosen=said, reason=reason)
    return go(f"/requests/{request_id}/outcome", "quiet")


@router.post("/requests/{request_id}/outcome/correct")
def correct(
    request: Request, request_id: UUID, form: PostedForm, by: SteppedUp, at: AtHouse, case: SteppedUpCase
) -> Response:
    reason = text_of(form, "reason")[:4000]
    try:
        with at.db.work(wake=True) as session:
            outcomes.put_right(session, request_id=RequestId(request_id), reason=reason, by=by, now=at.now())
    except _ASKED as refused:
        return _page(request, case, by, at, wrong=refused, reason=reason)
    return go(f"/requests/{request_id}", "not_quiet")


@router.post("/payments/{instruction_id}/let-go")
def let_go(instruction_id: UUID, by: SteppedUpFinance, at: AtHouse, case: ReleasedCase) -> Response:
    with at.db.work(wake=True) as session:
        quiet.let_go(session, instruction_id=InstructionId(instruction_id), by=by, now=at.now())
    return go(f"/payments/{instruction_id}", "let_go")


def _page(
    request: Request,
    case: Reach,
    by: Staff,
    at: House,
    *,
    wrong: Refused | None = None,
    chosen: str = "",
    reason: str = "",
) -> Response:
    with at.db.work() as session:
        found = outcomes.standing(session, case.request_id)
        stands = quiet_cases.what_stands(session, case.request_id)
        org = organisation_now(session, at)
        names = staff_names(session, [found.recorded_by] if found else [])
        reading.one(session, by=by, at=at.now(), subject="request", subject_id=case.request_id)
    at_field = (wrong.field or "/reason").removeprefix("/") if wrong else ""
    return staff_page(
        request,
        "staff/outcome.html",
        me=by,
        org=org,
        status=status_of(wrong)[0] if wrong else 200,
        case=case,
        found=found,
        stands=stands,
        names=names,
        outcomes=[o.value for o in Outcome],
        mine=found is not None and found.recorded_by in by.selves,
        problems=[ShownProblem(at_field, at_field.capitalize(), str(wrong))] if wrong else [],
        chosen=chosen,
        reason=reason,
    )
