"""Hand a family over to somebody else's source, and write down what became of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from reunify.eligibility import hand_off_queries as queries
from reunify.eligibility import queries as eligibility
from reunify.eligibility.hand_off_queries import HandOffView
from reunify.web import hand_off_acts, reading
from reunify.web.audience import AtHouse, CaseManager
from reunify.web.scope import WholeCase

router = APIRouter(tags=["hand-offs"])


class HandOver(BaseModel):
    """`source` as the rules name it; `told`: who was called or written to, when, and what was told."""

    model_config = ConfigDict(extra="forbid")
    source: str
    told: str


class Outcome(BaseModel):
    """`outcome`: helped, did_not or no_answer."""

    model_config = ConfigDict(extra="forbid")
    outcome: str
    reason: str


@router.get("/requests/{request_id}/hand-offs")
def listed(request_id: UUID, by: CaseManager, at: AtHouse, case: WholeCase) -> dict[str, Any]:
    """Those of this request, and the sources it may be handed over to now, with their cards."""
    with at.db.work() as session:
        found = queries.of_request(session, request_id)
        offered = queries.offered(eligibility.explanation(session, request_id))
        reading.one(session, by=by, at=at.now(), subject="request", subject_id=request_id)
    return {
        "hand_offs": [_shown(one) for one in found],
        "offered": [
            {
                "source": s.source,
                "name": s.name,
                "answer": s.answer,
                "phone": s.hand_off.phone if s.hand_off else None,
                "form": s.hand_off.form if s.hand_off else None,
                "deadline": s.hand_off.deadline if s.hand_off else "",
                "follow_up_days": s.hand_off.follow_up_days if s.hand_off else 0,
            }
            for s in offered
        ],
    }


@router.post("/requests/{request_id}/hand-offs", status_code=201)
def hand_over(
    request_id: UUID, body: HandOver, by: CaseManager, at: AtHouse, case: WholeCase
) -> dict[str, Any]:
    """Refused without a consent in force that names this recipient."""
    made = hand_off_acts.hand_over(at, case, body.source, body.told, by)
    return _one(at, request_id, made)


@router.post("/hand-offs/{hand_off_id}/outcome")
def write_outcome(
    hand_off_id: UUID, body: Outcome, by: CaseManager, at: AtHouse, case: WholeCase
) -> dict[str, Any]:
    """Ends the follow-up; an attempt that did not help meets the last-resort question that waited for it."""
    hand_off_acts.write_outcome(at, case, hand_off_id, body.outcome, body.reason, by)
    return _one(at, case.request_id, hand_off_id)


def _one(at: AtHouse, request_id: UUID, hand_off_id: UUID) -> dict[str, Any]:
    with at.db.read() as session:
        found = queries.of_request(session, request_id)
    return next(_shown(one) for one in found if one.id == hand_off_id)


def _shown(one: HandOffView) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "source": one.source,
        "state": one.state,
        "handed_on": one.handed_on.isoformat(),
        "follow_up_on": one.follow_up_on.isoformat() if one.follow_up_on else None,
        "phone": one.phone,
        "form": one.form,
        "deadline": one.deadline,
    }
