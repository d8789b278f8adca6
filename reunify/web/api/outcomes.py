"""Say that a journey ended badly; correct it; see what still stands."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from reunify.disbursement import quiet
from reunify.intake import outcomes
from reunify.intake.outcome_policy import Outcome
from reunify.intake.reach import Reach
from reunify.kernel.ids import InstructionId, RequestId
from reunify.kernel.people import Role, Staff
from reunify.kernel.sight import Sight
from reunify.kernel.text import LongText
from reunify.reporting import quiet_cases
from reunify.web import reading
from reunify.web.audience import AtHouse, SteppedUpFinance, staff
from reunify.web.scope import ReleasedCase, case_at

router = APIRouter(tags=["outcomes"])
_ROLES = (Role.CASE_MANAGER, Role.SUPERVISOR)
KeepsCase = Annotated[Staff, Depends(staff(*_ROLES))]
SteppedUp = Annotated[Staff, Depends(staff(*_ROLES, step_up=True))]
KeptCase = Annotated[Reach, Depends(case_at(KeepsCase, Sight.WHOLE))]
SteppedUpCase = Annotated[Reach, Depends(case_at(SteppedUp, Sight.WHOLE))]


class Told(BaseModel):
    """`reason`: who said so and what it rests on, for colleagues only."""

    model_config = ConfigDict(extra="forbid")
    outcome: Outcome
    reason: LongText


class Correction(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: LongText


@router.get("/requests/{request_id}/outcome")
def show(request_id: UUID, by: KeepsCase, at: AtHouse, case: KeptCase) -> dict[str, Any]:
    """What stands of the case, while a quiet outcome stands; `outcome` null without one."""
    with at.db.work() as session:
        found = outcomes.standing(session, request_id)
        stands = quiet_cases.what_stands(session, request_id) if found else None
        reading.one(session, by=by, at=at.now(), subject="request", subject_id=request_id)
    if found is None or stands is None:
        return {"outcome": None}
    return {
        "outcome": found.outcome.value,
        "recorded_at": found.recorded_at,
        "receipts_waived_under": found.receipts_waived_under,
        "stands": quiet_cases.as_json(stands),
    }


@router.post("/requests/{request_id}/outcome", status_code=201)
def record(request_id: UUID, body: Told, by: SteppedUp, at: AtHouse, case: SteppedUpCase) -> dict[str, str]:
    """From now on nothing automatic reaches the family."""
    with at.db.work(wake=True) as session:
        made = outcomes.record(
            session,
            request_id=RequestId(request_id),
            outcome=body.outcome,
            reason=body.reason,
            by=by,
            now=at.now(),
        )
    return {"id": str(made)}


@router.post("/requests/{request_id}/outcome/correction")
def correct(
    request_id: UUID, body: Correction, by: SteppedUp, at: AtHouse, case: SteppedUpCase
) -> dict[str, str]:
    """Another person: it was not so. What waited goes on."""
    with at.db.work(wake=True) as session:
        outcomes.put_right(session, request_id=RequestId(request_id), reason=body.reason, by=by, now=at.now())
    return {"state": "corrected"}


@router.post("/payments/{instruction_id}/letting-go")
def let_go(instruction_id: UUID, by: SteppedUpFinance, at: AtHouse, case: ReleasedCase) -> dict[str, str]:
    """A finance person: this payment is sent although the outcome stands."""
    with at.db.work(wake=True) as session:
        quiet.let_go(session, instruction_id=InstructionId(instruction_id), by=by, now=at.now())
    return {"state": "ready"}
