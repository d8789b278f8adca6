"""Who was told that an award waits, and who has it."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends

from reunify.intake.reach import Reach
from reunify.kernel.people import Role, Staff
from reunify.kernel.sight import Sight
from reunify.web import reading, told_shown
from reunify.web.audience import FINANCE_ROLES, AnyStaff, AtHouse, staff
from reunify.web.scope import SeenCase, case_at

router = APIRouter(tags=["awards"])
Told = Annotated[Staff, Depends(staff(*FINANCE_ROLES, Role.SUPERVISOR))]
ToldCase = Annotated[Reach, Depends(case_at(Told, Sight.WHOLE, Sight.MONEY))]


@router.get("/awards/{award_id}/escalation")
def escalation(award_id: UUID, by: AnyStaff, at: AtHouse, case: SeenCase) -> dict[str, Any]:
    """Who was called and texted while it waited, in order, and what became of each."""
    with at.db.work() as session:
        reading.one(session, by=by, at=at.now(), subject="award", subject_id=award_id, sight=case.sight)
        return told_shown.as_json(told_shown.of_award(session, award_id, by, at.now()))


@router.post("/awards/{award_id}/acknowledgement")
def acknowledge(award_id: UUID, by: Told, at: AtHouse, case: ToldCase) -> dict[str, str]:
    """ "I have it": for five minutes nobody else is told. It decides nothing."""
    return {"state": "acknowledged", "until": told_shown.acknowledge(at, award_id, by).isoformat()}
