"""What proves a payment made elsewhere, and what became of it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from reunify.disbursement.logging_policy import Ended
from reunify.kernel.text import LongText, SafeText
from reunify.web import payment_proofs
from reunify.web.audience import AtHouse, Finance, SteppedUpFinance
from reunify.web.papers_sent import UploadForm
from reunify.web.scope import PaidCase

router = APIRouter(tags=["payments"])


class PartnerSaid(BaseModel):
    """A partner's own message, as it came, on the day it came."""

    model_config = ConfigDict(extra="forbid")
    organisation: SafeText
    said_on: date
    message: LongText


class Cleared(BaseModel):
    """The day the bank paid it, or the voucher was used; the number on the bank's line."""

    model_config = ConfigDict(extra="forbid")
    cleared_on: date
    reference: SafeText = ""


class EndedAt(BaseModel):
    """What the person saw, the day of it, and their words."""

    model_config = ConfigDict(extra="forbid")
    ended: Ended
    ended_on: date
    reason: LongText


@router.post("/payments/{instruction_id}/paper", status_code=201)
def attach_paper(
    instruction_id: UUID, by: Finance, at: AtHouse, case: PaidCase, form: UploadForm
) -> dict[str, str]:
    """One photo or PDF (part `files`) of the bill, check or voucher."""
    payment_proofs.attach_paper(at, form, instruction_id=instruction_id, request_id=case.request_id, by=by)
    return {"proof": "paper"}


@router.post("/payments/{instruction_id}/confirmation", status_code=201)
def attach_confirmation(
    instruction_id: UUID, body: PartnerSaid, by: Finance, at: AtHouse, case: PaidCase
) -> dict[str, str]:
    """A partner's own confirmation, where no paper is sent: the second witness."""
    payment_proofs.attach_confirmation(
        at,
        instruction_id,
        organisation=body.organisation,
        said_on=body.said_on,
        message=body.message,
        by=by,
    )
    return {"proof": "confirmation"}


@router.post("/payments/{instruction_id}/clearing")
def clear(instruction_id: UUID, body: Cleared, by: Finance, at: AtHouse, case: PaidCase) -> dict[str, str]:
    """The bank's line says it was paid, or the voucher was used."""
    payment_proofs.clear(at, instruction_id, cleared_on=body.cleared_on, reference=body.reference, by=by)
    return {"state": "cleared"}


@router.post("/payments/{instruction_id}/stop")
def stop(
    instruction_id: UUID, body: EndedAt, by: SteppedUpFinance, at: AtHouse, case: PaidCase
) -> dict[str, str]:
    """The bank confirmed that a verified check is stopped, or it came back: it is owed again."""
    payment_proofs.stop(at, instruction_id, ended=body.ended, ended_on=body.ended_on, why=body.reason, by=by)
    return {"state": "to_log"}
