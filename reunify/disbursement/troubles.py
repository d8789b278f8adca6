"""Payments that wait for a finance person, with a word for each."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.bookings.invoiced import is_cancelled
from reunify.disbursement import logging_policy, policy, queries
from reunify.disbursement.cards_policy import ENDED
from reunify.disbursement.cards_records import TravelCardRecord
from reunify.disbursement.logging_records import LoggedPaymentRecord
from reunify.disbursement.queries import Instruction
from reunify.disbursement.rail_policy import OF_THE_RAIL
from reunify.disbursement.records import InstructionRecord
from reunify.kernel.ids import InstructionId, StaffId
from reunify.rates import queries as rates

LOST = "nobody_knows_whether_it_went_out"
CARD_ENDED = "its_card_ended_without_a_charge"
STALE = "stale"  # its check was not cashed for too long
STALE_AT_BANK = "stale_at_bank"  # and so old that it is to be stopped there
BOOKING_CANCELLED = "booking_cancelled"  # paid, and then its booking was cancelled
CANCELLED_UNPAID = "booking_cancelled_unpaid"

_CARD_LIVES = sa.exists().where(
    TravelCardRecord.award_id == InstructionRecord.award_id, TravelCardRecord.state.not_in(ENDED)
)
_IS_STALE = sa.exists().where(
    LoggedPaymentRecord.instruction_id == InstructionRecord.id, LoggedPaymentRecord.state == STALE
)
# Paid outside Stripe and not cleared yet, or to be paid so, for a booking that is cancelled.
_IS_CANCELLED = is_cancelled(InstructionRecord.booking_id) & sa.or_(
    InstructionRecord.state.in_(("to_log", "recorded")),
    sa.exists().where(
        LoggedPaymentRecord.instruction_id == InstructionRecord.id,
        LoggedPaymentRecord.state.in_(("verified", STALE)),
    ),
)


def need_person(session: Session, *, now: datetime, limit: int = 200) -> list[tuple[Instruction, str]]:
    """Failed, returned, stuck, unknown too long, not cashed, or held up by a trouble; the oldest first.

    What the whole rail holds up is one task (`rail.rail_now`), not one for each payment.
    """
    lost = {attempt.instruction: attempt.state for attempt in queries.needs_person(session, now=now)}
    row = InstructionRecord
    asked = sa.or_(
        row.state.in_(("failed", "returned")),
        sa.and_(row.trouble.not_in(OF_THE_RAIL), row.state.not_in(policy.DONE)),
        row.id.in_(lost),
        sa.and_(row.state == "on_card", ~_CARD_LIVES),
        _IS_STALE,
        _IS_CANCELLED,
    )
    rows = session.execute(
        sa.select(row, _IS_CANCELLED).where(asked).order_by(row.created_at, row.id).limit(limit)
    ).all()
    found = [(queries.as_instruction(record), gone) for record, gone in rows]
    old = stale_at_bank(session, [made.id for made, _ in found if made.state == "settled"], now=now)
    return [
        (made, _of_cancelled(made) if gone else made.trouble or _word(made, lost, old))
        for made, gone in found
    ]


def stale_at_bank(
    session: Session, instruction_ids: Collection[InstructionId], *, now: datetime
) -> set[InstructionId]:
    """Those whose stale check is past `check_void_after_days`: a bank may refuse it, and may pay it."""
    if not instruction_ids:
        return set()
    here = rates.organisation_now(session, now=now)
    last = logging_policy.aged_before(now.astimezone(here.zone).date(), here.check_void_after_days)
    p = LoggedPaymentRecord
    asked = sa.select(p.instruction_id).where(
        p.instruction_id.in_(instruction_ids), p.state == STALE, p.paid_on <= last
    )
    return {InstructionId(found) for found in session.scalars(asked)}


def _of_cancelled(made: Instruction) -> str:
    return BOOKING_CANCELLED if made.state == "settled" else CANCELLED_UNPAID


def _word(made: Instruction, lost: Collection[InstructionId], old: Collection[InstructionId]) -> str:
    if made.state == "settled":
        return STALE_AT_BANK if made.id in old else STALE
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
