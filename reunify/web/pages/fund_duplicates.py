"""Costs that look paid or set aside twice, by reference; and what finance found when it looked."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from reunify.bootstrap import House
from reunify.funds.policy import MANAGES
from reunify.identity.queries import staff_names
from reunify.kernel.may import FINANCE
from reunify.kernel.people import Role, Staff
from reunify.reporting import duplicates_actions
from reunify.reporting.duplicates import WORDS, DecidedIt, NotSuspected, SayWhy, Verdict
from reunify.reporting.duplicates_queries import LOOKED_BACK, report
from reunify.web.audience import FINANCE_ROLES, AtHouse, Finance, staff
from reunify.web.pages.form_showing import ShownProblem
from reunify.web.pages.view import PostedForm, go, holds, organisation_now, staff_page, text_of

router = APIRouter(include_in_schema=False)
Reader = Annotated[Staff, Depends(staff(*MANAGES, *FINANCE_ROLES, Role.AUDITOR))]
MOST = 100  # of each part of the page


@router.get("/funds/duplicates")
def show(request: Request, by: Reader, at: AtHouse) -> Response:
    """No person is named here; a line is called by its number."""
    return _page(request, by, at)


@router.post("/funds/duplicates")
def look(request: Request, form: PostedForm, by: Finance, at: AtHouse) -> Response:
    """Keep what was found: no duplicate, because; or that it is to be looked at again."""
    suspicion, typed = text_of(form, "suspicion"), text_of(form, "reason")
    again = text_of(form, "verdict") == Verdict.LOOK_AGAIN
    try:
        with at.db.work() as session:
            duplicates_actions.look(
                session,
                suspicion=suspicion,
                requests=_requests(text_of(form, "requests")),
                verdict=Verdict.LOOK_AGAIN if again else Verdict.NO_DUPLICATE,
                reason=typed,
                by=by,
                now=at.now(),
            )
    except (SayWhy, NotSuspected, DecidedIt) as refused:
        status = {SayWhy: 422, NotSuspected: 404, DecidedIt: 403}[type(refused)]
        return _page(request, by, at, suspicion, typed, str(refused), status)
    return go("/funds/duplicates", "duplicate_again" if again else "duplicate_none")


def _requests(said: str) -> list[UUID]:
    """Raises NotSuspected for what no form of this page sends."""
    try:
        return [UUID(one) for one in said.split()]
    except ValueError:
        raise NotSuspected("This is not suspected any more: read the report again.") from None


def _page(
    request: Request,
    by: Staff,
    at: House,
    about: str = "",
    typed: str = "",
    wrong: str = "",
    status: int = 200,
) -> Response:
    """`about`: the suspicion whose form was refused, with what was typed."""
    with at.db.read() as session:
        org = organisation_now(session, at)
        found = report(session, now=at.now())
        names = staff_names(session, {k.looked_by for row in found.rows for k in row.looks})
    shown = [*found.owed[:MOST], *found.looked_at[:MOST]]
    place = next((n for n, row in enumerate(shown, start=1) if row.suspicion.id == about), None)
    problems = []
    if wrong:
        at_field = f"d-{place}-reason" if place else "main"
        problems.append(ShownProblem(at_field, "Why it is none", wrong))
    return staff_page(
        request,
        "funds/duplicates.html",
        me=by,
        org=org,
        status=status,
        found=found,
        shown=list(enumerate(shown, start=1)),
        names=names,
        words=WORDS,
        days=LOOKED_BACK.days,
        most=MOST,
        may_look=holds(by, *FINANCE),
        problems=problems,
        about=about,
        typed=typed,
        wrong=wrong,
    )
