"""People say yes or no: an award before them, with everything the digest holds; a refusal to confirm."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from reunify.allocation.queries import award_plan
from reunify.approval import envelope_queries, policy, queries
from reunify.approval.queries import Award
from reunify.bootstrap import House
from reunify.eligibility.explained import SourceView
from reunify.eligibility.left import explanation_left
from reunify.identity import on_call
from reunify.identity.queries import staff_names
from reunify.intake import overlaps
from reunify.intake import queries as intake
from reunify.intake.reach import Reach
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotAllowed
from reunify.kernel.sight import Sight
from reunify.payees import queries as payees
from reunify.rates.policy import Organisation
from reunify.reporting import payout_fees, sheet, views
from reunify.rules import queries as rules
from reunify.web import award_acts, card_shown, reading, told_shown
from reunify.web.audience import (
    FINANCE_ROLES,
    AnyStaff,
    AtHouse,
    CaseManager,
    Finance,
    SteppedUpFinance,
)
from reunify.web.pages.documents import masked_sheet
from reunify.web.pages.form_showing import ShownProblem, value_at
from reunify.web.pages.view import go, holds, organisation_now, posted, staff_page, text_of
from reunify.web.scope import PaidCase, ReleasedCase, SeenCase, WholeCase

router = APIRouter(include_in_schema=False)
Posted = Annotated[FormData, Depends(posted)]


@router.get("/awards/{award_id}")
def show(request: Request, award_id: UUID, by: AnyStaff, at: AtHouse, case: SeenCase) -> Response:
    return _award_page(request, award_id, by, at, case)


@router.get("/awards/{award_id}/sheet")
def approval_sheet(award_id: UUID, by: AnyStaff, at: AtHouse, case: SeenCase) -> Response:
    """What finance decides on and an auditor keeps, instead of the letter: without the family's words."""
    with at.db.work() as session:
        award = queries.award(session, award_id)
        lines = sheet.of_award(session, award, case.sight)
        reading.one(session, by=by, at=at.now(), subject="award", subject_id=award_id, sight=case.sight)
    return masked_sheet(lines, f"approval-sheet-{award.reference}")


@router.post("/awards/{award_id}/approve")
def approve(award_id: UUID, by: Finance, at: AtHouse, case: PaidCase) -> Response:
    award_acts.approve(at, award_id, by)
    return go(f"/awards/{award_id}", "approved")


@router.post("/awards/{award_id}/release")
def release(award_id: UUID, by: SteppedUpFinance, at: AtHouse, case: ReleasedCase) -> Response:
    award_acts.release(at, award_id, by)
    return go(f"/awards/{award_id}", "released")


@router.post("/awards/{award_id}/approve-and-release")
def approve_and_release(award_id: UUID, by: SteppedUpFinance, at: AtHouse, case: ReleasedCase) -> Response:
    award_acts.approve_and_release(at, award_id, by)
    return go(f"/awards/{award_id}", "released")


@router.post("/awards/{award_id}/decline")
def decline(
    request: Request, award_id: UUID, form: Posted, by: Finance, at: AtHouse, case: PaidCase
) -> Response:
    reason = text_of(form, "reason")[:4000]
    try:
        award_acts.decline(at, award_id, reason, by)
    except policy.ReasonNeeded as refused:
        return _award_page(request, award_id, by, at, case, wrong=str(refused), status=422)
    return go(f"/awards/{award_id}", "declined")


@router.get("/refusals/{refusal_id}")
def show_refusal(request: Request, refusal_id: UUID, by: AnyStaff, at: AtHouse, case: SeenCase) -> Response:
    """Why no source can pay, before a person puts their name to it."""
    whole = case.sight is Sight.WHOLE
    with at.db.work() as session:
        refusal = queries.refusal(session, refusal_id)
        explained = explanation_left(session, refusal.request_id)
        asked = intake.request(session, refusal.request_id)
        context: dict[str, Any] = {
            "refusal": refusal,
            "reference": case.reference,
            "explanation": explained if whole else None,
            "sources": views.sources(explained.sources),
            "lines": _lines_told(asked.content) if whole else {},
            "names": staff_names(session, [i for i in (refusal.confirmed_by,) if i]),
            "cannot": _why_not(lambda: policy.check_can_confirm_refusal(by)),
        }
        org = organisation_now(session, at)
        reading.one(session, by=by, at=at.now(), subject="refusal", subject_id=refusal_id, sight=case.sight)
    return staff_page(request, "staff/refusal.html", me=by, org=org, **context)


@router.post("/refusals/{refusal_id}/confirm")
def confirm(refusal_id: UUID, by: CaseManager, at: AtHouse, case: WholeCase) -> Response:
    """A named person says no, once, kindly."""
    award_acts.confirm_refusal(at, refusal_id, by)
    return go(f"/requests/{case.request_id}", "confirmed")


