"""Run an approved plan, item by item: each in a transaction of its own, so that a run broken off goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.db import Database
from reunify.retention import policy
from reunify.retention.erasing import BY, erase
from reunify.retention.finding import Item
from reunify.retention.planning import locked
from reunify.retention.policy import PLAN_MOVES, Part
from reunify.retention.records import PlanItem


@dataclass(frozen=True, slots=True)
class Progress:
    """After each item: how many of how many are done, and what became of this one."""

    done: int
    of: int
    reference: str
    outcome: str


def run(
    db: Database, *, plan_id: UUID, clock: Callable[[], datetime], tell: Callable[[Progress], None]
) -> dict[str, int]:
    """Outcomes counted over the whole plan, earlier runs of it included.

    Raises NoSuchPlan, PlanNotApproved, PlanTooOld. Two runs of one plan at once do each item once.
    """
    with db.read() as session:
        waiting = _waiting(session, plan_id)
        total = _total(session, plan_id)
    with db.work() as session:
        _check(session, plan_id, clock())
    done = total - len(waiting)
    for request_id, part in waiting:
        with db.work() as session:
            told = _one(session, plan_id, request_id, part, clock())
        done += 1
        if told is not None:
            tell(Progress(done, total, *told))
    with db.work() as session:
        return _finish(session, plan_id, clock())


def _check(session: Session, plan_id: UUID, now: datetime) -> UUID:
    """Who approved it."""
    plan = locked(session, plan_id)
    policy.check_plan_stands(state=plan.state, planned_at=plan.planned_at, now=now)
    assert plan.approved_by is not None  # the table says so
    return plan.approved_by


def _waiting(session: Session, plan_id: UUID) -> list[tuple[UUID, str]]:
    rows = session.execute(
        sa.select(PlanItem.request_id, PlanItem.part)
        .where(PlanItem.plan_id == plan_id, PlanItem.outcome.is_(None))
        .order_by(PlanItem.due_on, PlanItem.request_id, PlanItem.part)
    )
    return [(request_id, part) for request_id, part in rows]


def _total(session: Session, plan_id: UUID) -> int:
    return (
        session.scalar(sa.select(sa.func.count()).select_from(PlanItem).where(PlanItem.plan_id == plan_id))
        or 0
    )


def _one(
    session: Session, plan_id: UUID, request_id: UUID, part: str, now: datetime
) -> tuple[str, str] | None:
    """Reference and outcome; None if another run did it. A plan discarded meanwhile stops the run."""
    record = session.get(PlanItem, (plan_id, request_id, part), with_for_update=True)
    if record is None or record.outcome is not None:
        return None
    approved_by = _check(session, plan_id, now)
    item = Item(
        record.request_id,
        Part(record.part),
        record.record,
        record.reference,
        record.due_on,
        record.version_number,
    )
    record.outcome = erase(session, item=item, plan_id=plan_id, approved_by=approved_by, now=now)
    record.done_at = now
    return record.reference, record.outcome


def _finish(session: Session, plan_id: UUID, now: datetime) -> dict[str, int]:
    plan = locked(session, plan_id)
    outcomes = session.scalars(sa.select(PlanItem.outcome).where(PlanItem.plan_id == plan_id))
    counted = dict(Counter(o for o in outcomes if o is not None))
    if plan.state == "done":
        return counted  # another run of it was first
    moved = PLAN_MOVES.apply(plan, "finish")
    plan.finished_at = now
    audit.record(
        session,
        by=BY,
        at=now,
        subject="retention_plan",
        subject_id=plan.id,
        moved=moved,
        detail={"outcomes": counted, "approved_by": f"staff:{plan.approved_by}"},
    )
    return counted
