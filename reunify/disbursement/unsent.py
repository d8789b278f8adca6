"""A person has looked at Stripe and says that an attempt nobody heard the outcome of paid nothing."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.disbursement import policy
from reunify.disbursement.instructions import locked_attempt, move_instruction
from reunify.disbursement.records import AttemptRecord
from reunify.kernel.ids import AttemptId, InstructionId, PayeeId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor
from reunify.kernel.refusals import NotFound
from reunify.payees import queries as payees


@may(*FINANCE)
def declare_unsent(session: Session, *, attempt_id: AttemptId, why: str, by: Actor, now: datetime) -> None:
    """A person has looked at Stripe: an unclear attempt paid nothing.

    Raises NotAllowed, NoWhy, BeingSent, StillAsked, WrongState.
    """
    policy.check_decider(by)
    said = policy.check_why(why)
    instruction, attempt = locked_attempt(session, attempt_id)
    policy.check_not_calling(attempt.calling_since, now)
    policy.check_lost(attempt.state, attempt.first_sent_at, now)
    if attempt.state == "open":  # whoever sent it never came back, or was always turned away
        policy.ATTEMPT.apply(attempt, "lose")
    moved = policy.ATTEMPT.apply(attempt, "declare_unsent")
    audit.record(
        session,
        by=by,
        at=now,
        subject="attempt",
        subject_id=attempt.id,
        moved=moved,
        why=said,
        family=payees.request_of(session, PayeeId(instruction.payee_id)),
    )
    move_instruction(session, instruction, "fail", by=by, now=now, trouble="declared_unsent")


@may(*FINANCE)
def declare_newest_unsent(
    session: Session, *, instruction_id: InstructionId, why: str, by: Actor, now: datetime
) -> None:
    """The same for the newest attempt of an instruction; only one can be alive. Raises NotFound too."""
    newest = session.scalar(
        sa.select(AttemptRecord.id)
        .where(AttemptRecord.instruction_id == instruction_id)
        .order_by(AttemptRecord.number.desc())
        .limit(1)
    )
    if newest is None:
        raise NotFound("This payment has not been tried yet.")
    declare_unsent(session, attempt_id=AttemptId(newest), why=why, by=by, now=now)
