"""The emergency form as JSON: twelve answers and the return authority, created and submitted in one act."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from reunify.web import emergency_acts
from reunify.web.audience import AtHouse, CaseManager

router = APIRouter(tags=["requests"])
REASON = "overlap_reason"


@router.post("/emergencies", status_code=201)
def submit(told: dict[str, Any], by: CaseManager, at: AtHouse) -> dict[str, Any]:
    """Into the emergency lane; what can wait is attested and owed by its date. Nothing is kept on a 422.

    `overlap_reason` beside the answers: why it goes on beside another request that holds the same person.
    """
    answers = {name: said for name, said in told.items() if name != REASON}
    filed = emergency_acts.submit(at, answers, by, going_on=str(told.get(REASON, "")))
    return {
        "id": str(filed.submitted.request_id),
        "reference": filed.submitted.reference,
        "version_id": str(filed.submitted.version_id),
        "owed": [
            {"requirement": o.requirement, "name": o.name, "owed_by": o.owed_by.isoformat()}
            for o in filed.owed
        ],
    }
