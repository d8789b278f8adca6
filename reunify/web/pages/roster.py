"""Who is on call, now and in the next two weeks; handing over; lending a role for a holiday."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from reunify.bootstrap import House
from reunify.identity import delegation, hand_overs, on_call, roster
from reunify.identity.duties import NEEDED, Duty, Span
from reunify.identity.queries import active_names, holders, staff_names
from reunify.kernel.ids import StaffId
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import Refused
from reunify.rates.policy import Organisation
from reunify.web.audience import AnyStaff, AtHouse, staff
from reunify.web.pages.form_fields import Field, Options
from reunify.web.pages.labels import label
from reunify.web.pages.people_fields import (
    moment,
    people_options,
    problems,
    role_options,
    shown,
    some_staff_id,
    staff_id,
)
from reunify.web.pages.typed import NotRead
from reunify.web.pages.view import PostedForm, go, holds, organisation_now, staff_page, text_of

router = APIRouter(include_in_schema=False)
Planner = Annotated[Staff, Depends(staff(*roster.PLANS))]
Called = Annotated[Staff, Depends(staff(*roster.CALLED))]
Lender = Annotated[Staff, Depends(staff(*delegation.LENDS, step_up=True))]
Ender = Annotated[Staff, Depends(staff(*delegation.LENDS))]
SHOWN = timedelta(days=14)


@router.get("/roster")
def show(request: Request, by: AnyStaff, at: AtHouse) -> Response:
    return _page(request, by, at, FormData(), None)


@router.post("/roster/shifts")
def add(request: Request, form: PostedForm, by: Planner, at: AtHouse) -> Response:
    try:
        with at.db.work() as session:
            zone = _zone(organisation_now(session, at))
            roster.add_shift(
                session,
                duty=_duty(form),
                person_id=staff_id(form, "person"),
                backup_id=some_staff_id(form, "backup"),
                span=Span(moment(form, "starts_at", zone), moment(form, "ends_at", zone)),
                by=by,
                now=at.now(),
            )
    except Refused as refused:
        return _page(request, by, at, form, refused)
    return go("/roster", "shift_added")


@router.post("/roster/shifts/{shift_id}/assign")
def assign(request: Request, shift_id: UUID, form: PostedForm, by: Planner, at: AtHouse) -> Response:
    try:
        with at.db.work() as session:
            roster.assign(
                session,
                shift_id=shift_id,
                person_id=staff_id(form, "person"),
                backup_id=some_staff_id(form, "backup"),
                by=by,
                now=at.now(),
            )
    except Refused as refused:
        return _page(request, by, at, FormData(), refused)
    return go("/roster", "shift_assigned")


@router.post("/roster/shifts/{shift_id}/withdraw")
def withdraw(shift_id: UUID, by: Planner, at: AtHouse) -> Response:
    with at.db.work() as session:
        roster.withdraw_shift(session, shift_id=shift_id, by=by, now=at.now())
    return go("/roster", "shift_withdrawn")


@router.post("/roster/shifts/{shift_id}/hand-over")
def hand_over(request: Request, shift_id: UUID, form: PostedForm, by: Called, at: AtHouse) -> Response:
    """The person on call stays on call until the colleague accepts."""
    try:
        with at.db.work() as session:
            hand_overs.offer(
                session,
                shift_id=shift_id,
                to_id=staff_id(form, "to"),
                note=text_of(form, "note")[:3000],
                by=by,
                now=at.now(),
            )
    except Refused as refused:
        typed = {"shift": shift_id, "note": text_of(form, "note")}
        return _page(request, by, at, FormData(), refused, typed)
    return go("/roster", "offered")


@router.post("/roster/offers/{offer_id}/accept")
def accept(request: Request, offer_id: UUID, by: Called, at: AtHouse) -> Response:
    try:
        with at.db.work() as session:
            hand_overs.accept(session, offer_id=offer_id, by=by, now=at.now())
    except Refused as refused:
        return _page(request, by, at, FormData(), refused)
    return go("/roster", "taken_over")


@router.post("/roster/offers/{offer_id}/decline")
def decline(offer_id: UUID, by: Called, at: AtHouse) -> Response:
    with at.db.work() as session:
        hand_overs.decline(session, offer_id=offer_id, by=by, now=at.now())
    return go("/roster", "offer_declined")


@router.post("/roster/offers/{offer_id}/take-back")
def take_back(offer_id: UUID, by: Called, at: AtHouse) -> Response:
    with at.db.work() as session:
        hand_overs.take_back(session, offer_id=offer_id, by=by, now=at.now())
    return go("/roster", "offer_taken_back")


@router.post("/roster/loans")
def lend(request: Request, form: PostedForm, by: Lender, at: AtHouse) -> Response:
    """An own role, or an absent colleague's by a supervisor or administrator."""
    try:
        with at.db.work() as session:
            zone = _zone(organisation_now(session, at))
            delegation.lend(
                session,
                lender_id=some_staff_id(form, "lender") or by.id,
                receiver_id=staff_id(form, "receiver"),
                role=_role(form),
                starts_at=moment(form, "from", zone),
                ends_at=moment(form, "to", zone),
                by=by,
                now=at.now(),
            )
    except Refused as refused:
        return _page(request, by, at, form, refused)
    return go("/roster#loans", "lent")


