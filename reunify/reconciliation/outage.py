"""Payments made in an outage: in suspense at once, until two people of finance ratify or report them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.approval.behind import authors_of
from reunify.disbursement import outage_policy as rules
from reunify.disbursement import outage_waits
from reunify.disbursement.outage_policy import OUTAGE, Paid
from reunify.disbursement.outage_records import OutagePayment
from reunify.disbursement.outage_rows import check_new_slip, locked_outage, noted, unpropose
from reunify.disbursement.policy import check_why
from reunify.kernel.may import FINANCE, may
from reunify.kernel.moves import START
from reunify.kernel.people import Actor, Role
from reunify.ledger.policy import Cash
from reunify.payees import queries as payees
from reunify.rates import queries as rates
from reunify.reconciliation import suspense
from reunify.reconciliation.suspense_policy import Why

_STRUCK = "It was not paid, or not so."


@may(*FINANCE, Role.CASE_MANAGER)
def record(session: Session, *, paid: Paid, by: Actor, now: datetime) -> UUID:
    """Write down what was paid in an outage; returns its id. Its money is in suspense from now on.

    It left the organisation's bank. A card that draws on the cards' balance is not written down here: Stripe
    tells of its charges. Nothing pays this payee of the request meanwhile.
    Raises NotWhatWasPaid, SameSlip, NoWhy, NotAllowed, NoSuspenseFund, and the ledger's refusals.
    """
    recorder = rules.check_recorder(by)
    known = payees.newest(session, paid.request)
    said = rules.check_paid(paid, today=rates.today(session, now=now), keys=known)
    check_new_slip(session, said)
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
    noted(session, row, "record", by=by, now=now)
    return row.id


@may(*FINANCE)
def send_back(session: Session, *, outage_id: UUID, why: str, by: Actor, now: datetime) -> None:
    """What was proposed is not what it was: it waits again. Raises NoWhy, WrongState, NotAllowed."""
    said = check_why(why)
    row = locked_outage(session, outage_id)
    OUTAGE.check(row.state, "send_back")
    unpropose(session, row)
    moved = OUTAGE.apply(row, "send_back")
    session.flush()
    noted(session, row, moved, by=by, now=now, why=said)


@may(*FINANCE)
def report(session: Session, *, outage_id: UUID, why: str, by: Actor, now: datetime) -> None:
    """No award can bear it: it stays in suspense until the organisation's own money bears it, and is listed
    for the auditor. Not by who wrote it down.

    Raises RatifierIsRecorder, RatifierIsAuthor, NoWhy, WrongState, NotAllowed.
    """
    said = check_why(why)
    row = locked_outage(session, outage_id)
    _move(session, row, "report", said, by=by, now=now)


@may(*FINANCE)
def strike(session: Session, *, outage_id: UUID, why: str, by: Actor, now: datetime) -> None:
    """It was not paid, or not so (another amount, written down twice): it leaves suspense, and the cash is
    there again. It stays to be seen, and its slip may be written down anew. Not by who wrote it down: what
    it held back may be paid now.

    Raises RatifierIsRecorder, RatifierIsAuthor, NoWhy, WrongState, NotAllowed.
    """
    said = check_why(why)
    row = locked_outage(session, outage_id)
    _move(session, row, "strike", said, by=by, now=now)
    suspense.explain(
        session, object_id=row.object_id, cents=row.cents, part="struck", why=_STRUCK, by=by, now=now
    )


@may(*FINANCE)
def _move(session: Session, row: OutagePayment, verb: str, why: str, *, by: Actor, now: datetime) -> None:
    """By another person than wrote it down, who says why."""
    OUTAGE.check(row.state, verb)
    authors = authors_of(session, row.request_id, now)
    person = rules.check_ratifier(by, recorded=row.recorders, first=(), authors=authors)
    unpropose(session, row)
    moved = OUTAGE.apply(row, verb)
    row.reporter, row.reported_at, row.reported_why = person.id, now, why
    row.reported_for = sorted(person.stands_for)
    session.flush()
    noted(session, row, moved, by=by, now=now, why=why)
