"""A payment tried anew at another bank account: asked of two finance people, and checked as it is paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.approval.behind import authors_of
from reunify.audit import actions as audit
from reunify.disbursement import reapproval_policy as policy
from reunify.disbursement.instructions import locked_instruction
from reunify.disbursement.reapproval_records import ReapprovalRecord
from reunify.disbursement.records import AttemptRecord, InstructionRecord
from reunify.kernel.ids import InstructionId, PayeeId, StaffId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.moves import START
from reunify.kernel.people import Actor
from reunify.kernel.refusals import NotFound
from reunify.payees import queries as payees


@dataclass(frozen=True, slots=True)
class Reapproval:
    """What two people are asked. `first`: who has said yes so far."""

    id: UUID
    instruction: InstructionId
    payout_method: str
    state: str
    asked_at: datetime
    first: StaffId | None


def bank_before(instruction_id: Any) -> sa.ScalarSelect[str | None]:
    """SQL: where the newest attempt that reached a bank would have paid (Stripe's id); NULL where none."""
    a = AttemptRecord
    return (
        sa.select(a.payout_method)
        .where(a.instruction_id == instruction_id, a.payout_method.is_not(None))
        .order_by(a.number.desc())
        .limit(1)
        .scalar_subquery()
    )


def newest_number_of(instruction_id: Any) -> sa.ScalarSelect[int]:
    """SQL: the number of the newest attempt; 0 where none was made."""
    newest = sa.func.coalesce(sa.func.max(AttemptRecord.number), 0)
    return sa.select(newest).where(AttemptRecord.instruction_id == instruction_id).scalar_subquery()


def check_bank(session: Session, record: InstructionRecord, bank: str | None, *, before: str | None) -> None:
    """Inside the paying transaction; `before`: as it is there, by `bank_before`. Raises BankChanged."""
    if before is None:
        return
    approved = session.scalars(
        sa.select(ReapprovalRecord.digest).where(
            ReapprovalRecord.instruction_id == record.id, ReapprovalRecord.state == "approved"
        )
    ).all()
    wanted = _digest(session, record, bank or "")
    policy.check_bank(before, bank, approved=approved, wanted=wanted)


@may(system=True)
def ask(session: Session, *, instruction_id: InstructionId, bank: str, by: Actor, now: datetime) -> None:
    """Two people are asked whether this is paid at another bank account; asking twice is asking once."""
    record = locked_instruction(session, instruction_id)
    wanted = _digest(session, record, bank)
    asked = sa.select(ReapprovalRecord.id).where(
        ReapprovalRecord.instruction_id == record.id, ReapprovalRecord.digest == wanted
    )
    if session.scalar(asked) is not None:
        return
    made = ReapprovalRecord(
        instruction_id=record.id,
        after_attempt=newest_number(session, record.id),
        payout_method=bank,
        digest=wanted,
        state=policy.REAPPROVAL.check(START, "ask").target,
        asked_at=now,
    )
    session.add(made)
    session.flush()
    audit.record(session, by=by, at=now, subject="reapproval", subject_id=made.id, moved="ask")


@may(*FINANCE)
def approve(session: Session, *, instruction_id: InstructionId, by: Actor, now: datetime) -> str:
    """One of two people says that it is paid at the new bank account; returns the state. After the second it
    is sent by itself.

    Raises NotFound, NotAllowed, SecondIsFirst, ApproverIsAuthor, WrongState.
    """
    record = locked_instruction(session, instruction_id)
    asked = session.get(ReapprovalRecord, _open_id(session, record), with_for_update=True)
    assert asked is not None  # rows are never deleted
    request = payees.request_of(session, PayeeId(record.payee_id))
    before = [i for i in (asked.first_by, *asked.first_for) if i is not None]
    person = policy.check_approver(by, before, authors=authors_of(session, request, now))
    if asked.state == "asked":
        moved = policy.REAPPROVAL.apply(asked, "approve_first")
        asked.first_by, asked.first_for, asked.first_at = person.id, sorted(person.stands_for), now
    else:
        moved = policy.REAPPROVAL.apply(asked, "approve_second")
        asked.second_by, asked.second_for, asked.second_at = person.id, sorted(person.stands_for), now
        record.trouble = None
        record.try_after = now
    session.flush()
    audit.record(
        session,
        by=by,
        at=now,
        subject="reapproval",
        subject_id=asked.id,
        moved=moved,
        detail={"instruction": str(record.id), "digest": asked.digest},
    )
    return asked.state


def waiting(session: Session, instruction_id: InstructionId) -> Reapproval | None:
    """What two people are asked of this payment now; None when nothing is."""
    record = session.get(InstructionRecord, instruction_id)
    found = None if record is None else _open(session, record)
    if found is None:
        return None
    first = StaffId(found.first_by) if found.first_by else None
    return Reapproval(
        found.id, InstructionId(found.instruction_id), found.payout_method, found.state, found.asked_at, first
    )


def _open_id(session: Session, record: InstructionRecord) -> UUID:
    found = _open(session, record)
    if found is None:
        raise NotFound("Nothing is to be approved anew of this payment.")
    return found.id


def _open(session: Session, record: InstructionRecord) -> ReapprovalRecord | None:
    """The newest question that nobody finished and no attempt has overtaken."""
    if record.state != "ready":
        return None
    r = ReapprovalRecord
    return session.scalar(
        sa.select(r)
        .where(
            r.instruction_id == record.id,
            r.state.in_(policy.WAITING),
            r.after_attempt == newest_number(session, record.id),
        )
        .order_by(r.asked_at.desc(), r.id.desc())
        .limit(1)
    )


def newest_number(session: Session, instruction_id: UUID) -> int:
    """Of the newest attempt; 0 where none was made."""
    return session.scalar(sa.select(newest_number_of(instruction_id))) or 0


def _digest(session: Session, record: InstructionRecord, bank: str) -> str:
    return policy.digest(
        award_digest=record.award_digest,
        instruction=record.id,
        payee=record.payee_id,
        amount=record.amount,
        after=newest_number(session, record.id),
        bank=bank,
    )
