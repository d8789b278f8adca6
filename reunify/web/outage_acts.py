"""What was paid in an outage, taken in once for its page and its API twin."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from reunify.bootstrap import House
from reunify.disbursement import outage_proofs
from reunify.disbursement.logging_policy import PAPER_KIND, NotAProof
from reunify.disbursement.outage_policy import Instrument, Paid
from reunify.files import evidence
from reunify.files.evidence import Sent
from reunify.files.evidence_policy import LARGEST_EVIDENCE
from reunify.files.ports import Examined
from reunify.intake.queries import lock_request
from reunify.intake.reach import Reach
from reunify.kernel.ids import InstructionId, RequestId
from reunify.kernel.may import FINANCE
from reunify.kernel.people import Role, Staff
from reunify.kernel.sight import Sight
from reunify.reconciliation import outage, outage_bearing, outage_ratifying
from reunify.reporting import outages
from reunify.web.audience import staff
from reunify.web.limits import count_upload
from reunify.web.papers_sent import one_file
from reunify.web.scope import case_at, case_for

RecordsOutage = Annotated[Staff, Depends(staff(*FINANCE, Role.CASE_MANAGER))]
ReadsOutage = Annotated[Staff, Depends(staff(*FINANCE, Role.AUDITOR))]
OutageCase = Annotated[Reach, Depends(case_at(RecordsOutage, Sight.WHOLE, Sight.MONEY))]


def record(
    at: House,
    *,
    request: str,
    instrument: Instrument,
    paid_on: date,
    cents: int,
    payee: str | None,
    to_whom: str | None,
    reference: str,
    why: str,
    by: Staff,
    form: FormData | None = None,
) -> UUID:
    """`request`: its reference, of a case this person may open. With the one file of `form`, if there is one:
    kept together, or not at all.

    Raises NotFound, NotWhatWasPaid, SameSlip, and as `attach_paper`.
    """
    content, examined = _examined(at, form, by) if form is not None else (b"", None)
    with at.db.work(wake=examined is not None) as session:
        case = case_for(by, session, outages.request_called(session, request), now=at.now())
        paid = Paid(
            case.request_id, instrument, paid_on, cents, payee or None, to_whom or None, reference, why
        )
        if examined is not None:
            lock_request(session, case.request_id)  # before the payments, as every upload does
        found = outage.record(session, paid=paid, by=by, now=at.now())
        if examined is not None:
            _attach(session, at, found, case.request_id, content, examined, by)
        return found


def attach_paper(at: House, form: FormData, *, outage_id: UUID, request_id: RequestId, by: Staff) -> None:
    """One file, kept as a receipt of the request and attached to the payment, together or not at all.

    Raises NotAProof, FileNotTaken, TooManyPapers, TooManyCalls, WrongState.
    """
    content, examined = _examined(at, form, by)
    if examined is None:
        raise NotAProof("Choose one file: a photo or a PDF of the check, slip or receipt.", field="/files")
    with at.db.work(wake=True) as session:
        _attach(session, at, outage_id, request_id, content, examined, by)


def propose(at: House, outage_id: UUID, instruction_ids: Collection[UUID], why_rest: str, by: Staff) -> None:
    """The first of two."""
    with at.db.work() as session:
        outage_ratifying.propose(
            session,
            outage_id=outage_id,
            instruction_ids=[InstructionId(one) for one in instruction_ids],
            why_rest=why_rest,
            standing_digest=at.standing_digest,
            by=by,
            now=at.now(),
        )


def ratify(at: House, outage_id: UUID, by: Staff) -> str:
    """The second: the award's lines bear it. Its state then: `reported` where something is left over."""
    with at.db.work(wake=True) as session:
        outage_ratifying.ratify(
            session, outage_id=outage_id, standing_digest=at.standing_digest, by=by, now=at.now()
        )
        return outages.one(session, outage_id).state


def send_back(at: House, outage_id: UUID, why: str, by: Staff) -> None:
    """It was not that payment."""
    with at.db.work() as session:
        outage.send_back(session, outage_id=outage_id, why=why, by=by, now=at.now())


def report(at: House, outage_id: UUID, why: str, by: Staff) -> None:
    """No award can bear it: for the auditor. What it held back goes on."""
    with at.db.work(wake=True) as session:
        outage.report(session, outage_id=outage_id, why=why, by=by, now=at.now())


def strike(at: House, outage_id: UUID, why: str, by: Staff) -> None:
    """It was not paid, or not so. What it held back goes on."""
    with at.db.work(wake=True) as session:
        outage.strike(session, outage_id=outage_id, why=why, by=by, now=at.now())


def bear(at: House, outage_id: UUID, by: Staff) -> None:
    """What is left of a reported one is the organisation's own cost."""
    with at.db.work() as session:
        outage_bearing.bear(session, outage_id=outage_id, by=by, now=at.now())


def _examined(at: House, form: FormData, by: Staff) -> tuple[bytes, Examined | None]:
    """The one file, looked at outside any transaction; None without one."""
    content = one_file(form, "files", largest=LARGEST_EVIDENCE)
    if not content:
        return b"", None
    count_upload(at, by.id)
    return content, at.examiner.examine(content)


def _attach(
    session: Session,
    at: House,
    outage_id: UUID,
    request_id: RequestId,
    content: bytes,
    examined: Examined,
    by: Staff,
) -> None:
    lock_request(session, request_id)
    sent = Sent(content, PAPER_KIND, None)
    kept = evidence.keep(session, request_id=request_id, sent=sent, examined=examined, by=by, now=at.now())
    outage_proofs.attach_paper(session, outage_id=outage_id, evidence_id=kept, by=by, now=at.now())
