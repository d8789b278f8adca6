"""People say yes or no: approve, release, decline an award; confirm a refusal."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from reunify.approval import queries
from reunify.kernel.text import LongText
from reunify.web import award_acts
from reunify.web.audience import AtHouse, CaseManager, Finance, SteppedUpFinance
from reunify.web.scope import PaidCase, ReleasedCase, WholeCase

router = APIRouter(tags=["awards"])


class Reason(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: LongText


@router.get("/awards")
def waiting(by: Finance, at: AtHouse) -> list[dict[str, Any]]:
    """Awards waiting for a person, the oldest first."""
    with at.db.read() as session:
        found = queries.awards(session, states=["awaiting_approval", "approved"])
    return [
        {"id": str(a.id), "reference": a.reference, "state": a.state, "ceiling_cents": a.ceiling.cents}
        for a in found
    ]


@router.post("/awards/{award_id}/approval")
def approve(award_id: UUID, by: Finance, at: AtHouse, case: PaidCase) -> dict[str, str]:
    """Say yes to exactly what stands now; the digest holds it."""
    award_acts.approve(at, award_id, by)
    return {"state": "approved"}


@router.post("/awards/{award_id}/release")
def release(award_id: UUID, by: SteppedUpFinance, at: AtHouse, case: ReleasedCase) -> dict[str, str]:
    """Let the money go: obligates, and the flow pays."""
    award_acts.release(at, award_id, by)
    return {"state": "released"}


@router.post("/awards/{award_id}/approval-and-release")
def approve_and_release(
    award_id: UUID, by: SteppedUpFinance, at: AtHouse, case: ReleasedCase
) -> dict[str, str]:
    """Both in one act, at or under the dated small-amount limit only."""
    award_acts.approve_and_release(at, award_id, by)
    return {"state": "released"}


@router.post("/awards/{award_id}/decline")
def decline(award_id: UUID, body: Reason, by: Finance, at: AtHouse, case: PaidCase) -> dict[str, str]:
    """Say no with a reason; what was reserved is free again."""
    award_acts.decline(at, award_id, body.reason, by)
    return {"state": "declined"}


@router.post("/refusals/{refusal_id}/confirmation")
def confirm_refusal(refusal_id: UUID, by: CaseManager, at: AtHouse, case: WholeCase) -> dict[str, str]:
    """A named person says no, once, kindly; the one letter follows."""
    award_acts.confirm_refusal(at, refusal_id, by)
    return {"state": "confirmed"}
