"""One instruction: lock it, and move it together with its audit row."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.disbursement import policy
from reunify.disbursement.records import InstructionRecord
from reunify.kernel.people import Actor
from reunify.kernel.refusals import NotFound


def locked_instruction(session: Session, instruction_id: UUID) -> InstructionRecord:
    """Locked until the transaction ends. Raises NotFound."""
    record = session.get(InstructionRecord, instruction_id, with_for_update=True, populate_existing=True)
    if record is None:
        raise NotFound("There is no such payment instruction.")
    return record


def move_instruction(
    session: Session,
    instruction: InstructionRecord,
    verb: str,
    *,
    by: Actor,
    now: datetime,
    trouble: str | None,
) -> None:
    """One move with its audit row; `trouble` is a code for the person who must decide, or None."""
    moved = policy.INSTRUCTION.apply(instruction, verb)
    instruction.trouble = trouble
    audit.record(
        session,
        by=by,
        at=now,
        subject="instruction",
        subject_id=instruction.id,
        moved=moved,
        why=trouble,
    )
