"""What proves a payment made elsewhere, taken in once for its page and its API twin."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from starlette.datastructures import FormData

from reunify.bootstrap import House
from reunify.disbursement import logging_ends, logging_proofs
from reunify.disbursement.logging_policy import PAPER_KIND, Confirmation, Ended, NotAProof
from reunify.files import evidence
from reunify.files.evidence import Sent
from reunify.files.evidence_policy import LARGEST_EVIDENCE
from reunify.intake.queries import lock_request
from reunify.kernel.ids import InstructionId, RequestId
from reunify.kernel.people import Staff
from reunify.web.limits import count_upload
from reunify.web.papers_sent import one_file


def attach_paper(
    at: House, form: FormData, *, instruction_id: UUID, request_id: RequestId, by: Staff
) -> None:
    """One file, kept as a receipt of the request and attached to the payment, together or not at all.

    Raises NotAProof, FileNotTaken, TooManyPapers, TooManyCalls, WrongState.
    """
    count_upload(at, by.id)
    content = one_file(form, "files", largest=LARGEST_EVIDENCE)
    if not content:
        raise NotAProof("Choose one file: a photo or a PDF of the bill, check or voucher.", field="/files")
    examined = at.examiner.examine(content)  # takes a moment, outside any transaction
    sent = Sent(content, PAPER_KIND, None)
    with at.db.work(wake=True) as session:
        lock_request(session, request_id)
        kept = evidence.keep(
            session, request_id=request_id, sent=sent, examined=examined, by=by, now=at.now()
        )
        logging_proofs.attach_paper(
            session, instruction_id=InstructionId(instruction_id), evidence_id=kept, by=by, now=at.now()
        )


def attach_confirmation(
    at: House, instruction_id: UUID, *, organisation: str, said_on: date, message: str, by: Staff
) -> None:
    """A partner's own message. Raises NotAProof, WrongState."""
    with at.db.work() as session:
        logging_proofs.attach_confirmation(
            session,
            instruction_id=InstructionId(instruction_id),
            said=Confirmation(organisation, said_on, message),
            by=by,
            now=at.now(),
        )


def clear(at: House, instruction_id: UUID, *, cleared_on: date, reference: str, by: Staff) -> None:
    """The bank paid it, the voucher was used."""
    with at.db.work() as session:
        logging_ends.clear_logged(
            session,
            instruction_id=InstructionId(instruction_id),
            cleared_on=cleared_on,
            reference=reference,
            by=by,
            now=at.now(),
        )


def stop(at: House, instruction_id: UUID, *, ended: Ended, ended_on: date, why: str, by: Staff) -> None:
    """The bank confirmed the stop, or it came back: it is owed again."""
    with at.db.work(wake=True) as session:
        logging_ends.stop_logged(
            session,
            instruction_id=InstructionId(instruction_id),
            ended=ended,
            ended_on=ended_on,
            why=why,
            by=by,
            now=at.now(),
        )
