"""Payments that wait for a finance person, with a word for each."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.disbursement import policy, queries
from reunify.disbursement.cards_policy import ENDED
from reunify.disbursement.cards_records import TravelCardRecord
from reunify.disbursement.queries import Instruction
from reunify.disbursement.records import InstructionRecord, LoggedPaymentRecord
from reunify.kernel.ids import InstructionId, StaffId

LOST = "nobody_knows_whether_it_went_out"
CARD_ENDED = "its_card_ended_without_a_charge"

_CARD_LIVES = sa.exists().where(
    TravelCardRecord.award_id == InstructionRecord.award_id, TravelCardRecord.state.not_in(ENDED)
)


def need_person(session: Session, *, now: datetime, limit: int = 200) -> list[tuple[Instruction, str]]:
    """Failed, returned, stuck, unknown for too long, or held up by a trouble; the oldest first."""
    lost = {attempt.instruction: attempt.state for attempt in queries.needs_person(session, now=now)}
    row = InstructionRecord
    asked = sa.or_(
        row.state.in_(("failed", "returned")),
        sa.and_(row.trouble.is_not(None), row.state.not_in(policy.DONE)),
        row.id.in_(lost),
        sa.and_(row.state == "on_card", ~_CARD_LIVES),
    )
    rows = session.scalars(sa.select(row).where(asked).order_by(row.created_at, row.id).limit(limit)).all()
    found = [queries.as_instruction(record) for record in rows]
    return [(made, made.trouble or _word(made, lost)) for made in found]


def _word(made: Instruction, lost: Collection[InstructionId]) -> str:
    if made.id in lost:
        return LOST
    return CARD_ENDED if made.state == "on_card" else made.state


def recorders(session: Session, instruction_ids: Collection[InstructionId]) -> dict[InstructionId, StaffId]:
    """Who wrote each of these payments down, where it waits for a second look."""
    p = LoggedPaymentRecord
    rows = session.execute(
        sa.select(p.instruction_id, p.recorder)
        .where(p.instruction_id.in_(instruction_ids), p.state == "recorded")
        .order_by(p.recorded_at)
    )
    return {InstructionId(instruction): StaffId(recorder) for instruction, recorder in rows}
