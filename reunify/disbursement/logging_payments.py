"""Payments made without Stripe: one person writes it down, another checks it, and only then it is spent."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.approval.behind import authors_of
from reunify.audit import actions as audit
from reunify.disbursement import books, outage_waits, policy
from reunify.disbursement.attempts import StandingDigest
from reunify.disbursement.instructions import locked_instruction
from reunify.disbursement.logging_policy import LOGGED
from reunify.disbursement.logging_proofs import standing_proof
from reunify.disbursement.logging_records import LoggedPaymentRecord
from reunify.disbursement.logging_rows import locked_log
from reunify.disbursement.policy import Instrument
from reunify.funds import paying
from reunify.kernel.ids import AwardId, InstructionId, PayeeId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.moves import START
from reunify.kernel.people import Actor, Role
from reunify.kernel.refusals import Refused
from reunify.kernel.text import is_safe
from reunify.ledger.policy import Cash
from reunify.payees import agreement
from reunify.payees import queries as payees

# Somewhere west or east of Greenwich it may already be tomorrow.
_AHEAD_OF_UTC = timedelta(days=1)


class PaidInFuture(Refused):
    """A payment that has not happened yet cannot be logged."""


class NoReference(Refused):
    """Without the check, voucher or bill number nobody can find the payment again."""


class UnsafeNote(Refused):
    """The note holds characters that would hide or reorder what is printed, or is too long."""


@may(*FINANCE, Role.CASE_MANAGER)
def record_logged(
    session: Session,
    *,
    instruction_id: InstructionId,
    instrument: Instrument,
    external_reference: str,
    paid_on: date,
    evidence_note: str | None,
    standing_digest: StandingDigest,
    by: Actor,
    now: datetime,
) -> UUID:
    """Write down a payment of the whole instruction; returns its id. A partner's gift is obligated here.

    `standing_digest` says, inside this transaction, what the award stands for now.
    Raises ApprovalChanged, NotAllowed, WrongInstrument, PaidInFuture, NoReference, WrongState,
    LiquidationOver, PeriodOver, and the ledger's refusals.
    """
    recorder = policy.check_recorder(by)
    record = locked_instruction(session, instruction_id)
    outage_waits.check_not_paid(session, record.id)
    policy.check_digest(record.award_digest, standing_digest(session, AwardId(record.award_id)))
    policy.check_instrument(instrument, record.unit)
    _check_paper(external_reference, evidence_note, paid_on, now)
    holds = [line.hold for line in books.of_instruction(session, record.id)]
    paying.check_may_pay(session, holds, now=now, paid_on=paid_on)
    moved = policy.INSTRUCTION.apply(record, "record")
    logged = LoggedPaymentRecord(
        instruction_id=record.id,
        request_id=payees.request_of(session, PayeeId(record.payee_id)),
        instrument=instrument.value,
        external_reference=external_reference.strip(),
        evidence_note=evidence_note,
        paid_on=paid_on,
        recorder=recorder.id,
        recorded_at=now,
        recorded_for=sorted(recorder.stands_for),
        state=LOGGED.check(START, "record").target,
    )
    session.add(logged)
    session.flush()
    books.obligate_at_entry(
        session, record.id, reference=f"{logged.id}:recorded", paid_on=paid_on, by=by, now=now
    )
    detail = {"logged_payment": str(logged.id), "instrument": instrument.value}
    audit.record(
        session, by=by, at=now, subject="instruction", subject_id=record.id, moved=moved, detail=detail
    )
    return logged.id


@may(*FINANCE)
def verify_logged(session: Session, *, instruction_id: InstructionId, by: Actor, now: datetime) -> None:
    """Another person has seen the paper, or the partner's own message: the money, or the units, are spent.

    Raises ProofMissing, NotAProof, VerifierIsRecorder, VerifierIsAuthor, NotAllowed, WrongState.
    """
    record, logged = locked_log(session, instruction_id)
    authors = authors_of(session, logged.request_id, now)
    verifier = policy.check_verifier(by, logged.recorder, logged.recorded_for, authors=authors)
    LOGGED.check(logged.state, "verify")
    logged.proof_id = standing_proof(session, logged)
    LOGGED.apply(logged, "verify")
    moved = policy.INSTRUCTION.apply(record, "verify")
    logged.verifier = verifier.id
    logged.verified_at = now
    logged.verified_for = sorted(verifier.stands_for)
    payee = payees.payee(session, PayeeId(record.payee_id))
    known = payee.stripe_recipient is not None
    logged.stripe_account = (
        payee.stripe_recipient if known and agreement.agreed(session, payee, now=now) else None
    )
    session.flush()
    books.spend(
        session,
        record.id,
        reference=f"{logged.id}:verified",
        cash=Cash.BANK,
        happened=logged.paid_on,
        by=by,
        now=now,
    )
    books.free_rest(session, record, by=by, now=now)
    audit.record(session, by=by, at=now, subject="instruction", subject_id=record.id, moved=moved)


@may(*FINANCE, Role.CASE_MANAGER)
def void_logged(
    session: Session, *, instruction_id: InstructionId, why: str, by: Actor, now: datetime
) -> None:
    """It was written down wrongly: strike it, keep it to be seen, and let it be written anew.

    Raises NotAllowed, NoWhy, WrongState.
    """
    policy.check_recorder(by)
    said = policy.check_why(why)
    record, logged = locked_log(session, instruction_id)
    LOGGED.apply(logged, "void")
    moved = policy.INSTRUCTION.apply(record, "void")
    session.flush()
    books.undo_entry(session, record.id, reference=f"{logged.id}:voided", by=by, now=now)
    audit.record(
        session,
        by=by,
        at=now,
        subject="instruction",
        subject_id=record.id,
        moved=moved,
        why=said,
        family=logged.request_id,
    )


@may(system=True)
def record_noted(session: Session, *, instruction_id: InstructionId, by: Actor, now: datetime) -> None:
    """Stripe now carries our opaque reference for this payment. Saying it twice is harmless."""
    record, logged = locked_log(session, instruction_id)
    if logged.stripe_metadata_at is None:
        logged.stripe_metadata_at = now
        audit.record(
            session, by=by, at=now, subject="instruction", subject_id=record.id, moved="note_in_stripe"
        )


@may(system=True)
def leave_unnoted(session: Session, *, instruction_id: InstructionId, by: Actor, now: datetime) -> None:
    """The payee's consent stands no more, or their case is erased: nothing more is noted at Stripe."""
    record, logged = locked_log(session, instruction_id)
    logged.stripe_account = None
    audit.record(session, by=by, at=now, subject="instruction", subject_id=record.id, moved="leave_unnoted")


def _check_paper(external_reference: str, evidence_note: str | None, paid_on: date, now: datetime) -> None:
    if paid_on > now.date() + _AHEAD_OF_UTC:
        raise PaidInFuture("The payment date lies in the future.", field="/paid_on")
    if not external_reference.strip() or len(external_reference) > 300 or not is_safe(external_reference):
        raise NoReference(
            "Write the check, voucher, confirmation or bill number.", field="/external_reference"
        )
    if evidence_note is not None and (len(evidence_note) > 4000 or not is_safe(evidence_note)):
        raise UnsafeNote("Write at most 4,000 plain characters.", field="/evidence")
