"""One act of finance writes down what a bill matches, another person's act verifies all of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.disbursement import logging_proofs
from reunify.disbursement import statements_matching as matching
from reunify.disbursement import statements_policy as policy
from reunify.disbursement.attempts import StandingDigest
from reunify.disbursement.logging_payments import record_logged, verify_logged
from reunify.disbursement.logging_policy import Confirmation
from reunify.disbursement.logging_records import LoggedPaymentRecord
from reunify.disbursement.policy import Instrument
from reunify.disbursement.statements import SUBJECT
from reunify.disbursement.statements_policy import Billed, Verdict
from reunify.disbursement.statements_queries import as_billed
from reunify.disbursement.statements_records import StatementLineRecord, VendorStatementRecord
from reunify.kernel.ids import InstructionId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor
from reunify.kernel.refusals import NotFound, Refused


@may(*FINANCE)
def record_matched(
    session: Session,
    *,
    statement_id: UUID,
    paid_on: date,
    standing_digest: StandingDigest,
    by: Actor,
    now: datetime,
) -> int:
    """Every matched line that nobody wrote down yet, with the bill as its proof; returns how many lines.

    What has moved since the upload becomes a case instead; what is not instructed yet waits. All or nothing.
    Raises LineCannotBePaid naming the line, NothingToRecord, NotAllowed, NotFound.
    """
    policy.check_finance(by)
    statement = _locked(session, statement_id)
    lines = {line.booking_id: line for line in _to_record(session, statement_id) if line.booking_id}
    now_found = matching.of_bookings(session, lines)
    grouped: dict[UUID, list[StatementLineRecord]] = {}
    to_pay: dict[UUID, matching.ToPay] = {}
    moved = 0
    for booking_id, line in lines.items():
        found = now_found.get(booking_id)
        verdict = policy.again(as_billed(line), found.today()) if found else Verdict.CANCELLED_BOOKING
        if found and line.ticket != found.ticket:
            verdict = Verdict.CANCELLED_BOOKING
        if verdict is not Verdict.MATCHED:
            line.verdict, line.logged_payment_id = verdict.value, None
            moved += 1
            continue
        for payment in found.payments if found else ():
            if payment.rail == "logged" and payment.state == "to_log":
                grouped.setdefault(payment.id, []).append(line)
                to_pay[payment.id] = payment
    if not grouped and not moved:
        raise policy.NothingToRecord(
            "No line of this bill waits to be written down. A booking ticketed just now is ready in a minute."
        )
    for payment_id in sorted(grouped):
        _write_down(
            session, statement, grouped[payment_id], to_pay[payment_id], paid_on, standing_digest, by, now
        )
    count = sum(len(listed) for listed in grouped.values())
    detail = {"lines": count, "became_cases": moved}
    audit.record(
        session, by=by, at=now, subject=SUBJECT, subject_id=statement.id, moved="record", detail=detail
    )
    return count


@may(*FINANCE)
def verify_recorded(session: Session, *, statement_id: UUID, by: Actor, now: datetime) -> int:
    """Another person has compared the bill: every payment written down from it is verified, or none.

    Returns how many payments. Raises VerifierIsRecorder, VerifierIsAuthor, NothingToVerify, NotFound.
    """
    policy.check_finance(by)
    statement = _locked(session, statement_id)
    line, log = StatementLineRecord, LoggedPaymentRecord
    waiting = session.scalars(
        sa.select(log.instruction_id)
        .join(line, line.logged_payment_id == log.id)
        .where(line.statement_id == statement_id, log.state == "recorded")
        .distinct()
        .order_by(log.instruction_id)
    ).all()
    if not waiting:
        raise policy.NothingToVerify("No payment of this bill waits to be verified.")
    for instruction_id in waiting:
        verify_logged(session, instruction_id=InstructionId(instruction_id), by=by, now=now)
    detail = {"payments": len(waiting)}
    audit.record(
        session, by=by, at=now, subject=SUBJECT, subject_id=statement.id, moved="verify", detail=detail
    )
    return len(waiting)


def _locked(session: Session, statement_id: UUID) -> VendorStatementRecord:
    found = session.get(VendorStatementRecord, statement_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound("There is no such bill.")
    return found


def _to_record(session: Session, statement_id: UUID) -> Sequence[StatementLineRecord]:
    """Matched, and not written down, or struck since."""
    line, log = StatementLineRecord, LoggedPaymentRecord
    return session.scalars(
        sa.select(line)
        .outerjoin(log, log.id == line.logged_payment_id)
        .where(
            line.statement_id == statement_id,
            line.verdict == Verdict.MATCHED.value,
            ~line.set_aside,
            sa.or_(log.id.is_(None), log.state == "voided"),
        )
        .order_by(line.number)
    ).all()


def _write_down(
    session: Session,
    statement: VendorStatementRecord,
    lines: list[StatementLineRecord],
    payment: matching.ToPay,
    paid_on: date,
    standing_digest: StandingDigest,
    by: Actor,
    now: datetime,
) -> None:
    """One payment with the lines that bill it. Raises LineCannotBePaid."""
    billed: list[Billed] = [as_billed(line) for line in lines]
    policy.check_sum(billed, payment.amount)
    try:
        logged = record_logged(
            session,
            instruction_id=InstructionId(payment.id),
            instrument=Instrument.VENDOR_PAYMENT,
            external_reference=policy.external_reference(statement.id, billed),
            paid_on=paid_on,
            evidence_note=None,
            standing_digest=standing_digest,
            by=by,
            now=now,
        )
        message = policy.in_words(statement.vendor, statement.billed_on, statement.sha256, billed)
        said = Confirmation(statement.vendor, statement.billed_on, message)
        logging_proofs.attach_confirmation(
            session, instruction_id=InstructionId(payment.id), said=said, by=by, now=now
        )
    except Refused as why:
        raise policy.cannot(billed, str(why)) from why
    for line in lines:
        line.logged_payment_id = logged
    session.flush()
