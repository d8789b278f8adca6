"""What proves a payment made elsewhere: a paper of the request, or a partner's own confirmation message."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.disbursement import logging_policy as rules
from reunify.disbursement import payment_papers, policy
from reunify.disbursement.logging_policy import LOGGED, Confirmation, Proof
from reunify.disbursement.logging_records import LoggedPaymentRecord, LoggedProofRecord
from reunify.disbursement.logging_rows import locked_log
from reunify.files.evidence import Opened
from reunify.files.evidence_records import Evidence
from reunify.kernel.ids import InstructionId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor, Role
from reunify.rates import queries as rates


@may(*FINANCE, Role.CASE_MANAGER)
def attach_paper(
    session: Session, *, instruction_id: InstructionId, evidence_id: UUID, by: Actor, now: datetime
) -> UUID:
    """A receipt of the same request shows this payment; returns the proof's id. Said twice, it is one.

    Not scanned yet it may be attached; verified it cannot be, unless it is a picture drawn again.
    Raises NotAProof, NotAllowed, NotFound, WrongState.
    """
    person = policy.check_recorder(by)
    _, logged = locked_log(session, instruction_id)
    LOGGED.check(logged.state, "verify")
    payment_papers.check_receipt(session, evidence_id=evidence_id, request_id=logged.request_id)
    p = LoggedProofRecord
    known = session.scalar(
        sa.select(p.id).where(p.logged_payment_id == logged.id, p.evidence_id == evidence_id)
    )
    return known or _keep(session, logged, Proof.PAPER, by, person.id, now, evidence_id=evidence_id)


@may(*FINANCE, Role.CASE_MANAGER)
def attach_confirmation(
    session: Session, *, instruction_id: InstructionId, said: Confirmation, by: Actor, now: datetime
) -> UUID:
    """A partner wrote that the nights, the miles or the money were given: their message, sealed.

    Returns the proof's id. Raises NotAProof, NotAllowed, NotFound, WrongState.
    """
    person = policy.check_recorder(by)
    _, logged = locked_log(session, instruction_id)
    LOGGED.check(logged.state, "verify")
    told = rules.check_confirmation(said, today=rates.today(session, now=now))
    return _keep(session, logged, Proof.CONFIRMATION, by, person.id, now, told=told)


@may(*FINANCE, Role.CASE_MANAGER, Role.SUPERVISOR)
def show(
    session: Session, *, instruction_id: InstructionId, evidence_id: UUID, by: Actor, now: datetime
) -> Opened:
    """The paper itself, for whoever checks the payment, and the note that they opened it.

    Finance opens no other paper of a family: only what was attached to this payment.
    Raises NoLongerKept, NotAProof.
    """
    request_id = session.scalar(
        sa.select(LoggedPaymentRecord.request_id)
        .join(LoggedProofRecord, LoggedProofRecord.logged_payment_id == LoggedPaymentRecord.id)
        .where(
            LoggedPaymentRecord.instruction_id == instruction_id,
            LoggedProofRecord.evidence_id == evidence_id,
        )
    )
    return payment_papers.opened(session, evidence_id=evidence_id, request_id=request_id, by=by, now=now)


def standing_proof(session: Session, logged: LoggedPaymentRecord) -> UUID:
    """The newest proof somebody else can open now. Raises ProofMissing; NotAProof where one waits."""
    p = LoggedProofRecord
    rows = session.execute(
        sa.select(p.id, p.kind, Evidence.state, Evidence.kind, Evidence.safe_type)
        .outerjoin(Evidence, Evidence.id == p.evidence_id)
        .where(p.logged_payment_id == logged.id)
        .order_by(p.added_at.desc(), p.id.desc())
    ).all()
    waiting: rules.NotAProof | None = None
    for proof_id, kind, state, paper_kind, safe_type in rows:
        if kind == Proof.CONFIRMATION:
            return UUID(str(proof_id))
        try:
            rules.check_paper(state=state, kind=paper_kind, drawn_again=safe_type is not None)
        except rules.NotAProof as cannot:
            waiting = waiting or cannot
            continue
        return UUID(str(proof_id))
    if waiting is not None:
        raise waiting
    raise rules.no_proof()


def _keep(
    session: Session,
    logged: LoggedPaymentRecord,
    kind: Proof,
    by: Actor,
    person: UUID,
    now: datetime,
    *,
    evidence_id: UUID | None = None,
    told: Confirmation | None = None,
) -> UUID:
    proof = LoggedProofRecord(
        logged_payment_id=logged.id,
        request_id=logged.request_id,
        kind=kind.value,
        evidence_id=evidence_id,
        organisation=told.organisation if told else None,
        said_on=told.said_on if told else None,
        message=told.message if told else None,
        added_by=person,
        added_at=now,
    )
    session.add(proof)
    session.flush()
    audit.record(
        session,
        by=by,
        at=now,
        subject="instruction",
        subject_id=logged.instruction_id,
        moved="attach_proof",
        detail={"logged_payment": str(logged.id), "proof": str(proof.id), "kind": kind.value},
    )
    return proof.id
