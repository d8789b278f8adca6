"""What we show of instructions, attempts and logged payments; what is waiting for whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.disbursement import policy
from reunify.disbursement.logging_records import LoggedPaymentRecord
from reunify.disbursement.outage_waits import paid_in_outage
from reunify.disbursement.quiet import held_back
from reunify.disbursement.records import (
    AttemptRecord,
    InstructionLineRecord,
    InstructionRecord,
)
from reunify.kernel.ids import AttemptId, AwardId, FundId, InstructionId, LineId, PayeeId, StaffId
from reunify.kernel.refusals import NotFound
from reunify.vault.keepers import ERASED


@dataclass(frozen=True, slots=True)
class Line:
    allocation_line: LineId
    fund: FundId
    budget_category: str
    settlement: str
    amount: int


@dataclass(frozen=True, slots=True)
class Instruction:
    """`amount` is whole cents when `unit` is `cents`, else whole units. `trouble` is a code for a person."""

    id: InstructionId
    award: AwardId
    award_digest: str
    payee: PayeeId
    rail: str
    rail_reason: str
    unit: str
    amount: int
    state: str
    trouble: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    id: AttemptId
    instruction: InstructionId
    number: int
    key: str
    state: str
    payment: str | None
    outcome: str | None
    first_sent_at: datetime
    amount: int


@dataclass(frozen=True, slots=True)
class LoggedPayment:
    id: UUID
    instruction: InstructionId
    instrument: str
    external_reference: str = field(repr=False)
    evidence_note: str | None = field(repr=False)
    paid_on: date
    recorder: StaffId
    recorded_at: datetime
    recorded_for: frozenset[StaffId]
    verifier: StaffId | None
    verified_at: datetime | None
    state: str
    noted_in_stripe_at: datetime | None


@dataclass(frozen=True, slots=True)
class Note:
    """One opaque reference (the instruction's id) for one recipient's account."""

    instruction: InstructionId
    recipient: str


def as_instruction(record: InstructionRecord) -> Instruction:
    return Instruction(
        InstructionId(record.id),
        AwardId(record.award_id),
        record.award_digest,
        PayeeId(record.payee_id),
        record.rail,
        record.rail_reason,
        record.unit,
        record.amount,
        record.state,
        record.trouble,
        record.created_at,
    )


def _as_attempt(record: AttemptRecord) -> Attempt:
    params: dict[str, Any] = record.params
    return Attempt(
        AttemptId(record.id),
        InstructionId(record.instruction_id),
        record.number,
        record.idempotency_key,
        record.state,
        record.stripe_id,
        record.outcome,
        record.first_sent_at,
        int(params["amount"]["value"]),
    )


def instruction(session: Session, instruction_id: InstructionId) -> Instruction:
    """Raises NotFound."""
    record = session.get(InstructionRecord, instruction_id)
    if record is None:
        raise NotFound("There is no such payment instruction.")
    return as_instruction(record)


def of_award(session: Session, award_id: AwardId) -> list[Instruction]:
    """Every instruction of one award, oldest first."""
    rows = session.scalars(
        sa.select(InstructionRecord)
        .where(InstructionRecord.award_id == award_id)
        .order_by(InstructionRecord.created_at, InstructionRecord.id)
    )
    return [as_instruction(row) for row in rows]


def in_state(session: Session, state: str, *, limit: int = 200) -> list[Instruction]:
    """`ready` for the paying flow, `to_log` and `recorded` for staff, `failed` for finance; oldest first."""
    rows = session.scalars(
        sa.select(InstructionRecord)
        .where(InstructionRecord.state == state)
        .order_by(InstructionRecord.created_at, InstructionRecord.id)
        .limit(limit)
    )
    return [as_instruction(row) for row in rows]


def to_send(session: Session, *, now: datetime, limit: int = 200) -> list[Instruction]:
    """`ready` and due: a payee whose bank details are missing is left alone for a while.

    What a quiet outcome holds back waits until a person lets it go.
    """
    rows = session.scalars(
        sa.select(InstructionRecord)
        .where(
            InstructionRecord.state == "ready",
            InstructionRecord.try_after <= now,
            ~held_back(),
            ~paid_in_outage(),
        )
        .order_by(InstructionRecord.created_at, InstructionRecord.id)
        .limit(limit)
    )
    return [as_instruction(row) for row in rows]


def lines(session: Session, instruction_id: InstructionId) -> list[Line]:
    rows = session.scalars(
        sa.select(InstructionLineRecord)
        .where(InstructionLineRecord.instruction_id == instruction_id)
        .order_by(InstructionLineRecord.allocation_line_id)
    )
    return [
        Line(LineId(r.allocation_line_id), FundId(r.fund_id), r.budget_category, r.settlement, r.amount)
        for r in rows
    ]


def attempts(session: Session, instruction_id: InstructionId) -> list[Attempt]:
    rows = session.scalars(
        sa.select(AttemptRecord)
        .where(AttemptRecord.instruction_id == instruction_id)
        .order_by(AttemptRecord.number)
    )
    return [_as_attempt(row) for row in rows]


def to_resend(session: Session, *, now: datetime, limit: int = 200) -> list[Attempt]:
    """Attempts whose outcome is not known and that may be sent again, with the same key, without a person."""
    rows = session.scalars(
        sa.select(AttemptRecord)
        .join(InstructionRecord, InstructionRecord.id == AttemptRecord.instruction_id)
        .where(
            AttemptRecord.state.in_(policy.UNSENT),
            AttemptRecord.try_after <= now,
            ~held_back(),
            sa.or_(
                AttemptRecord.calling_since.is_(None),
                AttemptRecord.calling_since < now - policy.CALL_LASTS_AT_MOST,
            ),
            AttemptRecord.first_sent_at >= now - policy.RESEND_FOR,
        )
        .order_by(AttemptRecord.first_sent_at)
        .limit(limit)
    )
    return [_as_attempt(row) for row in rows]


def needs_person(session: Session, *, now: datetime) -> list[Attempt]:
    """Unknown for too long, or stuck: nothing is sent again until a person has looked at Stripe."""
    old = sa.and_(
        AttemptRecord.state.in_(policy.UNSENT), AttemptRecord.first_sent_at < now - policy.RESEND_FOR
    )
    rows = session.scalars(sa.select(AttemptRecord).where(sa.or_(old, AttemptRecord.state == "stuck")))
    return [_as_attempt(row) for row in rows]


def in_flight(session: Session, *, due_by: datetime | None = None, limit: int = 500) -> list[Attempt]:
    """Payments Stripe has and has not finished; `due_by`: only those it is time to ask after again."""
    asked = sa.select(AttemptRecord).where(AttemptRecord.state == "in_flight")
    if due_by is not None:
        asked = asked.where(AttemptRecord.try_after <= due_by)
    return [_as_attempt(row) for row in session.scalars(asked.order_by(AttemptRecord.try_after).limit(limit))]


def attempt_of_payment(
    session: Session, payment_id: str, *, key: str | None = None, reference: UUID | None = None
) -> Attempt | None:
    """The attempt behind a payment: by its id, else by the key that made it, else by our reference.

    By reference only an attempt that may have been sent and has no payment yet is meant.
    """
    record = session.scalar(sa.select(AttemptRecord).where(AttemptRecord.stripe_id == payment_id))
    if record is None and key is not None:
        record = session.scalar(sa.select(AttemptRecord).where(AttemptRecord.idempotency_key == key))
    if record is None and reference is not None:
        record = session.scalar(
            sa.select(AttemptRecord).where(
                AttemptRecord.instruction_id == reference,
                AttemptRecord.stripe_id.is_(None),
                AttemptRecord.first_sent_at.is_not(None),
                AttemptRecord.state.in_(policy.ALIVE),
            )
        )
    return None if record is None else _as_attempt(record)


def payments_known(session: Session) -> dict[str, Attempt]:
    """Every payment we have a name for, by Stripe's id."""
    rows = session.scalars(sa.select(AttemptRecord).where(AttemptRecord.stripe_id.is_not(None)))
    return {str(row.stripe_id): _as_attempt(row) for row in rows}


def logged(session: Session, instruction_id: InstructionId) -> list[LoggedPayment]:
    """Newest first; a voided one stays to be seen."""
    rows = session.scalars(
        sa.select(LoggedPaymentRecord)
        .where(LoggedPaymentRecord.instruction_id == instruction_id)
        .order_by(LoggedPaymentRecord.recorded_at.desc())
    )
    return [_as_logged(row) for row in rows]


def to_note(session: Session, *, limit: int = 200) -> list[Note]:
    """Verified payments whose reference may be noted in Stripe and is not yet; only if that is on."""
    rows = session.scalars(
        sa.select(LoggedPaymentRecord)
        .where(
            LoggedPaymentRecord.stripe_account.is_not(None), LoggedPaymentRecord.stripe_metadata_at.is_(None)
        )
        .order_by(LoggedPaymentRecord.verified_at)
        .limit(limit)
    )
    return [Note(InstructionId(row.instruction_id), str(row.stripe_account)) for row in rows]


def _as_logged(record: LoggedPaymentRecord) -> LoggedPayment:
    return LoggedPayment(
        record.id,
        InstructionId(record.instruction_id),
        record.instrument,
        LoggedPaymentRecord.external_reference.told(record, erased=ERASED),
        LoggedPaymentRecord.evidence_note.told(record, erased=ERASED),
        record.paid_on,
        StaffId(record.recorder),
        record.recorded_at,
        frozenset(StaffId(i) for i in record.recorded_for),
        StaffId(record.verifier) if record.verifier else None,
        record.verified_at,
        record.state,
        record.stripe_metadata_at,
    )
