"""Payments made in an outage: in suspense at once, then ratified by two people of finance, or reported."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.approval.behind import authors_of
from reunify.audit import actions as audit
from reunify.disbursement import books, outage_waits
from reunify.disbursement import outage_policy as rules
from reunify.disbursement.attempts import StandingDigest
from reunify.disbursement.instructions import locked_instruction, move_instruction
from reunify.disbursement.outage_policy import OUTAGE, Paid
from reunify.disbursement.outage_records import OutagePayment
from reunify.disbursement.policy import INSTRUCTION, check_digest, check_why
from reunify.funds import paying
from reunify.kernel.ids import AwardId, InstructionId, PayeeId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.moves import START, Moved
from reunify.kernel.people import Actor, Role, Staff
from reunify.kernel.refusals import NotFound
from reunify.ledger.policy import Cash
from reunify.payees import queries as payees
from reunify.rates import queries as rates
from reunify.reconciliation import suspense
from reunify.reconciliation.suspense_policy import Why


@may(*FINANCE, Role.CASE_MANAGER)
def record(session: Session, *, paid: Paid, by: Actor, now: datetime) -> UUID:
    """Write down what was paid in an outage; returns its id. Its money is in suspense from now on.

    It left the organisation's bank. A card that draws on the cards' balance is not written down here: Stripe
    tells of its charges. Nothing pays this payee of the request meanwhile.
    Raises NotWhatWasPaid, NoWhy, NotAllowed, NoSuspenseFund, and the ledger's refusals.
    """
    recorder = rules.check_recorder(by)
    known = payees.newest(session, paid.request)
    said = rules.check_paid(paid, today=rates.today(session, now=now), keys=known)
    outage_waits.lock_payments(session, said.request)
    row = OutagePayment(
        request_id=said.request,
        instrument=said.instrument.value,
        paid_on=said.paid_on,
        cents=said.cents,
        payee_key=said.payee_key,
        to_whom=said.to_whom,
        reference=said.reference,
        why=said.why,
        recorder=recorder.id,
        recorded_at=now,
        recorded_for=sorted(recorder.stands_for),
        state=OUTAGE.check(START, "record").target,
    )
    session.add(row)
    session.flush()
    suspense.hold(
        session,
        object_id=row.object_id,
        cash=Cash.BANK,
        cents=row.cents,
        kind=Why.OUTAGE_PAYMENT,
        happened=row.paid_on,
        by=by,
        now=now,
    )
    _noted(session, row, "record", by, now)
    return row.id


@may(*FINANCE)
def propose(
    session: Session,
    *,
    outage_id: UUID,
    instruction_id: InstructionId,
    standing_digest: StandingDigest,
    by: Actor,
    now: datetime,
) -> None:
    """The first of two: this is the payment of the award that it was. Nothing moves before the second agrees.

    Raises NotHeldForIt, RatifierIsRecorder, RatifierIsAuthor, ApprovalChanged, WrongState, NotAllowed.
    """
    row = _locked(session, outage_id)
    person = _ratifier(session, row, by, now)
    _fitting(session, row, instruction_id, standing_digest)
    moved = OUTAGE.apply(row, "propose")
    row.instruction_id, row.proposer, row.proposed_at = instruction_id, person.id, now
    row.proposed_for = sorted(person.stands_for)
    session.flush()
    _noted(session, row, moved, by, now)


@may(*FINANCE)
def ratify(
    session: Session, *, outage_id: UUID, standing_digest: StandingDigest, by: Actor, now: datetime
) -> None:
    """The second agrees: it leaves suspense and is the cost of the award's lines, which are paid by it.

    All of it, or nothing. Raises as `propose`, RatifierIsFirst, LiquidationOver, PeriodOver, and the
    ledger's refusals.
    """
    row = _locked(session, outage_id)
    OUTAGE.check(row.state, "ratify")
    person = _ratifier(session, row, by, now)
    assert row.instruction_id is not None
    _fitting(session, row, InstructionId(row.instruction_id), standing_digest)
    instruction = locked_instruction(session, row.instruction_id)
    holds = [line.hold for line in books.of_instruction(session, instruction.id)]
    paying.check_may_pay(session, holds, now=now, paid_on=row.paid_on)
    moved = OUTAGE.apply(row, "ratify")
    row.ratifier, row.ratified_at, row.ratified_for = person.id, now, sorted(person.stands_for)
    session.flush()
    suspense.explain(
        session,
        object_id=row.object_id,
        cents=row.cents,
        part=str(instruction.id),
        why="ratified by two people of finance",
        by=by,
        now=now,
    )
    books.obligate_at_entry(
        session, instruction.id, reference=f"{row.id}:bound", paid_on=row.paid_on, by=by, now=now
    )
    books.spend(
        session,
        instruction.id,
        reference=f"{row.id}:ratified",
        cash=Cash.BANK,
        happened=row.paid_on,
        by=by,
        now=now,
    )
    move_instruction(session, instruction, "ratify", by=by, now=now, trouble=None)
    books.free_rest(session, instruction, by=by, now=now)
    _noted(session, row, moved, by, now)


@may(*FINANCE)
def send_back(session: Session, *, outage_id: UUID, why: str, by: Actor, now: datetime) -> None:
    """What was proposed is not what it was: it waits again. Raises NoWhy, WrongState, NotAllowed."""
    said = check_why(why)
    row = _locked(session, outage_id)
    moved = OUTAGE.apply(row, "send_back")
    _unpropose(row)
    session.flush()
    _noted(session, row, moved, by, now, why=said)


@may(*FINANCE)
def report(session: Session, *, outage_id: UUID, why: str, by: Actor, now: datetime) -> None:
    """No award can bear it: it stays in suspense, and is listed for the auditor. Not by who wrote it down.

    Raises RatifierIsRecorder, RatifierIsAuthor, NoWhy, WrongState, NotAllowed.
    """
    said = check_why(why)
    row = _locked(session, outage_id)
    OUTAGE.check(row.state, "report")
    authors = authors_of(session, row.request_id, now)
    person = rules.check_ratifier(by, recorded=_recorded(row), first=(), authors=authors)
    moved = OUTAGE.apply(row, "report")
    _unpropose(row)
    row.reporter, row.reported_at, row.reported_why = person.id, now, said
    session.flush()
    _noted(session, row, moved, by, now, why=said)


def _ratifier(session: Session, row: OutagePayment, by: Actor, now: datetime) -> Staff:
    first = {row.proposer, *row.proposed_for} if row.proposer else set()
    return rules.check_ratifier(
        by,
        recorded=_recorded(row),
        first={person for person in first if person},
        authors=authors_of(session, row.request_id, now),
    )


def _recorded(row: OutagePayment) -> set[UUID]:
    return {row.recorder, *row.recorded_for}


def _fitting(
    session: Session, row: OutagePayment, instruction_id: InstructionId, standing_digest: StandingDigest
) -> None:
    """Locked. No attempt of it can be alive: its state says so. Raises NotHeldForIt, ApprovalChanged."""
    instruction = locked_instruction(session, instruction_id)
    payee = payees.payee(session, PayeeId(instruction.payee_id))
    is_theirs = payee.request_id == row.request_id and row.payee_key in (None, payee.key)
    rules.check_fits(paid=row.cents, held=instruction.amount, unit=instruction.unit, is_theirs=is_theirs)
    INSTRUCTION.check(instruction.state, "ratify")
    check_digest(instruction.award_digest, standing_digest(session, AwardId(instruction.award_id)))


def _locked(session: Session, outage_id: UUID) -> OutagePayment:
    found = session.scalar(
        sa.select(OutagePayment)
        .where(OutagePayment.id == outage_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("There is no such payment made in an outage.")
    return found


def _unpropose(row: OutagePayment) -> None:
    row.instruction_id = row.proposer = row.proposed_at = None
    row.proposed_for = []


def _noted(
    session: Session,
    row: OutagePayment,
    moved: Moved | str,
    by: Actor,
    now: datetime,
    why: str | None = None,
) -> None:
    audit.record(
        session,
        by=by,
        at=now,
        subject="outage_payment",
        subject_id=row.id,
        moved=moved,
        why=why,
        family=row.request_id if why else None,
    )
