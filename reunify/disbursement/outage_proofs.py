"""The check, slip or receipt of a payment made in an outage, as a paper of the request."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.disbursement import logging_policy
from reunify.disbursement import outage_policy as rules
from reunify.disbursement.logging_policy import PAPER_KIND, NotAProof
from reunify.disbursement.outage_records import OutagePayment, OutageProof
from reunify.disbursement.outage_rows import locked_outage, noted
from reunify.files import evidence
from reunify.files.evidence import Opened
from reunify.files.evidence_policy import Kind, MediaType, NoLongerKept, attachment_name
from reunify.files.evidence_records import Evidence
from reunify.kernel.ids import RequestId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor, Role


@may(*FINANCE, Role.CASE_MANAGER)
def attach_paper(session: Session, *, outage_id: UUID, evidence_id: UUID, by: Actor, now: datetime) -> UUID:
    """A receipt of the same request shows this payment; returns the proof's id. Said twice, it is one.

    Also once it is reported: whoever bears it may want to see it. Not scanned yet it may be attached.
    Raises NotAProof, NotAllowed, NotFound.
    """
    person = rules.check_recorder(by)
    row = locked_outage(session, outage_id)
    if row.state not in (*rules.OPEN, "reported"):
        raise NotAProof("It is over: nothing is attached to this payment any more.", field="/files")
    paper = session.scalar(
        sa.select(Evidence).where(Evidence.id == evidence_id, Evidence.request_id == row.request_id)
    )
    if paper is None or paper.kind != PAPER_KIND or paper.state in ("refused", "removed"):
        raise NotAProof("Attach a receipt that was sent in for this request.", field="/files")
    p = OutageProof
    known = session.scalar(sa.select(p.id).where(p.outage_id == row.id, p.evidence_id == evidence_id))
    if known is not None:
        return known
    proof = OutageProof(outage_id=row.id, evidence_id=evidence_id, added_by=person.id, added_at=now)
    session.add(proof)
    session.flush()
    noted(session, row, "attach_proof", by=by, now=now, detail={"proof": str(proof.id)})
    return proof.id


@may(*FINANCE, Role.CASE_MANAGER, Role.SUPERVISOR)
def show(session: Session, *, outage_id: UUID, evidence_id: UUID, by: Actor, now: datetime) -> Opened:
    """The paper itself, for whoever ratifies, and the note that they opened it.

    Finance opens no other paper of a family: only what was attached to this payment.
    Raises NoLongerKept, NotAProof.
    """
    o, p = OutagePayment, OutageProof
    request_id = session.scalar(
        sa.select(o.request_id)
        .join(p, p.outage_id == o.id)
        .where(o.id == outage_id, p.evidence_id == evidence_id)
    )
    if request_id is None:
        raise NoLongerKept("That paper is not kept.")
    paper = evidence.locked(session, evidence_id, RequestId(request_id), read=True)
    logging_policy.check_paper(state=paper.state, kind=paper.kind, drawn_again=paper.safe_type is not None)
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


def standing_proof(session: Session, outage_id: UUID) -> UUID:
    """The newest paper somebody else can open now. Raises NoPaper; NotAProof where one waits for its scan."""
    p = OutageProof
    rows = session.execute(
        sa.select(p.id, Evidence.state, Evidence.kind, Evidence.safe_type)
        .join(Evidence, Evidence.id == p.evidence_id)
        .where(p.outage_id == outage_id)
        .order_by(p.added_at.desc(), p.id.desc())
    )
    waiting: NotAProof | None = None
    for proof_id, state, kind, safe_type in rows:
        try:
            logging_policy.check_paper(state=state, kind=kind, drawn_again=safe_type is not None)
        except NotAProof as cannot:
            waiting = waiting or cannot
            continue
        return UUID(str(proof_id))
    raise waiting or rules.no_paper()
