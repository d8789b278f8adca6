"""The short link in a text: "I have it" without a sign-in, deciding only with one. What reached nobody."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from reunify.bootstrap import House
from reunify.identity.secret import hashed
from reunify.intake.reach import Reach
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotFound, OutOfStep
from reunify.kernel.sight import Sight
from reunify.notices import escalations, queries, sending
from reunify.web import told_shown
from reunify.web.api.telling import Told, ToldCase
from reunify.web.audience import FINANCE_ROLES, AtHouse, anyone, staff
from reunify.web.pages.view import go, organisation_now, staff_page
from reunify.web.scope import case_at

router = APIRouter(include_in_schema=False)
DOOR = [Depends(anyone)]  # 128 random bits are not guessed, and a count shared with others could shut it
Helper = Annotated[Staff, Depends(staff(Role.CASE_MANAGER, Role.SUPERVISOR, *FINANCE_ROLES))]
HelpedCase = Annotated[Reach, Depends(case_at(Helper, Sight.WHOLE, Sight.MONEY))]


@router.get("/n/{token}", dependencies=DOOR)
def opened(request: Request, token: str, at: AtHouse) -> Response:
    """Looking acknowledges nothing: phones open links by themselves to show what is behind them."""
    return _page(request, at, token)


@router.post("/n/{token}", dependencies=DOOR)
def have_it(request: Request, token: str, at: AtHouse) -> Response:
    try:
        with at.db.work() as session:
            escalations.acknowledge_by_link(session, link_hash=hashed(token), now=at.now())
    except OutOfStep as why:
        return _page(request, at, token, wrong=str(why), status=409)
    return _page(request, at, token, done=True)


@router.post("/awards/{award_id}/have-it")
def have_it_signed_in(award_id: UUID, by: Told, at: AtHouse, case: ToldCase) -> Response:
    told_shown.acknowledge(at, award_id, by)
    return go(f"/awards/{award_id}", "have_it")


@router.post("/notices/{notice_id}/told")
def told(notice_id: UUID, by: Helper, at: AtHouse, case: HelpedCase) -> Response:
    """A person has called, or told them some other way: it leaves the work list."""
    with at.db.work() as session:
        sending.tell_otherwise(session, notice_id=notice_id, by=by, now=at.now())
    return go("/", "told_otherwise")


def _page(
    request: Request, at: House, token: str, *, wrong: str = "", done: bool = False, status: int = 200
) -> Response:
    with at.db.read() as session:
        org = organisation_now(session, at)
        try:
            found = queries.by_link(session, link_hash=hashed(token), now=at.now())
        except NotFound as old:
            return staff_page(
                request, "staff/error.html", me=None, status=404, heading="Too late", detail=str(old)
            )
    return staff_page(
        request, "staff/told_link.html", me=None, org=org, status=status, found=found, wrong=wrong, done=done
    )
