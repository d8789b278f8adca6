"""Money that a source elsewhere paid back: one person writes it down, another verifies, and then it counts.

It goes to the fund that bears the cost now, which the ledger finds. It may have come on a day whose books are
closed: it is posted today, with the day it came.
"""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.approval.behind import authors_of
from reunify.audit import actions as audit
from reunify.closeout import policy
from reunify.closeout import recovery_policy as recoveries
from reunify.closeout.records import CostRecoveryRecord
from reunify.closeout.recovery_policy import RECOVERY_MOVES
from reunify.closeout.spent import Spent, costs, line_called, waiting_recoveries
from reunify.funds import queries as funds
from reunify.intake.queries import lock_request
from reunify.kernel.ids import RequestId, new_id
from reunify.kernel.may import FINANCE, may
from reunify.kernel.moves import START, Moved
from reunify.kernel.people import Staff
from reunify.ledger import actions as ledger
from reunify.ledger.policy import Cash
from reunify.rates import queries as rates


@may(*FINANCE)
def record_recovery(
    session: Session,
    *,
    request_id: RequestId,
    line_id: UUID,
    source: str,
    amount: int,
    cash: Cash,
    happened_on: date,
    bank_reference: str,
    evidence: str,
    by: Staff,
    now: datetime,
) -> UUID:
    """Write down that the source with this code paid back so many cents of the line; returns its id.

    `cash`: the account it came to. `evidence`: the paper that says what it is for, and where it is kept.
    Raises NoSuchCost, NotElsewhere, MoreThanWasSpent, RecordedAlready, BadInput, NotAllowed.
    """
    person = policy.check_asker(by)
    lock_request(session, request_id)
    today = rates.today(session, now=now)
    line = line_called(session, request_id, line_id)
    fund = funds.fund_called(session, source)
    recoveries.check_source(fund)
    reference, paper = recoveries.check_typed(
        amount,
        happened_on=happened_on,
        paid_on=line.paid_on,
        today=today,
        bank_reference=bank_reference,
        evidence=evidence,
    )
    _check_left(session, line, amount)
    _check_new(session, line, fund.id, reference)
    record = CostRecoveryRecord(
        id=new_id(),
        request_id=request_id,
        line_id=line_id,
        hold_id=line.line.hold_id,
        source_fund=fund.id,
        amount=amount,
        cash=cash.value,
        happened_on=happened_on,
        bank_reference=reference,
        evidence=paper,
        state=RECOVERY_MOVES.check(START, "record").target,
        recorded_by=person.id,
        recorded_for=sorted(person.stands_for),
        recorded_at=now,
        recorded_on=today,
    )
    session.add(record)
    session.flush()
    _noted(session, record, "record", by, now)
    return record.id


@may(*FINANCE)
def verify_recovery(
    session: Session, *, request_id: RequestId, recovery_id: UUID, by: Staff, now: datetime
) -> UUID:
    """Another person has seen the bank's line: the money is available again where the cost was borne.

    Returns the ledger's event. Raises NoSuchRecovery, WrongState, SamePersonTwice, AuthorMayNotConfirm, and
    the ledger's MoreThanExpended.
    """
    record = _locked(session, request_id, recovery_id)
    RECOVERY_MOVES.check(record.state, "verify")
    authors = authors_of(session, request_id, now)
    person = policy.check_second(by, record.recorded_by, record.recorded_for, authors=authors)
    event = ledger.recover(
        session,
        external_ref=f"cost_recovery:{record.id}",
        amounts={record.hold_id: record.amount},
        cash=Cash(record.cash),
        happened_on=record.happened_on,
        by=by,
        now=now,
    )
    moved = RECOVERY_MOVES.apply(record, "verify")
    record.event_id = event
    record.verified_by, record.verified_for, record.verified_at = person.id, sorted(person.stands_for), now
    session.flush()
    _noted(session, record, moved, by, now)
    return event


@may(*FINANCE)
def strike_recovery(
    session: Session, *, request_id: RequestId, recovery_id: UUID, why: str, by: Staff, now: datetime
) -> None:
    """It was written down wrongly, and never counted. Raises NoSuchRecovery, WrongState, BadInput."""
    policy.check_asker(by)
    record = _locked(session, request_id, recovery_id)
    RECOVERY_MOVES.check(record.state, "strike")
    said = policy.check_words({"reason": why}, least=3)["reason"]
    moved = RECOVERY_MOVES.apply(record, "strike")
    record.struck_by, record.struck_at, record.struck_reason = by.id, now, said
    session.flush()
    _noted(session, record, moved, by, now)


def _check_left(session: Session, line: Spent, amount: int) -> None:
    there = sum(cost.cents for cost in costs(session, [line]))
    recoveries.check_recoverable(amount, spent=there, waiting=waiting_recoveries(session, line.line.hold_id))


def _check_new(session: Session, line: Spent, source: UUID, reference: str) -> None:
    """One line of the bank is written down once for a line and a payer. Raises RecordedAlready."""
    r = CostRecoveryRecord
    before = session.scalars(
        sa.select(r).where(r.hold_id == line.line.hold_id, r.source_fund == source, r.state != "struck")
    )
    if any(row.bank_reference == reference for row in before):
        raise recoveries.RecordedAlready("This bank reference was written down before for this line.")


def _locked(session: Session, request_id: UUID, recovery_id: UUID) -> CostRecoveryRecord:
    """Raises NoSuchRecovery."""
    lock_request(session, request_id)
    r = CostRecoveryRecord
    found = session.scalar(
        sa.select(r).where(r.id == recovery_id, r.request_id == request_id).with_for_update()
    )
    if found is None:
        raise recoveries.NoSuchRecovery("There is no such recovery.")
    return found


def _noted(
    session: Session, record: CostRecoveryRecord, moved: Moved | str, by: Staff, now: datetime
) -> None:
    detail = {"request": str(record.request_id), "amount": record.amount, "source": str(record.source_fund)}
    audit.record(
        session, by=by, at=now, subject="cost_recovery", subject_id=record.id, moved=moved, detail=detail
    )
