"""Stop a payment in flight: a person asks, Stripe says whether it could still be stopped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.db import Database
from reunify.disbursement import attempts, policy
from reunify.disbursement.instructions import locked_instruction
from reunify.disbursement.outcomes import Known, Status
from reunify.disbursement.ports import NotCancelable, PaymentGateway
from reunify.disbursement.records import AttemptRecord
from reunify.kernel.ids import AttemptId, InstructionId, PayeeId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor, System
from reunify.kernel.refusals import OutOfStep
from reunify.payees import queries as payees

Clock = Callable[[], datetime]
HEARD = System("reconcile")  # what Stripe says of a payment is nobody's decision


class NothingInFlight(OutOfStep):
    """No attempt of this payment is on its way, as far as we know."""


class TooLateToCancel(OutOfStep):
    """Stripe has handed the payment on: what becomes of it is heard by itself."""


class RailOff(OutOfStep):
    """Stripe payouts are switched off here."""


@may(*FINANCE)
def cancel(
    db: Database,
    gateway: PaymentGateway | None,
    *,
    instruction_id: InstructionId,
    why: str,
    by: Actor,
    clock: Clock,
) -> str:
    """Ask Stripe to stop the attempt in flight; returns the attempt's state (`canceled` when it did).

    The wish and its reason are committed before the call. Whatever comes of the call, only what Stripe says
    of the payment moves the books: one that was posted meanwhile is posted. Raises NotAllowed, NoWhy,
    NothingInFlight, TooLateToCancel, RailOff, GatewayUnavailable (then it is asked after by itself).
    """
    if gateway is None:
        raise RailOff("Stripe payouts are switched off: look at Stripe's Dashboard, or switch the rail on.")
    with db.work() as session:
        attempt_id, payment_id = _ask(session, instruction_id, why=why, by=by, now=clock())
    try:
        payment = gateway.cancel(payment_id)
    except NotCancelable:
        payment = gateway.look_up(payment_id)
    with db.work(wake=True) as session:
        state = attempts.record_outcome(
            session, attempt_id=attempt_id, outcome=Known(payment), by=HEARD, now=clock()
        )
    if payment.status is not Status.CANCELED:
        raise TooLateToCancel(
            "Stripe can no longer stop this payment: it will be posted, or come back, and is shown here by "
            "itself. Nothing else is decided until then."
        )
    return state


@may(*FINANCE)
def _ask(
    session: Session, instruction_id: InstructionId, *, why: str, by: Actor, now: datetime
) -> tuple[AttemptId, str]:
    policy.check_decider(by)
    said = policy.check_why(why)
    record = locked_instruction(session, instruction_id)
    flying = session.scalar(
        sa.select(AttemptRecord).where(
            AttemptRecord.instruction_id == record.id, AttemptRecord.state == "in_flight"
        )
    )
    if flying is None or flying.stripe_id is None:
        raise NothingInFlight("No attempt of this payment is on its way at Stripe: there is nothing to stop.")
    audit.record(
        session,
        by=by,
        at=now,
        subject="attempt",
        subject_id=flying.id,
        moved="ask_to_cancel",
        why=said,
        family=payees.request_of(session, PayeeId(record.payee_id)),
    )
    return AttemptId(flying.id), flying.stripe_id
