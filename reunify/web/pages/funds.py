"""What every fund has, has set aside, owes and has spent; one fund whole, and every change of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from reunify.bootstrap import House
from reunify.funds import queries as funds
from reunify.funds.policy import MANAGES
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import BadInput, NotAllowed, NotFound, OutOfStep, Problem, Refused
from reunify.reporting.fund_holds import held_for
from reunify.web import reading as reads
from reunify.web.audience import FINANCE_ROLES, AnyStaff, AtHouse, staff
from reunify.web.pages import funds_fields as ff
from reunify.web.pages import funds_view as view
from reunify.web.pages.form_fields import Field
from reunify.web.pages.form_showing import ShownField, ShownProblem
from reunify.web.pages.funds_acts import ACTS, acts_for, open_new
from reunify.web.pages.people_fields import problems, shown
from reunify.web.pages.view import PostedForm, go, holds, organisation_now, staff_page, text_of, today

router = APIRouter(include_in_schema=False)
READS = (*MANAGES, *FINANCE_ROLES, Role.AUDITOR)
ReadsFunds = Annotated[Staff, Depends(staff(*READS))]
FundManager = Annotated[Staff, Depends(staff(*MANAGES))]
SteppedUpFundManager = Annotated[Staff, Depends(staff(*MANAGES, step_up=True))]
# What a room calls it, and what the form does.
_FIELD_OF = {
    "amend": {"/amounts": "/authorized"},
    "value": {"/cents": "/value"},
    "new": {"/amounts": "/amount_transport"},
}


@router.get("/funds")
def show(request: Request, by: AnyStaff, at: AtHouse) -> Response:
    """Balances only: no person is named here."""
    with at.db.read() as session:
        org = organisation_now(session, at)
        rows = view.every_fund(session, on=today(org, at))
    return staff_page(
        request,
        "staff/funds.html",
        me=by,
        org=org,
        shown=rows,
        may_open=holds(by, *READS),
        manages=holds(by, *MANAGES),
    )


@router.get("/funds/new")
def show_new(request: Request, by: FundManager, at: AtHouse) -> Response:
    return _new(request, by, at, FormData())


@router.post("/funds/new")
def open_fund(request: Request, form: PostedForm, by: SteppedUpFundManager, at: AtHouse) -> Response:
    """Authorized from its first day on."""
    try:
        _check_filled_in(ff.new_fields(at.now().date()), form)
        with at.db.work() as session:
            code = open_new(session, form, by, at.now())
    except Refused as refused:
        return _new(request, by, at, form, refused)
    return go(f"/funds/{code}", "fund_opened")


@router.get("/funds/{code}")
def show_one(request: Request, code: str, by: ReadsFunds, at: AtHouse) -> Response:
    """Everything dated about one source, and what lies on it: to finance alone by the request's reference."""
    return _one(request, code, by, at, FormData())


@router.post("/funds/{code}/{act}")
def change(
    request: Request, code: str, act: str, form: PostedForm, by: SteppedUpFundManager, at: AtHouse
) -> Response:
    """One of the forms on the page of a source."""
    if act not in ACTS:
        raise NotFound("There is no such form.")
    try:
        with at.db.work(wake=True) as session:
            fund = funds.fund_called(session, code)
            _check_filled_in(ACTS[act].fields(fund, at.now().date()), form)
            ACTS[act].do(session, fund, form, by, at.now())
    except Refused as refused:
        return _one(request, code, by, at, form, act, refused)
    return go(f"/funds/{code}", f"fund_{act}")


def _new(request: Request, by: Staff, at: House, form: FormData, refused: Refused | None = None) -> Response:
    with at.db.read() as session:
        org = organisation_now(session, at)
    refused = _named(refused, "new")
    fields = _shown(ff.new_fields(today(org, at)), form, refused)
    return staff_page(
        request,
        "funds/new.html",
        me=by,
        org=org,
        status=_status(refused),
        fields=fields,
        problems=_problems(fields, refused),
    )


def _one(
    request: Request,
    code: str,
    by: Staff,
    at: House,
    form: FormData,
    act: str = "",
    refused: Refused | None = None,
) -> Response:
    with at.db.read() as session:
        org = organisation_now(session, at)
        day = today(org, at)
        fund = funds.fund_called(session, code)
        requests = held_for(session, fund.id) if holds(by, *FINANCE_ROLES) else {}
        said = {hold_id: str(of) for hold_id, of in requests.items()}
        found = view.one_fund(session, fund, on=day, held_for=said)
    if requests:
        with at.db.work() as session:
            ids = {of.request_id for of in requests.values()}
            reads.many(session, by=by, at=at.now(), subject="request", ids=ids)
    refused = _named(refused, act)
    forms: dict[str, list[ShownField]] = {}
    can = acts_for(found.fund) if holds(by, *MANAGES) else set()
    for name in sorted(can if found.standing else can - {"lift"}):
        mine = (form, refused) if name == act else (FormData(), None)
        forms[name] = _shown(_fields(name, found, day), *mine, prefix=f"{name}-")
    return staff_page(
        request,
        "funds/fund.html",
        me=by,
        org=org,
        status=_status(refused),
        f=found,
        fund=found.fund,
        forms=forms,
        buttons={name: one.button for name, one in ACTS.items()},
        open_form=act if refused else "",
        problems=_problems(forms.get(act, []), refused),
    )


def _fields(name: str, found: view.FundWhole, on: date) -> tuple[Field, ...]:
    """The form of an act; the terms begin as they are, and a lift chooses among what stands."""
    fields = ACTS[name].fields(found.fund, on)
    if name == "terms":
        start = ff.as_typed(found.terms, found.fund.unit)
        return tuple(replace(f, start=start.get(f.path, f.start)) for f in fields)
    if name == "lift":
        numbers = tuple((str(c.number), f"{c.number}: {c.text[:60]}") for c in found.standing)
        return (replace(fields[0], options=numbers), *fields[1:])
    return fields


def _check_filled_in(fields: Iterable[Field], form: FormData) -> None:
    """Raises BadInput naming everything needed that is empty."""
    empty = [f for f in fields if f.needed and not text_of(form, f.path)]
    if empty:
        raise BadInput([Problem(f"/{f.path}", "Please fill this in.") for f in empty])


def _shown(
    fields: Iterable[Field], form: FormData, refused: Refused | None, prefix: str = ""
) -> list[ShownField]:
    """With what was typed; everything that is wrong is said at its field."""
    found = shown(fields, form, refused, prefix)
    if not isinstance(refused, BadInput):
        return found
    wrong = {p.pointer: [p.remedy] for p in refused.problems}
    return [replace(f, wrong=wrong.get(f"/{f.name}", [])) for f in found]


def _problems(fields: list[ShownField], refused: Refused | None) -> list[ShownProblem]:
    if isinstance(refused, BadInput):
        return [ShownProblem(f.id, f.label, " ".join(f.wrong)) for f in fields if f.wrong]
    return problems(fields, refused)


def _named(refused: Refused | None, act: str) -> Refused | None:
    """The refusal, at the field of this form that it is about."""
    if refused is not None and refused.field is not None:
        refused.field = _FIELD_OF.get(act, {}).get(refused.field, refused.field)
    return refused


def _status(refused: Refused | None) -> int:
    if refused is None:
        return 200
    if isinstance(refused, NotAllowed):
        return 403
    if isinstance(refused, NotFound):
        return 404
    return 409 if isinstance(refused, OutOfStep) else 422
