"""The first of the night's acts: twelve answers and the return authority, kept and submitted at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.intake import actions, queries, tonight
from reunify.intake.form import TravelRequest
from reunify.intake.policy import Lane
from reunify.intake.records import RequestRecord
from reunify.intake.tonight import Answers
from reunify.intake.tonight_costs import Terms
from reunify.kernel.ids import RequestId, VersionId
from reunify.kernel.may import may
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import BadInput


@dataclass(frozen=True, slots=True)
class Submitted:
    """The request in the emergency lane, with its frozen first version."""

    request_id: RequestId
    reference: str
    version_id: VersionId
    content: TravelRequest


@may(Role.CASE_MANAGER)
def submit_tonight(
    session: Session,
    *,
    answers: Answers,
    terms: Terms,
    case_types: Iterable[str],
    by: Staff,
    now: datetime,
    going_on: str = "",
) -> Submitted:
    """Create and submit in one act, in the emergency lane.

    `going_on`: why, where another request holds the same child, traveler or night. Raises OverlapsAnother
    without it, BadInput with each problem at its answer; then nothing is kept.
    """
    draft = actions.create(session, draft=tonight.draft_of(answers, now=now, terms=terms), by=by, now=now)
    record = session.get_one(RequestRecord, draft.id)
    record.lane = Lane.EMERGENCY.value
    try:
        version = actions.submit(
            session, request_id=draft.id, case_types=case_types, going_on=going_on, by=by, now=now
        )
    except BadInput as wrong:
        raise BadInput(tonight.mended_at(wrong.problems)) from None
    audit.record(
        session,
        by=by,
        at=now,
        subject="request",
        subject_id=record.id,
        moved="take_emergency_lane",
        detail={"lane": Lane.EMERGENCY.value},
    )
    content = queries.version(session, version).content
    return Submitted(draft.id, draft.reference, version, content)
