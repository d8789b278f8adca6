"""Administrators add people, change what they may do, disable and enable them; a second person confirms."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from reunify.bootstrap import House
from reunify.identity import queries, staff_changes, staffing
from reunify.identity.staff_effects import Outcome
from reunify.identity.staffing import Details, Person
from reunify.kernel.ids import StaffId
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotAllowed, NotFound, OutOfStep, Refused
from reunify.web.audience import AtHouse, SteppedUpAdministrator, staff
from reunify.web.pages.form_fields import Field
from reunify.web.pages.people_fields import problems, role_options, roles_of, shown
from reunify.web.pages.view import PostedForm, go, holds, organisation_now, staff_page, text_of

router = APIRouter(include_in_schema=False)
Administrator = Annotated[Staff, Depends(staff(Role.ADMINISTRATOR))]
Confirmer = Annotated[Staff, Depends(staff(*staff_changes.CONFIRMS))]
SteppedUpConfirmer = Annotated[Staff, Depends(staff(*staff_changes.CONFIRMS, step_up=True))]
_ABOUT = (
    Field("name", "Name", needed=True),
    Field("team", "Team", hint="Case managers see their team's cases"),
    Field("phone", "Phone on file", "phone", "Called back before anything is recovered, and at night"),
    Field("email", "E-mail at the provider", "email", "Only for sign-in with the organisation's provider"),
)
_NEW = (Field("username", "Name to sign in with", needed=True), *_ABOUT)


def _roles(held: str = "") -> Field:
    return Field("roles", "Roles", "several", options=role_options(), start=held, needed=True)


@router.get("/people")
def show(request: Request, by: Confirmer, at: AtHouse) -> Response:
    """What waits for a second person; for administrators, everybody too."""
    return _list(request, by, at, FormData(), None)


@router.post("/people")
def add(request: Request, form: PostedForm, by: SteppedUpAdministrator, at: AtHouse) -> Response:
    """Waits for a second person; at the beginning of a house the one-time code is shown here, once."""
    try:
        with at.db.work() as session:
            outcome = staffing.add(
                session,
                username=text_of(form, "username"),
                details=_details(form),
                held=roles_of(form),
                by=by,
                now=at.now(),
            )
    except Refused as refused:
        return _list(request, by, at, form, refused)
    return _done(request, by, at, outcome, "person_changed")


@router.post("/people/changes/{change_id}/confirm")
def confirm(request: Request, change_id: UUID, by: SteppedUpConfirmer, at: AtHouse) -> Response:
    """The one-time code of somebody new is shown here, once, to whoever confirmed."""
    try:
        with at.db.work() as session:
            outcome = staff_changes.confirm(session, change_id=change_id, by=by, now=at.now())
    except Refused as refused:
        return _list(request, by, at, None, refused)
    return _done(request, by, at, outcome, "change_confirmed")


@router.post("/people/changes/{change_id}/withdraw")
def withdraw(request: Request, change_id: UUID, by: SteppedUpConfirmer, at: AtHouse) -> Response:
    try:
        with at.db.work() as session:
            staff_changes.withdraw(session, change_id=change_id, by=by, now=at.now())
    except Refused as refused:
        return _list(request, by, at, None, refused)
    return go("/people", "change_withdrawn")


@router.get("/people/{staff_id}")
def show_one(request: Request, staff_id: UUID, by: Administrator, at: AtHouse) -> Response:
    return _one(request, staff_id, by, at, FormData(), None)


@router.post("/people/{staff_id}/details")
def change_details(
    request: Request, staff_id: UUID, form: PostedForm, by: SteppedUpAdministrator, at: AtHouse
) -> Response:
    try:
        with at.db.work() as session:
            outcome = staffing.change_details(
                session, staff_id=StaffId(staff_id), details=_details(form), by=by, now=at.now()
            )
    except Refused as refused:
        return _one(request, staff_id, by, at, form, refused)
    return _done(request, by, at, outcome, "person_changed")


@router.post("/people/{staff_id}/roles")
def change_roles(
    request: Request, staff_id: UUID, form: PostedForm, by: SteppedUpAdministrator, at: AtHouse
) -> Response:
    """What is taken is gone on the person's next request; what is given waits for a second person."""
    try:
        with at.db.work() as session:
            outcome = staffing.change_roles(
                session, staff_id=StaffId(staff_id), held=roles_of(form), by=by, now=at.now()
            )
    except Refused as refused:
        return _one(request, staff_id, by, at, form, refused)
    return _done(request, by, at, outcome, "person_changed")


