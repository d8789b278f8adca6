"""What is quarantined, for the two who may hand it over: a supervisor asks, an administrator agrees.

No name, no picture, nothing a family told: see `docs/guides/abuse-images-runbook.md`.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from reunify.bootstrap import House
from reunify.files import evidence, hand_over
from reunify.files import evidence_queries as queries
from reunify.identity.queries import staff_names
from reunify.kernel.people import Role, Staff
from reunify.web import reading
from reunify.web.audience import AtHouse, SteppedUpAdministrator, staff
from reunify.web.pages.form_showing import ShownProblem
from reunify.web.pages.view import PostedForm, go, organisation_now, staff_page, text_of

router = APIRouter(include_in_schema=False)
Watcher = Annotated[Staff, Depends(staff(Role.SUPERVISOR, Role.ADMINISTRATOR))]
SteppedUpSupervisor = Annotated[Staff, Depends(staff(Role.SUPERVISOR, step_up=True))]
PAGE = "/set-aside"
_LONGEST = 300


@router.get(PAGE)
def show(request: Request, by: Watcher, at: AtHouse) -> Response:
    return _page(request, by, at)


@router.post(PAGE + "/papers/{evidence_id}/hand-over")
def ask(
    request: Request, evidence_id: UUID, by: SteppedUpSupervisor, at: AtHouse, form: PostedForm
) -> Response:
    """To whom: agency, officer, report number."""
    handed_to = text_of(form, "handed_to")[:_LONGEST]
    if not handed_to:
        problem = ShownProblem(f"to-{evidence_id}", "Handed to", "Write the agency, the officer, the report.")
        return _page(request, by, at, problems=[problem])
    with at.db.work() as session:
        hand_over.ask(session, evidence_id=evidence_id, handed_to=handed_to, by=by, now=at.now())
    return go(PAGE, "hand_over_asked")


@router.post(PAGE + "/hand-overs/{hand_over_id}/agreement")
def agree(hand_over_id: UUID, by: SteppedUpAdministrator, at: AtHouse) -> Response:
    with at.db.work() as session:
        hand_over.agree(session, hand_over_id=hand_over_id, by=by, now=at.now())
    return go(PAGE, "hand_over_agreed")


def _page(request: Request, by: Staff, at: House, *, problems: list[ShownProblem] | None = None) -> Response:
    with at.db.work() as session:
        found = queries.set_aside(session, now=at.now())
        people = {one for p in found for one in (p.quarantined_by, p.asked_by, p.agreed_by) if one}
        names = staff_names(session, people)
        reading.many(session, by=by, at=at.now(), subject=evidence.SUBJECT, ids={p.id for p in found})
        org = organisation_now(session, at)
    return staff_page(
        request,
        "staff/set_aside.html",
        me=by,
        org=org,
        status=422 if problems else 200,
        papers=found,
        names=names,
        problems=problems or [],
    )
