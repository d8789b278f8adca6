"""One try at a payment: frozen and committed before the call, its outcome recorded after.

Between the two lies one call outside every transaction (`sending.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.disbursement import books, policy, quiet, rail_policy, reapproving
from reunify.disbursement.instructions import locked_instruction, move_instruction
from reunify.disbursement.outcomes import Known, Misused, NotSent, NotTried, Outcome, Payment, Unclear
from reunify.disbursement.ports import PaymentOrder
from reunify.disbursement.records import AttemptRecord, InstructionRecord
from reunify.funds import paying
from reunify.kernel.ids import AttemptId, AwardId, InstructionId, PayeeId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.money import Money
from reunify.kernel.moves import START
from reunify.kernel.people import Actor
from reunify.kernel.refusals import NotFound, Refused
from reunify.ledger.policy import Cash
from reunify.payees import agreement
from reunify.payees import queries as payees

# The digest of an award as it stands now, asked inside the paying transaction; may refuse in its own words.
StandingDigest = Callable[[Session, AwardId], str]


class NoRecipient(Refused):
    """The payee is not known to Stripe yet."""


class NotOurPayment(Refused):
    """Stripe describes another payment than the one this attempt asked for."""


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """Committed before the call: exactly these parameters, under exactly this key."""

    id: AttemptId
    key: str
    params: dict[str, Any]


@may(system=True)
def open_attempt(
    session: Session,
    *,
    instruction_id: InstructionId,
    standing_digest: StandingDigest,
    prepare: Callable[[PaymentOrder], dict[str, Any]],
    bank: str | None = None,
    by: Actor,
    now: datetime,
) -> OpenAttempt:
    """Freeze parameters and key. Commit this before calling Stripe.

    `standing_digest` says, inside this transaction, what the award's digest is now. The consent is read, and
    held, in this transaction too: after the commit the same bytes may be sent again whatever becomes of it.
    `bank`: of a payment tried before, the bank account it must go to now (Stripe's id). Raises BankChanged,
    ApprovalChanged, QuietNow, NoConsentFor, NoRecipient, WrongState, LiquidationOver, PeriodOver, or the
    ledger's refusal when the money is not obligated.
    """
    record = locked_instruction(session, instruction_id)
    policy.check_digest(record.award_digest, standing_digest(session, AwardId(record.award_id)))
    moved = policy.INSTRUCTION.apply(record, "send")
    payee = payees.payee(session, PayeeId(record.payee_id))
    quiet.check_may_leave(session, instruction_id=record.id, request_id=payee.request_id)
    permit = agreement.permit_for_stripe(session, payee, now=now)
    if payee.stripe_recipient is None:
        raise NoRecipient("This payee has no account at Stripe yet: make one, or pay another way.")
    lines = books.of_instruction(session, record.id)
    books.check_obligated(session, lines)
    paying.check_may_pay(session, [line.hold for line in lines], now=now)
    number = 1 + reapproving.newest_number(session, record.id)
    reapproving.check_bank(session, record, bank)
    order = PaymentOrder(record.id, payee.stripe_recipient, Money(record.amount), permit, payee.id, bank)
    attempt = AttemptRecord(
        instruction_id=record.id,
        number=number,
        idempotency_key=f"reunify:disb:{record.id}:{number}",
        params=prepare(order),
        payout_method=bank,
        state=policy.ATTEMPT.check(START, "open").target,
        first_sent_at=now,
        calling_since=now,
        tries=1,
        try_after=now,
    )
    session.add(attempt)
    record.trouble = None
    session.flush()
    if any(line.at_entry for line in lines):
        books.obligate_at_entry(session, record.id, reference=f"{attempt.id}:sent", by=by, now=now)
    said = {"attempt": number}
    audit.record(
        session, by=by, at=now, subject="instruction", subject_id=record.id, moved=moved, detail=said
    )
    return OpenAttempt(AttemptId(attempt.id), attempt.idempotency_key, attempt.params)


@may(system=True)
def take_rest(session: Session, *, attempt_id: AttemptId, payment: Payment, by: Actor, now: datetime) -> int:
    """Of a payment that came back: post what could not be posted before and can be now.

    Returns the cents that still cannot: they were recovered from elsewhere. 0 of a payment not returned.
    """
    instruction = _instruction_of(session, attempt_id)
    if _locked_attempt(session, attempt_id).state != "returned":
        return 0
    return books.take_back(
        session,
        instruction.id,
        reference=f"{payment.id}:returned",
        happened=payment.returned_at,
        is_decided=instruction.state != "returned",
        by=by,
        now=now,
    )


def reopen(session: Session, *, attempt_id: AttemptId, now: datetime) -> OpenAttempt:
    """The same parameters under the same key once more. Commit this before calling Stripe.

    An earlier call without a recorded outcome (the worker died) may have moved money: it is unclear.
    Raises QuietNow, BeingSent, UnknownTooLong, WrongState.
    """
    instruction = _instruction_of(session, attempt_id)
    attempt = _locked_attempt(session, attempt_id)
    request_id = payees.request_of(session, PayeeId(instruction.payee_id))
    quiet.check_may_leave(session, instruction_id=instruction.id, request_id=request_id)
    if attempt.state not in policy.UNSENT:
        policy.ATTEMPT.check(attempt.state, "lose")
    policy.check_not_calling(attempt.calling_since, now)
    policy.check_may_resend(attempt.first_sent_at, now)
    if attempt.calling_since is not None and attempt.state == "open":
        policy.ATTEMPT.apply(attempt, "lose")
    attempt.calling_since = now
    attempt.tries += 1
    session.flush()
    return OpenAttempt(AttemptId(attempt.id), attempt.idempotency_key, attempt.params)


@may(system=True)
def record_outcome(
    session: Session, *, attempt_id: AttemptId, outcome: Outcome, by: Actor, now: datetime
) -> str:
    """Write down what came of a call or a look-up; returns the attempt's state. Saying it twice is harmless.

    A definite no after an unclear try stays unclear: the earlier try may have moved the money.
    """
    instruction = _instruction_of(session, attempt_id)
    attempt = _locked_attempt(session, attempt_id)
    if isinstance(outcome, Known):  # before anything is changed
        if attempt.stripe_id not in (None, outcome.payment.id) or outcome.payment.amount != Money(
            instruction.amount
        ):
            raise NotOurPayment("Stripe describes another payment than this attempt asked for.")
        if not policy.steps(attempt.state, outcome.payment.status):
            attempt.tries += 1  # no news
    attempt.calling_since = None
    attempt.try_after = policy.try_after(attempt.tries, now)
    instruction.trouble = rail_policy.trouble_after(instruction.trouble, outcome)
    match outcome:
        case Known(payment):
            attempt.outcome = payment.reason or payment.status.value
            _follow(session, instruction, attempt, payment, by=by, now=now)
        case NotSent(code):
            attempt.outcome = code
            if attempt.state == "open":
                policy.ATTEMPT.apply(attempt, "refuse")
                move_instruction(
                    session, instruction, rail_policy.after_no(code), by=by, now=now, trouble=code
                )
                instruction.try_after = now + policy.ASK_FOR_BANK_DETAILS_EVERY
        case NotTried(code):
            attempt.outcome = code
        case Unclear(code):
            attempt.outcome = code
            if attempt.state == "open":
                policy.ATTEMPT.apply(attempt, "lose")
        case Misused(code):
            attempt.outcome = code
            if policy.ATTEMPT.can(attempt.state, "jam"):
                policy.ATTEMPT.apply(attempt, "jam")
                instruction.trouble = code
    session.flush()
    return attempt.state


@may(*FINANCE)
def declare_unsent(session: Session, *, attempt_id: AttemptId, why: str, by: Actor, now: datetime) -> None:
    """A person has looked at Stripe: an unclear attempt paid nothing.

    Raises NotAllowed, NoWhy, BeingSent, StillAsked, WrongState.
    """
    policy.check_decider(by)
    said = policy.check_why(why)
    instruction = _instruction_of(session, attempt_id)
    attempt = _locked_attempt(session, attempt_id)
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


def _follow(
    session: Session,
    instruction: InstructionRecord,
    attempt: AttemptRecord,
    payment: Payment,
    *,
    by: Actor,
    now: datetime,
) -> None:
    attempt.stripe_id = payment.id
    attempt.payout_method = attempt.payout_method or payment.payout_method
    steps = policy.steps(attempt.state, payment.status)
    for verb in steps:
        policy.ATTEMPT.apply(attempt, verb)
        if verb == "post":
            attempt.settled_at = now
            books.spend(
                session,
                instruction.id,
                reference=f"{payment.id}:posted",
                cash=Cash.STRIPE,
                happened=payment.posted_at,
                by=by,
                now=now,
            )
            move_instruction(session, instruction, "settle", by=by, now=now, trouble=None)
        elif verb == "return":
            books.take_back(
                session,
                instruction.id,
                reference=f"{payment.id}:returned",
                happened=payment.returned_at,
                by=by,
                now=now,
            )
            move_instruction(session, instruction, "return", by=by, now=now, trouble=payment.reason)
        elif verb in ("fail", "cancel"):
            move_instruction(session, instruction, "fail", by=by, now=now, trouble=attempt.outcome)
    if steps and instruction.state == "settled":
        books.free_rest(session, instruction, by=by, now=now)


def _instruction_of(session: Session, attempt_id: AttemptId) -> InstructionRecord:
    a, i = AttemptRecord, InstructionRecord
    owner = sa.select(a.instruction_id).where(a.id == attempt_id).scalar_subquery()
    asked = sa.select(i).where(i.id == owner).with_for_update()
    record = session.scalar(asked, execution_options={"populate_existing": True})
    if record is None:
        raise NotFound("There is no such payment attempt.")
    return record


def _locked_attempt(session: Session, attempt_id: AttemptId) -> AttemptRecord:
    record = session.get(AttemptRecord, attempt_id, with_for_update=True, populate_existing=True)
    if record is None:
        raise NotFound("There is no such payment attempt.")
    return record
