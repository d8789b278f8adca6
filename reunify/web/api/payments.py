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
from reunify.web.audience import AtHouse, Finance

router = APIRouter(tags=["payments"])


class Elsewhere(BaseModel):
    """What the paper says. `external_reference` is the check, invoice or confirmation number."""

    model_config = ConfigDict(extra="forbid")
    instrument: Instrument
    external_reference: SafeText
    paid_on: date
    evidence: LongText


@router.post("/payments/{instruction_id}/record", status_code=201)
def record(instruction_id: UUID, body: Elsewhere, by: Finance, at: AtHouse) -> dict[str, str]:
    """Write down a payment made without Stripe; it counts once a colleague has checked it."""
    with at.db.work() as session:
        logged.record_logged(
            session,
            instruction_id=InstructionId(instruction_id),
            instrument=body.instrument,
            external_reference=body.external_reference,
            evidence_note=body.evidence,
            paid_on=body.paid_on,
            by=by,
            now=at.now(),
        )
    return {"state": "recorded"}


@router.post("/payments/{instruction_id}/verification")
def verify(instruction_id: UUID, by: Finance, at: AtHouse) -> dict[str, str]:
    """Check it against the evidence. Never the person who wrote it down."""
    with at.db.work(wake=True) as session:
        logged.verify_logged(session, instruction_id=InstructionId(instruction_id), by=by, now=at.now())
    return {"state": "settled"}
