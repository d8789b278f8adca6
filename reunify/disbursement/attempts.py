"""One try at a payment: frozen and committed before the call, its outcome recorded after.

Between the two lies one call outside every transaction (`sending.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.disbursement import books, policy, queries, quiet, rail_policy
from reunify.disbursement.books import Bound
from reunify.disbursement.instructions import (
    locked_attempt,
    locked_attempts,
    locked_payments,
    move_instruction,
)
from reunify.disbursement.outcomes import Known, Misused, NotSent, NotTried, Outcome, Payment, Unclear
from reunify.disbursement.records import AttemptRecord, InstructionRecord
from reunify.kernel.ids import AttemptId, AwardId, PayeeId
from reunify.kernel.may import may
from reunify.kernel.money import Money
from reunify.kernel.people import Actor
from reunify.kernel.refusals import Refused
from reunify.ledger import fund_queries as fund_books
from reunify.ledger.policy import Cash
from reunify.payees import queries as payees

# The digest of an award as it stands now, asked inside the paying transaction; may refuse in its own words.
StandingDigest = Callable[[Session, AwardId], str]


class NotOurPayment(Refused):
    """Stripe describes another payment than the one this attempt asked for."""


@dataclass(frozen=True, slots=True)
class OpenAttempt:
    """Committed before the call: exactly these parameters, under exactly this key."""

    id: AttemptId
    key: str
    params: dict[str, Any]


@may(system=True)
def take_rest(session: Session, *, attempt_id: AttemptId, payment: Payment, by: Actor, now: datetime) -> int:
    """Of a payment that came back: post what could not be posted before and can be now.

    Returns the cents that still cannot: they were recovered from elsewhere. 0 of a payment not returned.
    """
    instruction, attempt = locked_attempt(session, attempt_id)
    if attempt.state != "returned":
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
    instruction, attempt = locked_attempt(session, attempt_id)
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
    instruction, attempt = locked_attempt(session, attempt_id)
    _record(session, [(instruction, attempt, outcome)], by=by, now=now)
    return attempt.state


@may(system=True)
def record_outcomes(
    session: Session, *, outcomes: Mapping[AttemptId, Outcome], by: Actor, now: datetime
) -> None:
    """The same of several at once. Where one is refused nothing of them all stands: say each alone."""
    known = locked_attempts(session, outcomes).items()
    _record(session, [(*both, outcomes[AttemptId(one)]) for one, both in known], by=by, now=now)


@may(system=True)
def hear(
    session: Session, *, payment: Payment, key: str | None, by: Actor, now: datetime
) -> AttemptId | None:
    """The same of a payment as it stands now, whichever attempt is behind it: found by its id, else by the
    key that made it, else by our reference. None where no attempt of ours is. Raises NotOurPayment.
    """
    known = locked_payments(session, [payment.id]).get(payment.id)
    if known is None:
        found = queries.attempt_of_payment(session, payment.id, key=key, reference=payment.reference)
        if found is None:
            return None
        known = locked_attempt(session, found.id)
    _record(session, [(*known, Known(payment))], by=by, now=now)
    return AttemptId(known[1].id)


@may(system=True)
def hear_together(session: Session, *, payments: Collection[Payment], by: Actor, now: datetime) -> set[str]:
    """The same of several at once; returns the ids of those we know by them: the others are to be heard
    alone. Where one is refused nothing of them all stands. Raises NotOurPayment, the ledger's refusals."""
    now_at = {payment.id: payment for payment in payments}
    known = locked_payments(session, now_at)
    _record(session, [(*both, Known(now_at[one])) for one, both in known.items()], by=by, now=now)
    return set(known)


_Heard = tuple[InstructionRecord, AttemptRecord, Outcome]


def _record(session: Session, heard: Sequence[_Heard], *, by: Actor, now: datetime) -> None:
    """The books first, of all: a posting writes down, in a statement each, whatever has moved by then."""
    steps = [_steps(*one) for one in heard]
    booked = {one[0].id for one, verbs in zip(heard, steps, strict=True) if "post" in verbs}
    lines = books.of_instructions(session, booked) if booked else {}
    if len(lines) > 1:
        fund_books.lock_for_several(session, {line.hold for bound in lines.values() for line in bound})
    for (instruction, _, outcome), verbs in zip(heard, steps, strict=True):
        if isinstance(outcome, Known):
            _book(session, instruction, outcome.payment, verbs, lines, by=by, now=now)
    for one, verbs in zip(heard, steps, strict=True):
        _write_down(session, *one, verbs, by=by, now=now)
    session.flush()
    ended = [one[0] for one, verbs in zip(heard, steps, strict=True) if verbs and one[0].state == "settled"]
    if ended:
        books.free_rests(session, ended, by=by, now=now)


def _steps(instruction: InstructionRecord, attempt: AttemptRecord, outcome: Outcome) -> list[str]:
    """The moves that are news. Raises NotOurPayment, before anything is changed."""
    if not isinstance(outcome, Known):
        return []
    payment = outcome.payment
    if attempt.stripe_id not in (None, payment.id) or payment.amount != Money(instruction.amount):
        raise NotOurPayment("Stripe describes another payment than this attempt asked for.")
    return policy.steps(attempt.state, payment.status)


def _write_down(
    session: Session,
    instruction: InstructionRecord,
    attempt: AttemptRecord,
    outcome: Outcome,
    steps: list[str],
    *,
    by: Actor,
    now: datetime,
) -> None:
    if isinstance(outcome, Known) and not steps:
        attempt.tries += 1  # no news
    attempt.calling_since = None
    attempt.try_after = policy.try_after(attempt.tries, now)
    instruction.trouble = rail_policy.trouble_after(instruction.trouble, outcome)
    match outcome:
        case Known(payment):
            attempt.outcome = payment.reason or payment.status.value
            _follow(session, instruction, attempt, payment, steps, by=by, now=now)
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


def _book(
    session: Session,
    instruction: InstructionRecord,
    payment: Payment,
    steps: list[str],
    lines: Mapping[UUID, list[Bound]],
    *,
    by: Actor,
    now: datetime,
) -> None:
    if "post" in steps:
        books.spend(
            session,
            instruction.id,
            lines=lines[instruction.id],
            reference=f"{payment.id}:posted",
            cash=Cash.STRIPE,
            happened=payment.posted_at,
            by=by,
            now=now,
        )
    if "return" in steps:
        books.take_back(
            session,
            instruction.id,
            reference=f"{payment.id}:returned",
            happened=payment.returned_at,
            by=by,
            now=now,
        )


def _follow(
    session: Session,
    instruction: InstructionRecord,
    attempt: AttemptRecord,
    payment: Payment,
    steps: list[str],
    *,
    by: Actor,
    now: datetime,
) -> None:
    attempt.stripe_id = payment.id
    attempt.payout_method = attempt.payout_method or payment.payout_method
    for verb in steps:
        policy.ATTEMPT.apply(attempt, verb)
        if verb == "post":
            attempt.settled_at = now
            move_instruction(session, instruction, "settle", by=by, now=now, trouble=None)
        elif verb == "return":
            move_instruction(session, instruction, "return", by=by, now=now, trouble=payment.reason)
        elif verb in ("fail", "cancel"):
            move_instruction(session, instruction, "fail", by=by, now=now, trouble=attempt.outcome)
