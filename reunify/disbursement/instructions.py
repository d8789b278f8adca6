"""One instruction: lock it, and move it together with its audit row."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.disbursement import policy
from reunify.disbursement.records import InstructionRecord
from reunify.kernel.ids import PayeeId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor, Role
from reunify.kernel.refusals import NotFound
from reunify.payees import queries as payees
from reunify.payees.policy import Rail

_FIRST = {
    Rail.GLOBAL_PAYOUT: "instruct",
    Rail.TRAVEL_CARD: "instruct_card",
    Rail.LOGGED: "instruct_logged",
}


def first_move(rail: Rail) -> str:
    """How an instruction of this rail begins."""
    return _FIRST[rail]


def locked_instruction(session: Session, instruction_id: UUID) -> InstructionRecord:
    """Locked until the transaction ends. Raises NotFound."""
    record = session.get(InstructionRecord, instruction_id, with_for_update=True, populate_existing=True)
    if record is None:
        raise NotFound("There is no such payment instruction.")
    return record


def in_trouble(session: Session, ids: Collection[UUID], trouble: str) -> set[UUID]:
    """Which of these instructions are in this trouble."""
    i = InstructionRecord
    return set(session.scalars(sa.select(i.id).where(i.id.in_(ids), i.trouble == trouble)))


def lock_award(session: Session, award_id: UUID) -> None:
    """One transaction at a time makes or ends instructions of an award; until the transaction ends."""
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(str(award_id), 1))))


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def move_instruction(
    session: Session,
    instruction: InstructionRecord,
    verb: str,
    *,
    by: Actor,
    now: datetime,
    trouble: str | None,
    why: str | None = None,
) -> None:
    """One move with its audit row; `trouble` is a code for whoever must decide, `why` a person's words."""
    moved = policy.INSTRUCTION.apply(instruction, verb)
    instruction.trouble = trouble
    audit.record(
        session,
        by=by,
        at=now,
        subject="instruction",
        subject_id=instruction.id,
        moved=moved,
        why=why,
        family=None if why is None else payees.request_of(session, PayeeId(instruction.payee_id)),
        detail={"trouble": trouble} if trouble else None,
    )
