"""The states a stage is read from, for many requests at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.approval.records import AwardRecord, RefusalRecord
from reunify.disbursement.records import InstructionRecord
from reunify.eligibility.records import AssessmentRecord
from reunify.intake.records import RequestRecord, VersionRecord

AT_REST = ("settled", "withdrawn")  # an old trouble of these troubles nobody


@dataclass(slots=True)
class Signs:
    """Of one request: its newest version, its newest assessment, and what stands on them."""

    request_state: str
    number: int = 0
    assessed_number: int = 0
    outcome: str | None = None
    owed_by: date | None = None  # something attested must be in by then
    award_id: UUID | None = None
    award_state: str | None = None
    award_number: int = 0
    refusal_state: str | None = None
    refusal_number: int = 0
    troubled: bool = False
    instruction_states: set[str] = field(default_factory=set)


def of(session: Session, request_ids: Collection[UUID]) -> dict[UUID, Signs]:
    """By request id; ids that do not exist are absent."""
    request = RequestRecord
    rows = session.execute(sa.select(request.id, request.state).where(request.id.in_(request_ids)))
    found = {row.id: Signs(row.state) for row in rows}
    for request_id, number in _newest(session, VersionRecord.request_id, VersionRecord.number, request_ids):
        found[request_id].number = number
    _read_assessments(session, found)
    _read_awards(session, found)
    refused = sa.select(RefusalRecord.request_id, RefusalRecord.state, RefusalRecord.version_number)
    for request_id, state, number in session.execute(
        refused.where(RefusalRecord.request_id.in_(found), RefusalRecord.state != "replaced").order_by(
            RefusalRecord.version_number
        )
    ):
        found[request_id].refusal_state, found[request_id].refusal_number = state, number
    return found


def _newest(session: Session, key: Any, number: Any, ids: Collection[UUID]) -> Any:
    return session.execute(sa.select(key, sa.func.max(number)).where(key.in_(ids)).group_by(key))


def _read_assessments(session: Session, found: dict[UUID, Signs]) -> None:
    a = AssessmentRecord
    asked = sa.select(a.request_id, a.number, a.outcome, a.owed_by).where(a.request_id.in_(found))
    for request_id, number, outcome, owed_by in session.execute(asked.order_by(a.number)):
        at = found[request_id]
        at.assessed_number, at.outcome, at.owed_by = number, outcome, owed_by


def _read_awards(session: Session, found: dict[UUID, Signs]) -> None:
    w = AwardRecord
    asked = sa.select(w.request_id, w.id, w.state, w.version_number)
    for request_id, award_id, state, number in session.execute(
        asked.where(w.request_id.in_(found), w.state != "replaced").order_by(w.opened_at)
    ):
        at = found[request_id]
        at.award_id, at.award_state, at.award_number = award_id, state, number
    standing = {at.award_id: at for at in found.values() if at.award_id is not None}
    paid = sa.select(InstructionRecord.award_id, InstructionRecord.state, InstructionRecord.trouble)
    for award_id, state, trouble in session.execute(paid.where(InstructionRecord.award_id.in_(standing))):
        standing[award_id].instruction_states.add(state)
        standing[award_id].troubled |= trouble is not None and state not in AT_REST
