"""On a payment made elsewhere: attach the paper, the partner's message; say it cleared, or was stopped."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from reunify.disbursement import logging_proofs
from reunify.disbursement.logging_policy import Ended, NotAProof
from reunify.kernel.ids import InstructionId
from reunify.web import payment_proofs
from reunify.web.audience import AtHouse, Finance, SteppedUpFinance
from reunify.web.pages.typed import day_read
from reunify.web.pages.view import PostedForm, go, text_of
from reunify.web.papers_sent import UploadForm, attachment
from reunify.web.scope import PaidCase

router = APIRouter(include_in_schema=False)
_DAY = "Write a day like 2026-10-01."


@router.post("/payments/{instruction_id}/paper")
def attach_paper(
    instruction_id: UUID, by: Finance, at: AtHouse, case: PaidCase, form: UploadForm
) -> Response:
    payment_proofs.attach_paper(at, form, instruction_id=instruction_id, request_id=case.request_id, by=by)
    return go(f"/payments/{instruction_id}", "proof_attached")


@router.get("/payments/{instruction_id}/papers/{evidence_id}/file")
def file(
    request: Request, instruction_id: UUID, evidence_id: UUID, by: Finance, at: AtHouse, case: PaidCase
) -> Response:
    """Only what was attached to this payment: no other paper of the family is finance's to open."""
    with at.db.work() as session:
        opened = logging_proofs.show(
            session,
            instruction_id=InstructionId(instruction_id),
            evidence_id=evidence_id,
            by=by,
            now=at.now(),
        )
        return attachment(request, opened)


@router.post("/payments/{instruction_id}/confirmation")
def attach_confirmation(
    instruction_id: UUID, form: PostedForm, by: Finance, at: AtHouse, case: PaidCase
) -> Response:
    payment_proofs.attach_confirmation(
        at,
        instruction_id,
        organisation=text_of(form, "/organisation"),
        said_on=day_read(text_of(form, "/said_on"), "/said_on", say=_DAY),
        message=text_of(form, "/message"),
        by=by,
    )
    return go(f"/payments/{instruction_id}", "proof_attached")


@router.post("/payments/{instruction_id}/clearing")
def clear(instruction_id: UUID, form: PostedForm, by: Finance, at: AtHouse, case: PaidCase) -> Response:
    payment_proofs.clear(
        at,
        instruction_id,
        cleared_on=day_read(text_of(form, "/cleared_on"), "/cleared_on", say=_DAY),
        reference=text_of(form, "/reference"),
        by=by,
    )
    return go(f"/payments/{instruction_id}", "payment_cleared")


@router.post("/payments/{instruction_id}/stop")
def stop(
    instruction_id: UUID, form: PostedForm, by: SteppedUpFinance, at: AtHouse, case: PaidCase
) -> Response:
    payment_proofs.stop(
        at,
        instruction_id,
        ended=_ended(text_of(form, "/ended")),
        ended_on=day_read(text_of(form, "/ended_on"), "/ended_on", say=_DAY),
        why=text_of(form, "/reason"),
        by=by,
    )
    return go(f"/payments/{instruction_id}", "payment_stopped")


def _ended(said: str) -> Ended:
    """Raises NotAProof for what is none of the two."""
    if said not in list(Ended):
        raise NotAProof("Say whether the bank confirmed the stop, or it came back.", field="/ended")
    return Ended(said)
