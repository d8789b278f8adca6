"""People say yes or no: an award before them, with everything the digest holds; a refusal to confirm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from reunify.allocation.queries import award_plan
from reunify.approval import actions, policy, queries
from reunify.approval.queries import Award
from reunify.bootstrap import House
from reunify.eligibility import queries as eligibility
from reunify.funds import queries as funds
from reunify.identity.queries import staff_names
from reunify.intake import queries as intake
from reunify.kernel.ids import AwardId
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotAllowed
from reunify.payees import queries as payees
from reunify.web.audience import AnyStaff, AtHouse, Finance, staff
from reunify.web.pages.form_showing import ShownProblem, value_at
from reunify.web.pages.view import go, may_read_names, organisation_now, posted, staff_page, text_of

router = APIRouter(include_in_schema=False)
Posted = Annotated[FormData, Depends(posted)]
Confirmer = Annotated[Staff, Depends(staff(Role.CASE_MANAGER))]


@router.get("/awards/{award_id}")
def show(request: Request, award_id: UUID, by: AnyStaff, at: AtHouse) -> Response:
    return _award_page(request, award_id, by, at)


@router.post("/awards/{award_id}/approve")
def approve(award_id: UUID, by: Finance, at: AtHouse) -> Response:
    """Yes to exactly what stands now."""
    with at.db.work() as session:
        actions.approve(
            session,
            award_id=AwardId(award_id),
            templates=at.letter_templates(),
            by=by,
            now=at.now(),
        )
    return go(f"/awards/{award_id}", "approved")


@router.post("/awards/{award_id}/release")
def release(award_id: UUID, by: Finance, at: AtHouse) -> Response:
    """The last money gate: obligates, and the flow pays."""
    with at.db.work(wake=True) as session:
        actions.release(
            session,
            award_id=AwardId(award_id),
            templates=at.letter_templates(),
            by=by,
            now=at.now(),
        )
    return go(f"/awards/{award_id}", "released")


@router.post("/awards/{award_id}/approve-and-release")
def approve_and_release(award_id: UUID, by: Finance, at: AtHouse) -> Response:
    """Both in one act, at or under the dated small-amount limit only."""
    with at.db.work(wake=True) as session:
        actions.approve_and_release(
            session,
            award_id=AwardId(award_id),
            templates=at.letter_templates(),
            by=by,
            now=at.now(),
        )
    return go(f"/awards/{award_id}", "released")


@router.post("/awards/{award_id}/decline")
def decline(request: Request, award_id: UUID, form: Posted, by: Finance, at: AtHouse) -> Response:
    """No, with a reason; what was reserved is free again."""
    reason = text_of(form, "reason")[:4000]
    try:
        with at.db.work(wake=True) as session:
            actions.decline(session, award_id=AwardId(award_id), reason=reason, by=by, now=at.now())
    except policy.ReasonNeeded as refused:
        return _award_page(request, award_id, by, at, wrong=str(refused), status=422)
    return go(f"/awards/{award_id}", "declined")


@router.get("/refusals/{refusal_id}")
def show_refusal(request: Request, refusal_id: UUID, by: AnyStaff, at: AtHouse) -> Response:
    """Why no source can pay, before a person puts their name to it."""
    named = may_read_names(by)
    with at.db.read() as session:
        refusal = queries.refusal(session, refusal_id)
        asked = intake.request(session, refusal.request_id)
        context: dict[str, Any] = {
            "refusal": refusal,
            "asked": asked,
            "explanation": eligibility.explanation(session, refusal.request_id),
            "lines": _lines_told(asked.content) if named else {},
            "names": staff_names(session, [i for i in (refusal.confirmed_by,) if i]),
            "cannot": _why_not(lambda: policy.check_can_confirm_refusal(by)),
        }
        org = organisation_now(session, at)
    return staff_page(request, "staff/refusal.html", me=by, org=org, named=named, **context)


@router.post("/refusals/{refusal_id}/confirm")
def confirm(refusal_id: UUID, by: Confirmer, at: AtHouse) -> Response:
    """A named person says no, once, kindly."""
    with at.db.work(wake=True) as session:
        actions.confirm_refusal(session, refusal_id=refusal_id, by=by, now=at.now())
        asked = queries.refusal(session, refusal_id).request_id
    return go(f"/requests/{asked}", "confirmed")


def _award_page(
    request: Request, award_id: UUID, by: Staff, at: House, *, wrong: str = "", status: int = 200
) -> Response:
    named = may_read_names(by)
    with at.db.read() as session:
        award = queries.award(session, award_id)
        context = _about(session, award, by, named)
        org = organisation_now(session, at)
    problems = [ShownProblem("reason", "Reason", wrong)] if wrong else []
    return staff_page(
        request,
        "staff/award.html",
        me=by,
        org=org,
        status=status,
        award=award,
        named=named,
        problems=problems,
        **context,
    )


def _about(session: Session, award: Award, by: Staff, named: bool) -> dict[str, Any]:
    asked = intake.request(session, award.request_id)
    plan = award_plan(session, award.allocation_id)
    paid = {line.payee_key for line in plan.lines}
    people = {award.requested_by, award.approved_by, award.released_by} - {None}
    return {
        "asked": asked,
        "plan": plan,
        "lines": _lines_told(asked.content) if named else {},
        "funds": {f.id: f for f in funds.all_funds(session)},
        "payees": {k: p for k, p in payees.newest(session, award.request_id).items() if k in paid},
        "names": staff_names(session, [i for i in people if i]),
        "explained": eligibility.explanation(session, award.request_id),
        **_may(award, by, intake.authors(session, award.request_id)),
    }


def _may(award: Award, by: Staff, authors: Any) -> dict[str, str | None]:
    """For each act: None if this person may do it, else why not, in words."""

    def release_check(approver: Any) -> Callable[[], None]:
        return lambda: policy.check_can_release(
            by,
            authors=authors,
            approved_by=approver,
            ceiling=award.ceiling,
            small_limit=award.small_limit,
        )

    approve_reason = _why_not(lambda: policy.check_can_approve(by, authors=authors))
    return {
        "cannot_approve": approve_reason,
        "cannot_release": _why_not(release_check(award.approved_by)),
        "cannot_both": approve_reason or _why_not_both(award, by),
    }


def _why_not_both(award: Award, by: Staff) -> str | None:
    if not policy.can_release(
        by, authors=(), approved_by=by.id, ceiling=award.ceiling, small_limit=award.small_limit
    ):
        return f"Above {award.small_limit}, one person approves and another releases."
    return None


def _why_not(check: Callable[[], None]) -> str | None:
    try:
        check()
    except NotAllowed as reason:
        return str(reason)
    return None


def _lines_told(content: Any) -> dict[str, Any]:
    told = value_at(content, "/cost_lines") or []
    return {line["key"]: line for line in told if isinstance(line, dict) and "key" in line}
