"""Payments that wait for a finance person, with a word for each."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.disbursement import policy, queries
from reunify.disbursement.queries import Instruction
from reunify.disbursement.records import InstructionRecord
from reunify.kernel.ids import InstructionId

LOST = "nobody_knows_whether_it_went_out"


def need_person(session: Session, *, now: datetime, limit: int = 200) -> list[tuple[Instruction, str]]:
    """Failed, returned, stuck, unknown for too long, or held up by a trouble; the oldest first."""
    lost = {attempt.instruction: attempt.state for attempt in queries.needs_person(session, now=now)}
    row = InstructionRecord
    asked = sa.or_(
        row.state.in_(("failed", "returned")),
        sa.and_(row.trouble.is_not(None), row.state.not_in(policy.DONE)),
        row.id.in_(lost),
    )
    ids = session.scalars(sa.select(row.id).where(asked).order_by(row.created_at, row.id).limit(limit))
    found = [queries.instruction(session, InstructionId(i)) for i in ids]
    return [(made, made.trouble or (LOST if made.id in lost else made.state)) for made in found]
