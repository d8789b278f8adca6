"""How long records are kept, what is due, what is held. Plans are approved here, holds placed and lifted."""

from __future__ import annotations

import re
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from reunify.bootstrap import House
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import Problem, Refused
from reunify.retention import actions, finding, planning, queries
from reunify.retention.policy import Period
from reunify.web import reading
from reunify.web.audience import AtHouse, SteppedUpAdministrator, staff
from reunify.web.pages.form_fields import Field
from reunify.web.pages.form_showing import ShownField, ShownProblem, id_of, short_form
from reunify.web.pages.typed import NotRead, day_read
from reunify.web.pages.view import PostedForm, go, holds, organisation_now, staff_page, text_of

router = APIRouter(include_in_schema=False)
ROLES = (Role.SUPERVISOR, Role.ADMINISTRATOR)
Keeper = Annotated[Staff, Depends(staff(*ROLES))]
SteppedUpKeeper = Annotated[Staff, Depends(staff(*ROLES, step_up=True))]
_KEEP = re.compile(r"(\d{1,3}) ?(day|year)s?")


class NotAPeriod(Refused):
    """What was typed is no period."""


@router.get("/retention")
def show(request: Request, by: Keeper, at: AtHouse) -> Response:
    """The schedule, what is due, plans, holds. References only; nobody is named."""
    return _page(request, by, at, FormData())


@router.get("/retention/plans/{plan_id}")
def show_plan(request: Request, plan_id: UUID, by: Keeper, at: AtHouse) -> Response:
    """Item by item what a run of this plan may erase, or what it did."""
    with at.db.read() as session:
        org = organisation_now(session, at)
        plan = queries.plan(session, plan_id)
        rows = {row.kept.record: row.kept for row in queries.schedule(session)}
    may_approve = plan.planned_by_id is None or plan.planned_by_id not in by.selves
    return staff_page(
        request, "retention/plan.html", me=by, org=org, plan=plan, rows=rows, may_approve=may_approve
    )


@router.get("/retention/holds/{hold_id}")
def show_hold(request: Request, hold_id: UUID, by: Keeper, at: AtHouse) -> Response:
    """Why a family's records are held; reading it is written down."""
    with at.db.work() as session:
        org = organisation_now(session, at)
        hold = queries.hold(session, hold_id)
        reading.one(session, by=by, at=at.now(), subject="legal_hold", subject_id=hold_id)
    may_lift = hold.asked_as in ROLES and hold.lift_asked_by_id not in by.selves
    may_lift = may_lift and holds(by, *(set(ROLES) - {Role(str(hold.asked_as))}))
    return staff_page(request, "retention/hold.html", me=by, org=org, hold=hold, may_lift=may_lift)


@router.post("/retention/holds")
def place_hold(request: Request, form: PostedForm, by: Keeper, at: AtHouse) -> Response:
    """One person is enough to stop an erasure, and no passkey is asked for: it may be urgent."""
    try:
        with at.db.work() as session:
            actions.place_hold_by_reference(
                session,
                reference=text_of(form, "/reference"),
                whole_person=text_of(form, "/whole_person") == "yes",
                reason=text_of(form, "/reason"),
                asked_by=text_of(form, "/asked_by"),
                by=by,
                now=at.now(),
            )
    except Refused as refused:
        return _page(request, by, at, form, refused, status=422)
    return go("/retention", "held")


@router.post("/retention/holds/{hold_id}/lift-request")
def ask_to_lift(hold_id: UUID, by: SteppedUpKeeper, at: AtHouse) -> Response:
    """The first of two people."""
    with at.db.work() as session:
        actions.ask_to_lift(session, hold_id=hold_id, by=by, now=at.now())
    return go("/retention", "lift_asked")


@router.post("/retention/holds/{hold_id}/lift")
def lift(hold_id: UUID, by: SteppedUpKeeper, at: AtHouse) -> Response:
    """The second, in the other of the two roles."""
    with at.db.work() as session:
        actions.lift(session, hold_id=hold_id, by=by, now=at.now())
    return go("/retention", "lifted")


@router.post("/retention/holds/{hold_id}/keep")
def keep(hold_id: UUID, by: Keeper, at: AtHouse) -> Response:
    """Held on, after all."""
    with at.db.work() as session:
        actions.keep_hold(session, hold_id=hold_id, by=by, now=at.now())
    return go("/retention", "held")


@router.post("/retention/plans")
def plan(by: Keeper, at: AtHouse) -> Response:
    """Write down what is due today. Another person approves it."""
    with at.db.work() as session:
        plan_id, _ = planning.plan(session, by=by, now=at.now())
    return go(f"/retention/plans/{plan_id}", "planned")


