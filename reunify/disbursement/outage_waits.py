"""What may have been paid in an outage is not paid again while people have not looked at it."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.disbursement.outage_policy import OPEN, PaidInOutage
from reunify.disbursement.outage_records import OutagePayment
from reunify.disbursement.records import InstructionRecord
from reunify.payees.known_as import is_payee, of_request


def paid_in_outage() -> sa.ColumnElement[bool]:
    """SQL, of InstructionRecord: a payment in an outage to this payee, or to nobody knows whom, is open."""
    o = OutagePayment
    theirs = is_payee(InstructionRecord.payee_id, request_id=o.request_id, key=o.payee_key)
    return sa.exists().where(o.state.in_(OPEN), theirs).correlate_except(o)


def check_not_paid(session: Session, instruction_id: UUID) -> None:
    """Asked under the instruction's lock, which `lock_payments` takes too: none is written down meanwhile.

    Raises PaidInOutage.
    """
    i = InstructionRecord
    check_none_open(
        bool(session.scalar(sa.select(sa.exists().where(i.id == instruction_id, paid_in_outage()))))
    )


def check_none_open(is_open: bool) -> None:
    """Raises PaidInOutage."""
    if is_open:
        raise PaidInOutage(
            "A payment to this payee was made in an outage and waits for two people of finance: ratify it "
            "onto this payment, or report it, first."
        )


def lock_payments(session: Session, request_id: UUID) -> None:
    """Nothing of this request is being sent, or written down, until this transaction ends."""
    i = InstructionRecord
    session.execute(
        sa.select(i.id).where(i.payee_id.in_(of_request(request_id))).order_by(i.id).with_for_update()
    )
