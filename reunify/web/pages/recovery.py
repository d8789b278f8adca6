"""Two colleagues let a third one in again, at night too: each is shown one half of a code, once."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from reunify.bootstrap import House
from reunify.identity import queries, recovery
from reunify.identity.policy import CONFIRMS_RECOVERY, OPENS_RECOVERY, CannotVouch, NotCalledBack
from reunify.kernel.ids import StaffId
from reunify.kernel.people import Staff
from reunify.kernel.refusals import NotFound
from reunify.web.audience import AtHouse, staff
from reunify.web.pages.view import holds, organisation_now, staff_page

router = APIRouter(include_in_schema=False)
Voucher = Annotated[Staff, Depends(staff(*CONFIRMS_RECOVERY))]
Opener = Annotated[Staff, Depends(staff(*OPENS_RECOVERY, step_up=True))]
Confirmer = Annotated[Staff, Depends(staff(*CONFIRMS_RECOVERY, step_up=True))]


@router.get("/recovery")
def show(request: Request, by: Voucher, at: AtHouse, person: UUID | None = None) -> Response:
    """What waits for a second colleague; for those who may open one, the number to call back on."""
    return _page(request, by, at, person=person)


@router.post("/recovery/open")
def open_(
    request: Request,
    by: Opener,
    at: AtHouse,
    person: Annotated[UUID, Form()],
    called_back: Annotated[str, Form()] = "",
) -> Response:
    try:
        with at.db.work() as session:
            _, half = recovery.open_recovery(
                session,
                staff_id=StaffId(person),
                called_back=called_back == "yes",
                by=by,
                now=at.now(),
            )
    except (NotCalledBack, CannotVouch) as refused:
        return _page(request, by, at, person=person, wrong=str(refused), status=422)
    return _page(request, by, at, half=("first", half))


@router.post("/recovery/confirm")
def confirm(
    request: Request, by: Confirmer, at: AtHouse, recovery_id: Annotated[UUID, Form(alias="recovery")]
) -> Response:
    try:
        with at.db.work() as session:
            half = recovery.confirm_recovery(session, recovery_id=recovery_id, by=by, now=at.now())
    except (CannotVouch, NotFound) as refused:
        return _page(request, by, at, wrong=str(refused), status=422)
    return _page(request, by, at, half=("second", half))


def _page(
    request: Request,
    by: Staff,
    at: House,
    *,
    person: UUID | None = None,
    half: tuple[str, str] | None = None,
    wrong: str = "",
    status: int = 200,
) -> Response:
    opens = holds(by, *OPENS_RECOVERY)
    with at.db.work() as session:
        waiting = recovery.waiting(session, now=at.now())
        found = (
            recovery.on_file(session, staff_id=StaffId(person), by=by, now=at.now())
            if person and opens
            else None
        )
        names = queries.staff_names(session, {i for w in waiting for i in (w.staff_id, w.opened_by)})
        people = queries.active_names(session) if opens else []
        org = organisation_now(session, at)
    return staff_page(
        request,
        "staff/recovery.html",
        me=by,
        org=org,
        status=status,
        waiting=waiting,
        names=names,
        people=[p for p in people if p[0] != by.id],
        opens=opens,
        found=found,
        half=half,
        wrong=wrong,
    )
