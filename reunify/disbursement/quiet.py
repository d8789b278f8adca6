"""While a quiet outcome stands no payment leaves by itself: each waits until a finance person lets it go."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.approval.quiet_awards import outcome_of
from reunify.audit import actions as audit
from reunify.disbursement.instructions import locked_instruction
from reunify.disbursement.quiet_records import PaymentLetGo
from reunify.disbursement.records import InstructionRecord
from reunify.identity.policy import check_proved
from reunify.intake import outcomes
from reunify.intake.outcome_policy import QuietNow
from reunify.kernel.ids import InstructionId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Staff
from reunify.kernel.refusals import OutOfStep

# Money may still leave of these; what is on its way already is not held back by anybody.
HELD_BACK = ("ready", "sending")


class NothingHeldBack(OutOfStep):
    """Only a payment that a quiet outcome holds back is let go."""


def held_back() -> sa.ColumnElement[bool]:
    """SQL, of InstructionRecord: a quiet outcome stands on its request, and nobody let it go since."""
    i, let = InstructionRecord, PaymentLetGo
    stands = outcome_of(i.award_id)
    gone = sa.exists().where(let.instruction_id == i.id, let.outcome_id == stands)
    return sa.and_(stands.is_not(None), ~gone)


def is_held_back(session: Session, instruction_id: UUID) -> bool:
    """It could be sent, but a quiet outcome stands."""
    i = InstructionRecord
    asked = sa.exists().where(i.id == instruction_id, i.state.in_(HELD_BACK), held_back())
    return bool(session.scalar(sa.select(asked)))


def check_may_leave(session: Session, *, instruction_id: UUID, request_id: UUID) -> None:
    """In the transaction that commits to the call: no outcome is recorded until it ends. Raises QuietNow."""
    outcomes.keep_as_is(session, request_id)
    i = InstructionRecord
    check_not_held_back(
        bool(session.scalar(sa.select(sa.exists().where(i.id == instruction_id, held_back()))))
    )


def check_not_held_back(held: bool) -> None:
    """Raises QuietNow."""
    if held:
        raise QuietNow(
            "A quiet outcome stands on this request: the payment waits until a finance person lets it go."
        )


@may(*FINANCE)
def let_go(session: Session, *, instruction_id: InstructionId, by: Staff, now: datetime) -> None:
    """This one payment is sent although the outcome stands; another outcome holds it back again.

    Raises StepUpFirst, NotFound, NothingHeldBack.
    """
    check_proved(by, now=now)
    record = locked_instruction(session, instruction_id)
    stands = session.scalar(sa.select(outcome_of(record.award_id)))
    if stands is None or not is_held_back(session, record.id):
        raise NothingHeldBack("Nothing holds this payment back: it goes its way, or a person ended it.")
    session.add(PaymentLetGo(outcome_id=stands, instruction_id=record.id, by=by.id, at=now))
    record.try_after = now
    session.flush()
    audit.record(session, by=by, at=now, subject="instruction", subject_id=record.id, moved="let_go")
