"""People say yes or no: approve, release, decline an award; confirm a refusal."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from reunify.approval import actions, queries
from reunify.kernel.ids import AwardId
from reunify.kernel.text import LongText
from reunify.web.audience import AnyStaff, AtHouse, Finance

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
def approve(award_id: UUID, by: Finance, at: AtHouse) -> dict[str, str]:
    """Say yes to exactly what stands now; the digest holds it."""
    with at.db.work() as session:
        actions.approve(
            session,
            award_id=AwardId(award_id),
            templates=at.letter_templates(),
            by=by,
            now=at.now(),
        )
    return {"state": "approved"}


@router.post("/awards/{award_id}/release")
def release(award_id: UUID, by: Finance, at: AtHouse) -> dict[str, str]:
    """Let the money go: obligates, and the flow pays."""
    with at.db.work(wake=True) as session:
        actions.release(
            session,
            award_id=AwardId(award_id),
            templates=at.letter_templates(),
            by=by,
            now=at.now(),
        )
    return {"state": "released"}


@router.post("/awards/{award_id}/approval-and-release")
def approve_and_release(award_id: UUID, by: Finance, at: AtHouse) -> dict[str, str]:
    """Both in one act, at or under the dated small-amount limit only."""
    with at.db.work(wake=True) as session:
        actions.approve_and_release(
            session,
            award_id=AwardId(award_id),
            templates=at.letter_templates(),
            by=by,
            now=at.now(),
        )
    return {"state": "released"}


@router.post("/awards/{award_id}/decline")
def decline(award_id: UUID, body: Reason, by: Finance, at: AtHouse) -> dict[str, str]:
    """Say no with a reason; what was reserved is free again."""
    with at.db.work(wake=True) as session:
        actions.decline(session, award_id=AwardId(award_id), reason=body.reason, by=by, now=at.now())
    return {"state": "declined"}


@router.post("/refusals/{refusal_id}/confirmation")
def confirm_refusal(refusal_id: UUID, by: AnyStaff, at: AtHouse) -> dict[str, str]:
    """A named person says no, once, kindly; the one letter follows."""
    with at.db.work(wake=True) as session:
        actions.confirm_refusal(session, refusal_id=refusal_id, by=by, now=at.now())
    return {"state": "confirmed"}
