"""One instruction: lock it, and move it together with its audit row."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.disbursement import policy
from reunify.disbursement.records import AttemptRecord, InstructionRecord
from reunify.kernel.ids import PayeeId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor, Role
from reunify.kernel.refusals import NotFound
from reunify.payees import known_as
from reunify.payees import queries as payees
from reunify.payees.policy import Rail

_NAMED = sa.func.unnest(sa.cast(sa.bindparam("awards"), ARRAY(sa.Text()))).column_valued("award")
_AWARDS = sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(_NAMED, 1)))
_AFRESH = {"populate_existing": True}
_TO_SEND = (
    sa.select(
        InstructionRecord,
        known_as.request_of(InstructionRecord.payee_id),
        known_as.recipient_of(InstructionRecord.payee_id),
    )
    .where(InstructionRecord.id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(InstructionRecord.id)
    .with_for_update(of=InstructionRecord)
)
_BOTH = (
    sa.select(InstructionRecord, AttemptRecord)
    .join(AttemptRecord, AttemptRecord.instruction_id == InstructionRecord.id)
    .order_by(InstructionRecord.id)
    .with_for_update(of=[InstructionRecord, AttemptRecord])
)
_ATTEMPTS = _BOTH.where(AttemptRecord.id.in_(sa.bindparam("ids", expanding=True)))
_PAYMENTS = _BOTH.where(AttemptRecord.stripe_id.in_(sa.bindparam("ids", expanding=True)))

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


@dataclass(frozen=True, slots=True)
class ToSend:
    """An instruction, whose request it is, and the payee's account at Stripe."""

    record: InstructionRecord
    request: UUID
    recipient: str | None


def locked_to_send(session: Session, instruction_ids: Collection[UUID]) -> list[ToSend]:
    """Locked until the transaction ends, in the order of their ids; those that do not exist are absent."""
    rows = session.execute(_TO_SEND, {"ids": list(instruction_ids)}, execution_options=_AFRESH)
    return [ToSend(*row) for row in rows]


def locked_attempts(
    session: Session, attempt_ids: Collection[UUID]
) -> dict[UUID, tuple[InstructionRecord, AttemptRecord]]:
    """Attempts and their instructions, locked until the transaction ends, the instruction first."""
    rows = session.execute(_ATTEMPTS, {"ids": list(attempt_ids)}, execution_options=_AFRESH)
    return {attempt.id: (instruction, attempt) for instruction, attempt in rows}


def locked_payments(
    session: Session, payment_ids: Collection[str]
) -> dict[str, tuple[InstructionRecord, AttemptRecord]]:
    """The same by Stripe's names of their payments; those we have not heard of before are absent."""
    rows = session.execute(_PAYMENTS, {"ids": list(payment_ids)}, execution_options=_AFRESH)
    return {str(attempt.stripe_id): (instruction, attempt) for instruction, attempt in rows}


def locked_attempt(session: Session, attempt_id: UUID) -> tuple[InstructionRecord, AttemptRecord]:
    """One of them. Raises NotFound."""
    found = locked_attempts(session, [attempt_id]).get(attempt_id)
    if found is None:
        raise NotFound("There is no such payment attempt.")
    return found


def payees_of(session: Session, instruction_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Whom each of these instructions pays."""
    i = InstructionRecord
    rows = session.execute(sa.select(i.id, i.payee_id).where(i.id.in_(instruction_ids)))
    return {instruction: payee for instruction, payee in rows}


def in_trouble(session: Session, ids: Collection[UUID], trouble: str) -> set[UUID]:
    """Which of these instructions are in this trouble."""
    i = InstructionRecord
    return set(session.scalars(sa.select(i.id).where(i.id.in_(ids), i.trouble == trouble)))


def lock_award(session: Session, award_id: UUID) -> None:
    """One transaction at a time makes or ends instructions of an award; until the transaction ends."""
    lock_awards(session, [award_id])


def lock_awards(session: Session, award_ids: Iterable[UUID]) -> None:
    """The same of several, in one order whoever asks."""
    session.execute(_AWARDS, {"awards": sorted(str(award_id) for award_id in award_ids)})


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
