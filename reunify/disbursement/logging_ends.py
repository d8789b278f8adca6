"""What becomes of a verified payment: the bank paid it, nobody cashed it, or it was stopped."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.disbursement import books, policy
from reunify.disbursement import logging_policy as rules
from reunify.disbursement.logging_policy import AGES, LOGGED, Ended
from reunify.disbursement.logging_records import LoggedPaymentRecord
from reunify.disbursement.logging_rows import locked_log
from reunify.disbursement.records import InstructionRecord
from reunify.kernel.ids import InstructionId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.moves import Moved
from reunify.kernel.people import Actor, Staff
from reunify.ledger import queries as balances
from reunify.ledger.policy import Cash
from reunify.rates import queries as rates


@may(*FINANCE)
def clear_logged(
    session: Session,
    *,
    instruction_id: InstructionId,
    cleared_on: date,
    reference: str | None,
    by: Actor,
    now: datetime,
) -> None:
    """The bank's line says it was paid, or the voucher was used. `reference`: the bank's own number.

    Also a stale check that the bank paid after all. Raises ClearedWhen, NotAProof, NotAllowed, WrongState.
    """
    policy.check_decider(by)
    assert isinstance(by, Staff)
    _, logged = locked_log(session, instruction_id)
    LOGGED.check(logged.state, "clear")
    today = rates.today(session, now=now)
    rules.check_cleared_on(cleared_on, paid_on=min(logged.paid_on, today), today=today)
    said = rules.check_bank_reference(reference)
    moved = LOGGED.apply(logged, "clear")
    logged.cleared_on, logged.cleared_by, logged.cleared_at = cleared_on, by.id, now
    logged.cleared_reference = said
    session.flush()
    _noted(session, logged, moved, by, now)


@may(*FINANCE)
def stop_logged(
    session: Session,
    *,
    instruction_id: InstructionId,
    ended: Ended,
    ended_on: date,
    why: str,
    by: Actor,
    now: datetime,
) -> None:
    """The bank confirmed that it is stopped, or the check or voucher came back unused: it is owed again.

    Only a person says so: a bank may pay a check however old it is. `ended_on`: the day of the bank's word,
    or the day it came back. The books take it back and the obligation stands; it is written down anew, or
    withdrawn. Raises EndedWhen, NoWhy, NotAllowed, WrongState, CostMovedAway.
    """
    policy.check_decider(by)
    assert isinstance(by, Staff)
    said = policy.check_why(why)
    record, logged = locked_log(session, instruction_id)
    LOGGED.check(logged.state, "stop")
    today = rates.today(session, now=now)
    rules.check_ended_on(ended_on, paid_on=min(logged.paid_on, today), today=today)
    logged.ended_how, logged.ended_on = ended.value, ended_on
    logged.ended_by, logged.ended_at = by.id, now
    _take_back(session, record, logged, by, now, why=said)


@may(system=True)
def age_logged(session: Session, *, instruction_id: InstructionId, by: Actor, now: datetime) -> bool:
    """A check too old to wait for quietly goes stale, by the organisation's days. False if it is not.

    Nothing more happens by itself: see `stop_logged`. Raises NotFound.
    """
    _, logged = locked_log(session, instruction_id)
    here = rates.organisation_now(session, now=now)
    today = now.astimezone(here.zone).date()
    if logged.state == "verified" and logged.paid_on <= rules.aged_before(today, here.check_stale_after_days):
        _noted(session, logged, LOGGED.apply(logged, "age"), by, now)
        return True
    return False


def to_age(session: Session, *, now: datetime, limit: int) -> list[UUID]:
    """Instructions whose check has become stale since; the oldest first."""
    here = rates.organisation_now(session, now=now)
    today = now.astimezone(here.zone).date()
    p = LoggedPaymentRecord
    stale = sa.and_(p.state == "verified", p.paid_on <= rules.aged_before(today, here.check_stale_after_days))
    rows = session.scalars(
        sa.select(p.instruction_id)
        .where(p.instrument.in_([i.value for i in AGES]), stale)
        .order_by(p.paid_on)
        .limit(limit)
    )
    return list(rows)


def _take_back(
    session: Session,
    record: InstructionRecord,
    logged: LoggedPaymentRecord,
    by: Actor,
    now: datetime,
    *,
    why: str,
) -> None:
    """Everything of it is obligated again on its own lines, or nothing moves. Raises CostMovedAway."""
    LOGGED.apply(logged, "stop")
    moved = policy.INSTRUCTION.apply(record, "void")
    session.flush()
    reference = f"{logged.id}:stopped"
    books.take_back(session, record.id, reference=reference, happened=None, cash=Cash.BANK, by=by, now=now)
    wanted = {line.hold: line.amount for line in books.of_instruction(session, record.id)}
    again = balances.obligated_again(session, [reference], wanted)
    policy.check_not_moved_away({hold: cents - again[hold] for hold, cents in wanted.items()})
    detail = {"logged_payment": str(logged.id), "ended": logged.ended_how}
    audit.record(
        session,
        by=by,
        at=now,
        subject="instruction",
        subject_id=record.id,
        moved=moved,
        why=why,
        family=logged.request_id,
        detail=detail,
    )


def _noted(session: Session, logged: LoggedPaymentRecord, moved: Moved, by: Actor, now: datetime) -> None:
    audit.record(session, by=by, at=now, subject="logged_payment", subject_id=logged.id, moved=moved)
