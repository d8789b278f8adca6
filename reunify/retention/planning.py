"""Make a plan of what is due, and have another person approve it. Nothing is erased here."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.kernel.may import may
from reunify.kernel.moves import START
from reunify.kernel.people import Actor, Role, Staff
from reunify.retention import finding, policy
from reunify.retention.finding import Found
from reunify.retention.policy import PLAN_MOVES, NoSuchPlan
from reunify.retention.records import Plan, PlanItem


@may(Role.SUPERVISOR, Role.ADMINISTRATOR, system=True)
def plan(session: Session, *, by: Actor, now: datetime) -> tuple[UUID, Found]:
    """Write down what is due today, item by item. An older plan nobody approved is discarded."""
    found = finding.find(session, now=now)
    for old in session.scalars(sa.select(Plan).where(Plan.state == "planned").with_for_update()):
        moved = PLAN_MOVES.apply(old, "discard")
        audit.record(session, by=by, at=now, subject="retention_plan", subject_id=old.id, moved=moved)
    made = Plan(
        state=PLAN_MOVES.check(START, "plan").target,
        digest=found.digest,
        schedule_digest=finding.schedule_now(session).digest,
        held=len(found.held),
        planned_by=by.id if isinstance(by, Staff) else None,
        planned_at=now,
    )
    session.add(made)
    session.flush()
    session.add_all(
        PlanItem(
            plan_id=made.id,
            request_id=item.request_id,
            part=item.part,
            record=item.record,
            reference=item.reference,
            due_on=item.due_on,
            version_number=item.version_number,
        )
        for item in found.due
    )
    detail = {"digest": found.digest, "due": len(found.due), "held": len(found.held)}
    audit.record(
        session, by=by, at=now, subject="retention_plan", subject_id=made.id, moved="plan", detail=detail
    )
    return made.id, found


@may(Role.SUPERVISOR, Role.ADMINISTRATOR)
def approve_plan(session: Session, *, plan_id: UUID, digest: str, by: Staff, now: datetime) -> bool:
    """Another person's yes, to exactly the plan they read (`digest`); False while one more person is needed.

    A plan made at the command line names nobody: whoever first says yes takes it on as if they had made it.
    Raises NoSuchPlan, PlannerMayNotApprove, PlanChanged, WrongState.
    """
    record = locked(session, plan_id)
    PLAN_MOVES.check(record.state, "approve")
    policy.check_can_approve_plan(by, planned_by=record.planned_by)
    policy.check_plan_read(digest, kept=record.digest)
    taken_on = record.planned_by is None
    moved = PLAN_MOVES.apply(record, "take_on" if taken_on else "approve")
    if taken_on:
        record.planned_by = by.id
    else:
        record.approved_by, record.approved_at = by.id, now
    audit.record(
        session,
        by=by,
        at=now,
        subject="retention_plan",
        subject_id=record.id,
        moved=moved,
        detail={"digest": record.digest},
    )
    return not taken_on


@may(Role.SUPERVISOR, Role.ADMINISTRATOR)
def discard_plan(session: Session, *, plan_id: UUID, by: Staff, now: datetime) -> None:
    """Nothing more of this plan is erased."""
    record = locked(session, plan_id)
    moved = PLAN_MOVES.apply(record, "discard")
    audit.record(session, by=by, at=now, subject="retention_plan", subject_id=record.id, moved=moved)


def locked(session: Session, plan_id: UUID) -> Plan:
    """Raises NoSuchPlan."""
    record = session.scalar(sa.select(Plan).where(Plan.id == plan_id).with_for_update())
    if record is None:
        raise NoSuchPlan("There is no such retention plan. `reunify retention plan` makes one.")
    return record
