"""Payments made elsewhere: one person writes it down, another checks it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from reunify.disbursement import logging_payments as logged
from reunify.disbursement.policy import Instrument
from reunify.kernel.ids import InstructionId
from reunify.kernel.text import LongText, SafeText
from reunify.web import payment_acts
from reunify.web.api.awards import Reason
from reunify.web.audience import AtHouse, Finance, SteppedUpFinance
from reunify.web.scope import PaidCase

router = APIRouter(tags=["payments"])


class Elsewhere(BaseModel):
    """What the paper says. `external_reference` is the check, invoice or confirmation number."""

    model_config = ConfigDict(extra="forbid")
    instrument: Instrument
    external_reference: SafeText
    paid_on: date
    evidence: LongText


@router.post("/payments/{instruction_id}/record", status_code=201)
def record(instruction_id: UUID, body: Elsewhere, by: Finance, at: AtHouse, case: PaidCase) -> dict[str, str]:
    """Write down a payment made without Stripe; it counts once a colleague has checked it."""
    with at.db.work() as session:
        logged.record_logged(
            session,
            instruction_id=InstructionId(instruction_id),
            instrument=body.instrument,
            external_reference=body.external_reference,
            evidence_note=body.evidence,
            paid_on=body.paid_on,
            standing_digest=at.standing_digest,
            by=by,
            now=at.now(),
        )
    return {"state": "recorded"}


@router.post("/payments/{instruction_id}/verification")
def verify(instruction_id: UUID, by: SteppedUpFinance, at: AtHouse, case: PaidCase) -> dict[str, str]:
    """Check it against the evidence. Never the person who wrote it down."""
    payment_acts.verify(at, instruction_id, by)
    return {"state": "settled"}


@router.post("/payments/{instruction_id}/void")
def void(instruction_id: UUID, body: Reason, by: Finance, at: AtHouse, case: PaidCase) -> dict[str, str]:
    """Strike what was written down wrongly; it stays to be seen, and is written anew."""
    payment_acts.void(at, instruction_id, body.reason, by)
    return {"state": "to_log"}


@router.post("/payments/{instruction_id}/another-try")
def try_again(instruction_id: UUID, by: SteppedUpFinance, at: AtHouse, case: PaidCase) -> dict[str, str]:
    """Send a failed or returned payment anew."""
    payment_acts.try_again(at, instruction_id, by)
    return {"state": "ready"}


@router.post("/payments/{instruction_id}/other-way")
def pay_otherwise(
    instruction_id: UUID, body: Reason, by: SteppedUpFinance, at: AtHouse, case: PaidCase
) -> dict[str, str]:
    """Pay it outside Stripe and write that down. Never while an attempt may still pay."""
    payment_acts.pay_otherwise(at, instruction_id, body.reason, by)
    return {"state": "to_log"}


@router.post("/payments/{instruction_id}/withdrawal")
def withdraw(instruction_id: UUID, by: SteppedUpFinance, at: AtHouse, case: PaidCase) -> dict[str, str]:
    """Do not pay it at all; what was set aside for it is free again."""
    payment_acts.withdraw(at, instruction_id, by)
    return {"state": "withdrawn"}


@router.post("/payments/{instruction_id}/cancellation")
def cancel(
    instruction_id: UUID, body: Reason, by: SteppedUpFinance, at: AtHouse, case: PaidCase
) -> dict[str, str]:
    """Stop a payment in flight, if Stripe still can; then decide how it is paid."""
    payment_acts.cancel(at, instruction_id, body.reason, by)
    return {"state": "failed"}


@router.post("/payments/{instruction_id}/fresh-approval")
def approve_anew(instruction_id: UUID, by: SteppedUpFinance, at: AtHouse, case: PaidCase) -> dict[str, str]:
    """Say, as one of two people, that it is paid at the payee's new bank account."""
    return {"approval": payment_acts.approve_anew(at, instruction_id, by)}


@router.post("/payments/{instruction_id}/unsent")
def declare_unsent(
    instruction_id: UUID, body: Reason, by: SteppedUpFinance, at: AtHouse, case: PaidCase
) -> dict[str, str]:
    """Say, after a look at Stripe, that the attempt nobody heard of paid nothing."""
    payment_acts.declare_unsent(at, instruction_id, body.reason, by)
    return {"state": "failed"}