@router.post("/roster/loans/{loan_id}/end")
def end_loan(loan_id: UUID, by: Ender, at: AtHouse) -> Response:
    with at.db.work() as session:
        delegation.revoke(session, delegation_id=loan_id, by=by, now=at.now())
    return go("/roster#loans", "loan_ended")


def _page(
    request: Request,
    by: Staff,
    at: House,
    form: FormData,
    refused: Refused | None,
    typed: dict[str, Any] | None = None,
) -> Response:
    """`typed`: the note of a hand-over that was refused, under its shift."""
    with at.db.read() as session:
        org = organisation_now(session, at)
        context = _about(session, by, at.now(), _zone(org))
        shift_fields = shown(_shift_fields(session), form, refused)
        loan_fields = shown(_loan_fields(session, by), form, refused)
    plans = holds(by, *roster.PLANS)
    fields = [*shift_fields, *loan_fields] if plans else loan_fields
    return staff_page(
        request,
        "people/roster.html",
        me=by,
        org=org,
        status=422 if refused else 200,
        plans=plans,
        lends=holds(by, *delegation.LENDS),
        shift_fields=shift_fields,
        loan_fields=loan_fields,
        typed=typed or {"shift": None, "note": ""},
        problems=problems(fields, refused),
        **context,
    )


def _about(session: Session, by: Staff, now: datetime, zone: tzinfo) -> dict[str, Any]:
    monday = now.astimezone(zone).date() - timedelta(days=now.astimezone(zone).weekday())
    from_ = datetime.combine(monday, time(0), zone)
    shifts = on_call.shifts(session, Span(from_, from_ + SHOWN))
    offers = hand_overs.open_offers(session, of=by.id, now=now)
    plans = holds(by, *roster.PLANS)
    loans = delegation.loans(session, now=now, of=None if plans else by.id)
    ids = {i for s in shifts for i in (s.person_id, s.backup_id) if i}
    ids |= {i for o in offers for i in (o.from_id, o.to_id)}
    colleagues = {duty: _who_can(session, duty) for duty in Duty}
    ids |= {i for loan in loans for i in (loan.lender_id, loan.receiver_id)}
    return {
        "called": on_call.who_is_on_call(session, now=now),
        "holes": on_call.holes(session, zone=zone, now=now) if plans else [],
        "shifts": shifts,
        "now": now,
        "needed": on_call.is_needed(zone=zone, now=now),
        "offers": offers,
        "offered": {o.shift_id for o in offers},
        "loans": loans,
        "names": staff_names(session, ids),
        "colleagues": colleagues,
        "others": {duty: tuple(o for o in who if o[0] != str(by.id)) for duty, who in colleagues.items()},
    }


def _who_can(session: Session, duty: Duty) -> Options:
    found = [holders(session, role) for role in sorted(NEEDED[duty])]
    return people_options([(i, n) for i, n in found[0].items() if all(i in other for other in found)])


def _shift_fields(session: Session) -> list[Field]:
    anybody = people_options(
        sorted({p for d in Duty for p in _as_pairs(_who_can(session, d))}, key=lambda p: p[1])
    )
    return [
        Field("duty", "Duty", "choice", options=tuple((d.value, label(d.value)) for d in Duty), needed=True),
        Field("person", "On call", "choice", options=anybody, needed=True),
        Field("backup", "Backup", "choice", "Called when the first does not answer", anybody),
        Field("starts_at", "From", "moment", "On the organisation's clock", needed=True),
        Field("ends_at", "To", "moment", needed=True),
    ]


def _as_pairs(options: Options) -> list[tuple[StaffId, str]]:
    return [(StaffId(UUID(code)), name) for code, name in options if code]


def _loan_fields(session: Session, by: Staff) -> list[Field]:
    everybody = active_names(session)
    fields = [
        Field("role", "Role", "choice", options=(("", "Choose"), *role_options()), needed=True),
        Field("receiver", "To", "choice", options=people_options(everybody), needed=True),
        Field("from", "From", "moment", needed=True),
        Field("to", "Until", "moment", "At most 30 days", needed=True),
    ]
    if holds(by, *roster.PLANS):
        whose = Field("lender", "Whose role", "choice", options=people_options(everybody, "My own"))
        return [whose, *fields]
    return fields


def _duty(form: FormData) -> Duty:
    try:
        return Duty(text_of(form, "duty"))
    except ValueError:
        raise NotRead("Choose a duty.", field="/duty") from None


def _role(form: FormData) -> Role:
    try:
        return Role(text_of(form, "role"))
    except ValueError:
        raise NotRead("Choose a role.", field="/role") from None


def _zone(org: Organisation | None) -> Any:
    return org.zone if org else UTC