def _award_page(
    request: Request,
    award_id: UUID,
    by: Staff,
    at: House,
    case: Reach,
    *,
    wrong: str = "",
    status: int = 200,
) -> Response:
    with at.db.work() as session:
        award = queries.award(session, award_id)
        org = organisation_now(session, at)
        context = _about(session, award, by, case.sight, at, org) | _instead(session, award, by, at.now())
        card = card_shown.of_award(session, at, award_id, by)
        telling = told_shown.of_award(session, award_id, by, at.now())
        reading.one(session, by=by, at=at.now(), subject="award", subject_id=award_id, sight=case.sight)
    problems = [ShownProblem("reason", "Reason", wrong)] if wrong else []
    return staff_page(
        request,
        "staff/award.html",
        me=by,
        org=org,
        status=status,
        award=award,
        reference=case.reference,
        masked=case.sight is Sight.MASKED,
        problems=problems,
        card=card,
        telling=telling,
        has_it_open=holds(by, *FINANCE_ROLES, Role.SUPERVISOR),
        **context,
    )


def _not_alone(session: Session, award: Award, by: Staff, now: datetime) -> str | None:
    """Why the envelope lets this person not do both; None where it does."""
    if award.ceiling <= award.small_limit or award.state not in ("awaiting_approval", "approved"):
        return ""
    return envelope_queries.why_not_alone(
        session, enveloped=award.enveloped, allocation_id=award.allocation_id, by=by, now=now
    )


def _about(
    session: Session, award: Award, by: Staff, sight: Sight, at: House, org: Organisation | None
) -> dict[str, Any]:
    now, rail_on = at.now(), at.gateway is not None
    plan = award_plan(session, award.allocation_id)
    people = {award.requested_by, award.approved_by, award.released_by} - {None}
    limits: dict[str, int] = {}
    for line in plan.lines:
        limits[line.payee_key] = limits.get(line.payee_key, 0) + (line.ceiling if line.unit == "cents" else 0)
    paid = payees.newest(session, award.request_id)
    judged = explanation_left(session, award.request_id).sources
    return {
        "split_shown": views.split(session, plan, award.request_id, sight),
        "payees": [
            (views.payee_name(paid[key], sight), paid[key].kind, paid[key].stripe_consent, limit)
            for key, limit in sorted(limits.items())
            if key in paid
        ],
        "fees": payout_fees.of_plan(session, plan.lines, paid, org, rail_on=rail_on, now=now),
        "names": staff_names(session, [i for i in people if i]),
        "sources": views.sources(judged),
        "goes_on": [] if sight is Sight.MASKED else overlaps.going_on(session, award.request_id),
        "sees_costs": holds(by, *FINANCE_ROLES, Role.AUDITOR),
        "suspended": _suspended_since(session, award, judged, {line.fund_code for line in plan.lines}),
        **_may(award, by, award.authors, _not_alone(session, award, by, now)),
        "review": envelope_queries.review_of(session, award.id) if award.enveloped else None,
    }


def _suspended_since(
    session: Session, award: Award, judged: tuple[SourceView, ...], pays: set[str]
) -> list[str]:
    """Sources of this award whose rules were suspended after they answered, by name: told, and not refused.

    A suspension ends what the rules answer, not what two people decide: whoever wants it judged anew has the
    request checked again, and the new version then asks a person.
    """
    if award.state not in ("awaiting_approval", "approved"):
        return []
    books = rules.in_force_if_any(session)
    now = books.suspended if books else frozenset[str]()
    return sorted(s.name for s in judged if s.source in pays & now and not s.suspended)


def _may(award: Award, by: Staff, authors: Any, not_alone: str | None) -> dict[str, Any]:
    """For each act: None if this person may do it, else why not, in words. `alone`: on call, inside an open
    envelope, above the limit: then the one act is the first button."""

    def release_check(approver: Any) -> Callable[[], None]:
        return lambda: policy.check_can_release(
            by,
            authors=authors,
            approved_by=approver,
            approved_for=award.approved_for,
            ceiling=award.ceiling,
            small_limit=award.small_limit,
            not_alone=not_alone,
        )

    approve_reason = _why_not(lambda: policy.check_can_approve(by, authors=authors))
    return {
        "cannot_approve": approve_reason,
        "cannot_release": _why_not(release_check(award.approved_by)),
        "cannot_both": approve_reason or _why_not_both(award, by, not_alone),
        "alone": not_alone is None,
    }


def _instead(session: Session, award: Award, by: Staff, now: datetime) -> dict[str, str]:
    """Whom to call, for a finance person who may not decide because of who they are or stand for."""
    decided = award.approved_for | {i for i in (award.approved_by,) if i}
    closed = award.authors | (decided if award.ceiling > award.small_limit else frozenset())
    if not by.roles.intersection(FINANCE_ROLES) or by.selves.isdisjoint(closed):
        return {"instead": ""}
    return {"instead": on_call.whom_to_call(session, authors=closed, now=now)}


def _why_not_both(award: Award, by: Staff, not_alone: str | None) -> str | None:
    if not policy.can_release(
        by,
        authors=(),
        approved_by=by.id,
        ceiling=award.ceiling,
        small_limit=award.small_limit,
        not_alone=not_alone,
    ):
        why = not_alone if award.enveloped else ""
        return f"Above {award.small_limit}, one person approves and another releases. {why}".rstrip()
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
