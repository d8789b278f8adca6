"""Administrators make and revoke tokens for programs of partners."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from reunify.bootstrap import House
from reunify.identity import tokens
from reunify.identity.queries import holders, staff_names
from reunify.identity.tokens import Scope
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import Refused
from reunify.web.audience import AtHouse, SteppedUpAdministrator, staff
from reunify.web.pages.form_fields import Field, Options
from reunify.web.pages.labels import label
from reunify.web.pages.people_fields import people_options, problems, shown, staff_id
from reunify.web.pages.view import PostedForm, go, organisation_now, staff_page, text_of

router = APIRouter(include_in_schema=False)
Administrator = Annotated[Staff, Depends(staff(Role.ADMINISTRATOR))]
_SCOPES: Options = tuple((scope.value, label(scope.value)) for scope in Scope)


def _fields(owners: Options) -> list[Field]:
    return [
        Field("name", "Program", hint="Whose it is and what it does", needed=True),
        Field("owner", "Owner", "choice", "Counts as author of all it enters", owners, needed=True),
        Field("scopes", "It may", "several", options=_SCOPES, needed=True),
        Field("days", "Ends after days", "whole", "1 to 365", start=str(tokens.USUAL.days), needed=True),
    ]


@router.get("/tokens")
def show(request: Request, by: Administrator, at: AtHouse) -> Response:
    return _page(request, by, at, FormData(), None)


@router.post("/tokens")
def make(request: Request, form: PostedForm, by: SteppedUpAdministrator, at: AtHouse) -> Response:
    """The token is shown here, once."""
    known = {scope.value for scope in Scope}
    days = text_of(form, "days")
    try:
        with at.db.work() as session:
            _, token = tokens.make(
                session,
                name=text_of(form, "name"),
                scopes={Scope(s) for s in form.getlist("scopes") if s in known},
                owner_id=staff_id(form, "owner"),
                days=int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 0,
                by=by,
                now=at.now(),
            )
    except Refused as refused:
        return _page(request, by, at, form, refused)
    return staff_page(request, "people/token.html", me=by, status=201, token=token)


@router.post("/tokens/{token_id}/revoke")
def revoke(token_id: UUID, by: SteppedUpAdministrator, at: AtHouse) -> Response:
    with at.db.work() as session:
        tokens.revoke(session, token_id=token_id, by=by, now=at.now())
    return go("/tokens", "token_revoked")


def _page(request: Request, by: Staff, at: House, form: FormData, refused: Refused | None) -> Response:
    with at.db.read() as session:
        found = tokens.tokens(session)
        names = staff_names(session, {i for t in found for i in (t.owner_id, t.made_by)})
        owners = people_options(holders(session, Role.CASE_MANAGER).items())
        org = organisation_now(session, at)
    fields = shown(_fields(owners), form, refused)
    return staff_page(
        request,
        "people/tokens.html",
        me=by,
        org=org,
        status=422 if refused else 200,
        found=[(t, _state(t, at)) for t in found],
        names=names,
        fields=fields,
        problems=problems(fields, refused),
    )


def _state(token: tokens.Token, at: House) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "in_force" if token.ends_at > at.now() else "over"
