"""What was paid in outages: who wrote it down, what became of it, and which payments it may have been."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.disbursement.outage_policy import OPEN, Instrument
from reunify.disbursement.outage_records import OutagePayment
from reunify.disbursement.policy import INSTRUCTION
from reunify.disbursement.records import InstructionRecord
from reunify.intake.records import RequestRecord
from reunify.kernel.ids import InstructionId, RequestId, StaffId
from reunify.kernel.money import Money
from reunify.kernel.refusals import NotFound
from reunify.payees.records import PayeeRecord
from reunify.vault.keepers import ERASED

MOST = 200
# The findings first that people still have to look at, then those for the auditor.
LISTED = (*OPEN, "reported")


@dataclass(frozen=True, slots=True)
class Outage:
    """`case`: the request's reference. Texts never show in a `repr`."""

    id: UUID
    request: RequestId
    case: str
    instrument: Instrument
    paid_on: date
    amount: Money
    payee_key: str | None
    to_whom: str | None = field(repr=False)
    reference: str = field(repr=False)
    why: str = field(repr=False)
    recorder: StaffId
    recorded_at: datetime
    state: str
    instruction: InstructionId | None
    proposer: StaffId | None
    ratifier: StaffId | None
    reporter: StaffId | None
    reported_at: datetime | None
    reported_why: str | None = field(repr=False)


def request_called(session: Session, reference: str) -> RequestId:
    """Raises NotFound, also for a draft."""
    r = RequestRecord
    found = session.scalar(
        sa.select(r.id).where(r.reference == reference.strip().upper(), r.state != "draft")
    )
    if found is None:
        raise NotFound("There is no such request. Check the reference, like R-7KQ4MX.")
    return RequestId(found)


def request_of(session: Session, outage_id: UUID) -> UUID:
    """Raises NotFound."""
    found = session.scalar(sa.select(OutagePayment.request_id).where(OutagePayment.id == outage_id))
    if found is None:
        raise NotFound("There is no such payment made in an outage.")
    return found


def one(session: Session, outage_id: UUID) -> Outage:
    """Raises NotFound."""
    request_of(session, outage_id)
    (found,) = _read(session, OutagePayment.id == outage_id)
    return found


def listed(session: Session) -> list[Outage]:
    """Open ones, and those reported as not ratifiable, the oldest first."""
    return _read(session, OutagePayment.state.in_(LISTED))


def still_open(session: Session) -> int:
    """How many wait for finance."""
    asked = sa.select(sa.func.count()).select_from(OutagePayment).where(OutagePayment.state.in_(OPEN))
    return session.scalar(asked) or 0


def may_be(session: Session, found: Outage) -> list[tuple[InstructionId, str, Money]]:
    """Payments of that request, to that payee, of exactly that amount, which nothing has paid: the first
    is the oldest. With how each is called."""
    i, p = InstructionRecord, PayeeRecord
    states = [state for state in INSTRUCTION.states if INSTRUCTION.can(state, "ratify")]
    asked = (
        sa.select(i.id, p)
        .join(p, p.id == i.payee_id)
        .where(
            p.request_id == found.request,
            i.state.in_(states),
            i.unit == "cents",
            i.amount == found.amount.cents,
        )
        .order_by(i.created_at, i.id)
    )
    if found.payee_key is not None:
        asked = asked.where(p.key == found.payee_key)
    return [
        (InstructionId(row.id), PayeeRecord.legal_name.told(row[1], erased=ERASED), found.amount)
        for row in session.execute(asked)
    ]


def _read(session: Session, which: sa.ColumnElement[bool]) -> list[Outage]:
    o, r = OutagePayment, RequestRecord
    rows = session.execute(
        sa.select(o, r.reference)
        .join(r, r.id == o.request_id)
        .where(which)
        .order_by(o.recorded_at, o.id)
        .limit(MOST)
    )
    return [_outage(row, case) for row, case in rows]


def _outage(row: OutagePayment, case: str) -> Outage:
    return Outage(
        row.id,
        RequestId(row.request_id),
        case,
        Instrument(row.instrument),
        row.paid_on,
        Money(row.cents),
        row.payee_key,
        OutagePayment.to_whom.told(row, erased=ERASED) if row.payee_key is None else None,
        OutagePayment.reference.told(row, erased=ERASED),
        OutagePayment.why.told(row, erased=ERASED),
        StaffId(row.recorder),
        row.recorded_at,
        row.state,
        InstructionId(row.instruction_id) if row.instruction_id else None,
        StaffId(row.proposer) if row.proposer else None,
        StaffId(row.ratifier) if row.ratifier else None,
        StaffId(row.reporter) if row.reporter else None,
        row.reported_at,
        OutagePayment.reported_why.told(row, erased=ERASED) if row.state == "reported" else None,
    )