@router.post("/retention/plans/{plan_id}/approve")
def approve(plan_id: UUID, form: PostedForm, by: SteppedUpKeeper, at: AtHouse) -> Response:
    """Yes to exactly the plan on the page; the first of two, if it was made at the command line."""
    with at.db.work() as session:
        approved = planning.approve_plan(
            session, plan_id=plan_id, digest=text_of(form, "digest"), by=by, now=at.now()
        )
    return go(f"/retention/plans/{plan_id}", "plan_approved" if approved else "plan_taken_on")


@router.post("/retention/plans/{plan_id}/discard")
def discard(plan_id: UUID, by: Keeper, at: AtHouse) -> Response:
    with at.db.work() as session:
        planning.discard_plan(session, plan_id=plan_id, by=by, now=at.now())
    return go("/retention", "plan_discarded")


@router.post("/retention/periods")
def set_period(request: Request, form: PostedForm, by: SteppedUpAdministrator, at: AtHouse) -> Response:
    """The organisation's own period; never below a legal minimum."""
    try:
        period = _period(text_of(form, "/keep"))
        with at.db.work() as session:
            actions.set_period(session, record=text_of(form, "/record"), period=period, by=by, now=at.now())
    except Refused as refused:
        return _page(request, by, at, form, refused, status=422)
    return go("/retention", "period_set")


@router.post("/retention/reports")
def write_report(request: Request, form: PostedForm, by: SteppedUpAdministrator, at: AtHouse) -> Response:
    """The day a federal award's final report was sent."""
    try:
        fund, sent_on = _fund(form), day_read(text_of(form, "/sent_on"), "/sent_on")
        with at.db.work() as session:
            actions.write_final_report(session, fund_id=fund, sent_on=sent_on, by=by, now=at.now())
    except Refused as refused:
        return _page(request, by, at, form, refused, status=422)
    return go("/retention", "report_written")


def _period(said: str) -> Period:
    found = _KEEP.fullmatch(said.strip())
    if found is None:
        raise NotAPeriod("Write a period such as 90 days or 5 years.", field="/keep")
    number = int(found[1])
    return Period(years=number) if found[2] == "year" else Period(days=number)


def _fund(form: FormData) -> UUID:
    try:
        return UUID(text_of(form, "/fund"))
    except ValueError:
        raise NotRead("Choose the award.", field="/fund") from None


def _page(
    request: Request, by: Staff, at: House, form: FormData, wrong: Refused | None = None, *, status: int = 200
) -> Response:
    with at.db.read() as session:
        org = organisation_now(session, at)
        found = finding.find(session, now=at.now()) if org else None
        schedule = queries.schedule(session)
        reports = queries.reports(session)
        held, plans = queries.holds(session), queries.plans(session)
    periods = [(r.kept.record, r.kept.what) for r in schedule if r.kept.period is not None]
    funds = [(str(r.fund_id), r.name) for r in reports]
    problem = (wrong.field or "/reference", str(wrong)) if wrong else None
    return staff_page(
        request,
        "retention/retention.html",
        me=by,
        org=org,
        status=status,
        schedule=schedule,
        found=found,
        holds=held,
        plans=plans,
        reports=reports,
        is_administrator=holds(by, Role.ADMINISTRATOR),
        hold_fields=_fields(form, problem, _HOLD),
        period_fields=_fields(
            form,
            problem,
            (Field("record", "Which record", "choice", options=tuple(periods), needed=True), _KEEP_FIELD),
        ),
        report_fields=_fields(
            form, problem, (Field("fund", "Which award", "choice", options=tuple(funds), needed=True), _SENT)
        ),
        problems=[ShownProblem(id_of(problem[0]), "This form", problem[1])] if problem else [],
    )


_HOLD = (
    Field("reference", "Request", hint="Its reference, like R-7KQ4MX", needed=True),
    Field("whole_person", "Hold every request about this child", "tick"),
    Field("asked_by", "Who asked", hint="The court, agency or person", needed=True),
    Field("reason", "Why it is held", "long", "Only supervisors and administrators read this", needed=True),
)
_KEEP_FIELD = Field("keep", "How long", hint="Such as 90 days or 5 years", needed=True)
_SENT = Field("sent_on", "Final report sent on", "date", needed=True)


def _fields(form: FormData, problem: tuple[str, str] | None, fields: tuple[Field, ...]) -> list[ShownField]:
    return short_form(form, fields, [Problem(*problem)] if problem else [])