@router.post("/people/{staff_id}/disable")
def disable(request: Request, staff_id: UUID, by: SteppedUpAdministrator, at: AtHouse) -> Response:
    try:
        with at.db.work() as session:
            staffing.disable(session, staff_id=StaffId(staff_id), by=by, now=at.now())
    except Refused as refused:
        return _one(request, staff_id, by, at, FormData(), refused)
    return go(f"/people/{staff_id}", "person_disabled")


@router.post("/people/{staff_id}/enable")
def enable(staff_id: UUID, by: SteppedUpAdministrator, at: AtHouse) -> Response:
    with at.db.work() as session:
        staffing.enable(session, staff_id=StaffId(staff_id), by=by, now=at.now())
    return go(f"/people/{staff_id}", "person_enabled")


@router.post("/people/{staff_id}/code")
def new_code(request: Request, staff_id: UUID, by: SteppedUpAdministrator, at: AtHouse) -> Response:
    """For somebody who has not begun yet; who has signed in before needs two colleagues."""
    try:
        with at.db.work() as session:
            outcome = staffing.ask_code(session, staff_id=StaffId(staff_id), by=by, now=at.now())
    except Refused as refused:
        return _one(request, staff_id, by, at, FormData(), refused)
    return _done(request, by, at, outcome, "person_changed")


def _details(form: FormData) -> Details:
    return Details(*(text_of(form, field.path)[:300] for field in _ABOUT))


def _list(request: Request, by: Staff, at: House, form: FormData | None, refused: Refused | None) -> Response:
    """Without a form the refusal is about what waits, not about a field."""
    administers = holds(by, Role.ADMINISTRATOR)
    with at.db.work() as session:
        found = staffing.people(session) if administers else []
        waiting = staff_changes.waiting(session, by=by, now=at.now())
        names = queries.staff_names(session, {i for w in waiting for i in (w.made_by, w.staff_id) if i})
        org = organisation_now(session, at)
    fields = shown((*_NEW, _roles()), form or FormData(), refused)
    return staff_page(
        request,
        "people/people.html",
        me=by,
        org=org,
        status=_status(refused),
        found=found,
        administers=administers,
        waiting=waiting,
        names=names,
        fields=fields,
        problems=problems(fields if form is not None else [], refused),
    )


def _one(
    request: Request, staff_id: UUID, by: Staff, at: House, form: FormData, refused: Refused | None
) -> Response:
    with at.db.work() as session:
        person = staffing.read_one(session, StaffId(staff_id), by=by, now=at.now())
        org = organisation_now(session, at)
    about = shown(_filled(person), form, refused)
    roles = shown([_roles(" ".join(sorted(person.roles)))], form, refused)
    return staff_page(
        request,
        "people/person.html",
        me=by,
        org=org,
        status=_status(refused),
        person=person,
        own=person.id in by.selves,
        about=about,
        roles=roles,
        problems=problems([*about, *roles], refused),
    )


def _filled(person: Person) -> list[Field]:
    held = {"name": person.name, "team": person.team, "phone": person.phone, "email": person.email}
    return [Field(f.path, f.label, f.kind, f.hint, start=held[f.path] or "", needed=f.needed) for f in _ABOUT]


def _done(request: Request, by: Staff, at: House, outcome: Outcome, said: str) -> Response:
    """The code where one was issued; else back, saying whether it waits."""
    if outcome.waits or outcome.staff_id is None:
        return go("/people", "change_waits")
    if outcome.code is None:
        back = f"/people/{outcome.staff_id}" if holds(by, Role.ADMINISTRATOR) else "/people"
        return go(back, said)
    with at.db.read() as session:
        person = staffing.person(session, outcome.staff_id)
    return staff_page(request, "people/code.html", me=by, status=201, person=person, code=outcome.code)


def _status(refused: Refused | None) -> int:
    if refused is None:
        return 200
    if isinstance(refused, NotAllowed):
        return 403
    if isinstance(refused, NotFound):
        return 404
    return 409 if isinstance(refused, OutOfStep) else 422
