"""A family whose past answer approved rules would turn into a yes: checked again, or left with a reason."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import Response
from sqlalchemy.orm import Session

from reunify.bootstrap import House
from reunify.eligibility import look_back_queries, look_backs
from reunify.eligibility.look_back_policy import LookBackOutcome
from reunify.intake import actions as intake
from reunify.intake import queries as intake_queries
from reunify.intake.reach import Reach
from reunify.kernel.people import Staff
from reunify.kernel.text import SafeText
from reunify.web.audience import AtHouse, CaseManager
from reunify.web.pages.view import go
from reunify.web.scope import WholeCase

router = APIRouter(include_in_schema=False)


@router.post("/requests/{request_id}/look-backs/{look_back_id}")
def settle(
    request_id: UUID,
    look_back_id: UUID,
    by: CaseManager,
    at: AtHouse,
    case: WholeCase,
    outcome: Annotated[SafeText, Form()],
    reason: Annotated[str, Form()] = "",
) -> Response:
    """Checking again freezes the same facts as a new version, unless somebody has done so meanwhile."""
    again = outcome == LookBackOutcome.CHECKED_AGAIN
    with at.db.work(wake=again) as session:
        if again:
            _check_again(session, case, look_back_id, by, at)
        look_backs.settle_look_back(
            session,
            request_id=request_id,
            look_back_id=look_back_id,
            outcome=outcome,
            reason=reason,
            by=by,
            now=at.now(),
        )
    return go(f"/requests/{request_id}", "looked_back" if again else "look_back_not_needed")


def _check_again(session: Session, case: Reach, look_back_id: UUID, by: Staff, at: House) -> None:
    found = look_back_queries.of_request(session, case.request_id)
    owed = next((one for one in found if one.id == look_back_id and one.open), None)
    if owed is not None and intake_queries.newest_number(session, case.request_id) <= owed.number:
        intake.check_again(session, request_id=case.request_id, case_types=at.case_types, by=by, now=at.now())
