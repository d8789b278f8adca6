"""How an award was told of, for its page and for programs: the same history for both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.bootstrap import House
from reunify.identity.queries import staff_names
from reunify.kernel.ids import AwardId
from reunify.kernel.people import Staff
from reunify.notices import escalations, queries
from reunify.notices.queries import Escalation


@dataclass(frozen=True, slots=True)
class TellingShown:
    """`open`: whether somebody is still awaited. `mine`: this person has said "I have it" already."""

    stages: list[Escalation]
    names: dict[UUID, str]
    open: bool
    mine: bool


def of_award(session: Session, award_id: UUID, by: Staff, now: datetime) -> TellingShown:
    stages = queries.history(session, award_id, now=now)
    people = {line.staff_id for stage in stages for line in stage.told}
    people |= {who for stage in stages for who, _ in stage.acknowledged}
    waiting = [stage for stage in stages if stage.ended_at is None]
    mine = any(who == by.id for stage in waiting for who, _ in stage.acknowledged)
    return TellingShown(stages, staff_names(session, people), bool(waiting), mine)


def as_json(shown: TellingShown) -> dict[str, Any]:
    state = "open" if shown.open else "ended" if shown.stages else "none"
    return {"state": state, "stages": [_stage(stage, shown.names) for stage in shown.stages]}


def acknowledge(at: House, award_id: UUID, by: Staff) -> datetime:
    """ "I have it": until when nobody else is told. Raises NothingWaits, AlreadyYours."""
    with at.db.work() as session:
        return escalations.acknowledge(session, award_id=AwardId(award_id), by=by, now=at.now())


def _stage(stage: Escalation, names: dict[UUID, str]) -> dict[str, Any]:
    return {
        "stage": stage.stage.value,
        "began_at": stage.began_at.isoformat(),
        "ended_at": stage.ended_at.isoformat() if stage.ended_at else None,
        "ended_because": stage.ended_because,
        "next_at": stage.next_at.isoformat() if stage.next_at else None,
        "acknowledged_by": [
            {"name": names.get(who, ""), "at": when.isoformat()} for who, when in stage.acknowledged
        ],
        "told": [
            {
                "name": names.get(line.staff_id, ""),
                "channel": line.channel,
                "state": line.state,
                "why": line.why,
                "planned_at": line.planned_at.isoformat(),
                "at": line.at.isoformat(),
            }
            for line in stage.told
        ],
    }
