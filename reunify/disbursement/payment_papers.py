"""A paper of the request that shows a payment: which may be attached, and opened by whoever checks it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.disbursement.logging_policy import PAPER_KIND, NotAProof, check_paper
from reunify.files import evidence
from reunify.files.evidence import Opened
from reunify.files.evidence_policy import Kind, MediaType, NoLongerKept, attachment_name
from reunify.files.evidence_records import Evidence
from reunify.kernel.ids import RequestId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor, Role


def check_receipt(session: Session, *, evidence_id: UUID, request_id: UUID) -> None:
    """A receipt of this very request that may yet be opened. Not scanned yet it may be attached.

    Raises NotAProof.
    """
    paper = session.scalar(
        sa.select(Evidence).where(Evidence.id == evidence_id, Evidence.request_id == request_id)
    )
    if paper is None or paper.kind != PAPER_KIND or paper.state in ("refused", "removed"):
        raise NotAProof("Attach a receipt that was sent in for this request.", field="/files")


@may(*FINANCE, Role.CASE_MANAGER, Role.SUPERVISOR)
def opened(
    session: Session, *, evidence_id: UUID, request_id: UUID | None, by: Actor, now: datetime
) -> Opened:
    """The paper itself, and the note that it was opened. `request_id`: of the payment it is attached to, None
    where it is attached to none. Raises NoLongerKept, NotAProof.
    """
    if request_id is None:
        raise NoLongerKept("That paper is not kept.")
    paper = evidence.locked(session, evidence_id, RequestId(request_id), read=True)
    check_paper(state=paper.state, kind=paper.kind, drawn_again=paper.safe_type is not None)
    content = evidence.bytes_of(session, paper.id, "safe" if paper.safe_type else "original")
    if content is None:
        raise NoLongerKept("That paper is not kept.")
    audit.record(
        session,
        by=by,
        at=now,
        subject=evidence.SUBJECT,
        subject_id=paper.id,
        moved="download",
        family=paper.request_id,
    )
    media_type = MediaType(paper.safe_type or paper.media_type or "")
    return Opened(content, media_type, attachment_name(paper.id.hex[:8], Kind(paper.kind), media_type))
