"""What was paid in an outage, taken in once for its page and its API twin."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends

from reunify.bootstrap import House
from reunify.disbursement.outage_policy import Instrument, Paid
from reunify.kernel.ids import InstructionId
from reunify.kernel.may import FINANCE
from reunify.kernel.people import Role, Staff
from reunify.reconciliation import outage
from reunify.reporting import outages
from reunify.web.audience import staff
from reunify.web.scope import case_for

RecordsOutage = Annotated[Staff, Depends(staff(*FINANCE, Role.CASE_MANAGER))]
ReadsOutage = Annotated[Staff, Depends(staff(*FINANCE, Role.AUDITOR))]


def record(
    at: House,
    *,
    request: str,
    instrument: Instrument,
    paid_on: date,
    cents: int,
    payee: str | None,
    to_whom: str | None,
    reference: str,
    why: str,
    by: Staff,
) -> UUID:
    """`request`: its reference, of a case this person may open. Raises NotFound, NotWhatWasPaid."""
    with at.db.work() as session:
        case = case_for(by, session, outages.request_called(session, request), now=at.now())
        paid = Paid(
            case.request_id, instrument, paid_on, cents, payee or None, to_whom or None, reference, why
        )
        return outage.record(session, paid=paid, by=by, now=at.now())


def propose(at: House, outage_id: UUID, instruction_id: UUID, by: Staff) -> None:
    """The first of two."""
    with at.db.work() as session:
        outage.propose(
            session,
            outage_id=outage_id,
            instruction_id=InstructionId(instruction_id),
            standing_digest=at.standing_digest,
            by=by,
            now=at.now(),
        )


def ratify(at: House, outage_id: UUID, by: Staff) -> None:
    """The second: the award's lines bear it."""
    with at.db.work(wake=True) as session:
        outage.ratify(session, outage_id=outage_id, standing_digest=at.standing_digest, by=by, now=at.now())


def send_back(at: House, outage_id: UUID, why: str, by: Staff) -> None:
    """It was not that payment."""
    with at.db.work() as session:
        outage.send_back(session, outage_id=outage_id, why=why, by=by, now=at.now())


def report(at: House, outage_id: UUID, why: str, by: Staff) -> None:
    """No award can bear it: for the auditor. What it held back goes on."""
    with at.db.work(wake=True) as session:
        outage.report(session, outage_id=outage_id, why=why, by=by, now=at.now())
