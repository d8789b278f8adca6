"""A vendor's bill is taken in: once, whole, each line matched to the booking it is of, or a case."""

from __future__ import annotations

from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.disbursement import statements_matching as matching
from reunify.disbursement import statements_policy as policy
from reunify.disbursement.statements_files import read_statement
from reunify.disbursement.statements_records import StatementLineRecord, VendorStatementRecord
from reunify.kernel.ids import new_id
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor
from reunify.rates import queries as rates
from reunify.vault.keepers import HOUSE

SUBJECT = "vendor_statement"


@may(*FINANCE)
def take_in(session: Session, *, vendor: str, billed_on: date, body: bytes, by: Actor, now: datetime) -> UUID:
    """Every line with its verdict; returns the statement's id. Nothing is paid, and nothing is half kept.

    Raises StatementBroken, NotThatBill, SameStatement, NotAllowed.
    """
    person = policy.check_finance(by)
    name = policy.check_bill(vendor, billed_on, today=rates.today(session, now=now))
    lines = read_statement(body)
    digest = sha256(body).hexdigest()
    matching.taking_turns(session)
    if session.scalar(sa.select(sa.exists().where(VendorStatementRecord.sha256 == digest))):
        raise policy.SameStatement("This file was taken in before: open it in the list of bills.")
    found = {booking.id: booking for booking in matching.billable(session, now=now)}
    judged = policy.match(lines, matching.bookable(session, found.values(), lines), vendor=name)
    statement = VendorStatementRecord(
        id=new_id(), sha256=digest, vendor=name, billed_on=billed_on, uploaded_by=person.id, uploaded_at=now
    )
    session.add(statement)
    session.flush()
    for one in judged:
        booking = found[one.booking] if one.booking else None
        session.add(
            StatementLineRecord(
                statement_id=statement.id,
                number=one.line.number,
                keeper=booking.request if booking else HOUSE,
                locator=one.line.locator,
                reference=one.line.reference,
                cents=one.line.amount.cents,
                billed_for=one.line.on,
                verdict=one.verdict.value,
                booking_id=booking.id if booking else None,
                ticket=booking.ticket if booking else None,
            )
        )
    session.flush()
    detail = {"sha256": digest, "lines": len(lines)}
    audit.record(
        session, by=by, at=now, subject=SUBJECT, subject_id=statement.id, moved="take_in", detail=detail
    )
    return statement.id
