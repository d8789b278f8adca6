"""The check, slip or receipt of a payment made in an outage, as a paper of the request."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.disbursement import logging_policy, payment_papers
from reunify.disbursement import outage_policy as rules
from reunify.disbursement.logging_policy import NotAProof
from reunify.disbursement.outage_records import OutagePayment, OutageProof
from reunify.disbursement.outage_rows import locked_outage, noted
from reunify.files.evidence import Opened
from reunify.files.evidence_records import Evidence
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
    payment_papers.check_receipt(session, evidence_id=evidence_id, request_id=row.request_id)
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
    return payment_papers.opened(session, evidence_id=evidence_id, request_id=request_id, by=by, now=now)


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
