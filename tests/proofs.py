"""What proves a payment made elsewhere, attached as a person would: a partner's message, or a paper."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.disbursement import logging_proofs
from reunify.disbursement.logging_policy import PAPER_KIND, Confirmation
from reunify.files import evidence
from reunify.files.evidence import Sent
from reunify.files.evidence_policy import MediaType
from reunify.files.ports import Examined
from reunify.kernel.ids import InstructionId, RequestId
from reunify.kernel.people import Staff

MESSAGE = "We have received your payment and thank you for it."
PICTURE = b"\xff\xd8\xff as a phone made it"


def message(day: date) -> dict[str, Any]:
    """The body of the API's call."""
    return {"organisation": "Prairie Air", "said_on": day.isoformat(), "message": MESSAGE}


def by_message(session: Session, instruction: InstructionId, *, by: Staff, now: datetime) -> UUID:
    """It came yesterday."""
    said = Confirmation("Prairie Air", (now - timedelta(days=1)).date(), MESSAGE)
    return logging_proofs.attach_confirmation(session, instruction_id=instruction, said=said, by=by, now=now)


def kept_paper(
    session: Session, request: RequestId, *, by: Staff, now: datetime, drawn_again: bool = True
) -> UUID:
    """A receipt of the request: a picture drawn again, or a PDF that waits for the scan."""
    examined = Examined(MediaType.JPEG, b"drawn again", MediaType.JPEG)
    if not drawn_again:
        examined = Examined(MediaType.PDF)
    sent = Sent(PICTURE + str(drawn_again).encode(), PAPER_KIND, "bill.jpg")
    return evidence.keep(session, request_id=request, sent=sent, examined=examined, by=by, now=now)


def by_paper(
    session: Session, instruction: InstructionId, evidence_id: UUID, *, by: Staff, now: datetime
) -> UUID:
    return logging_proofs.attach_paper(
        session, instruction_id=instruction, evidence_id=evidence_id, by=by, now=now
    )
