"""The one place where money is asked for: commit, call outside any transaction, commit what came of it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from reunify.consent import actions as consent
from reunify.consent.policy import NoConsentFor
from reunify.db import Database
from reunify.disbursement import (
    actions,
    attempts,
    logging_payments,
    queries,
    reapproving,
)
from reunify.disbursement.instructions import payees_of
from reunify.disbursement.opening import open_attempt, open_attempts
from reunify.disbursement.outcomes import Outcome
from reunify.disbursement.ports import ConsentMissing, PaymentGateway, RecipientRefused
from reunify.disbursement.rail_policy import NO_BANK
from reunify.disbursement.reapproval_policy import BankChanged
from reunify.kernel.ids import AttemptId, InstructionId
from reunify.kernel.may import may
from reunify.kernel.people import Actor
from reunify.kernel.refusals import NotFound, Refused, Retryable
from reunify.kernel.together import CALLS_AT_ONCE, together
from reunify.payees import actions as payees
from reunify.payees import agreement
from reunify.payees import queries as payee_queries
from reunify.payees.agreement import Leave
from reunify.payees.queries import Payee
from reunify.vault.keepers import Erased

Clock = Callable[[], datetime]


@may(system=True)
def ensure_recipient(
    db: Database, gateway: PaymentGateway, *, instruction_id: InstructionId, by: Actor, clock: Clock
) -> Leave | None:
    """Make the payee known to Stripe; once their bank details are there and they can be paid, the leave it
    was done by, for `send`.

    None: while no bank of theirs can be paid the instruction waits, with the reason; a payee Stripe refuses
    goes to a finance person; one whose consent does not stand is paid another way. Raises GatewayUnavailable.
    """
    try:
        payee, leave = _permitted(db, instruction_id, by=by, clock=clock)
    except NoConsentFor as refused:
        with db.work() as session:
            actions.fall_back(session, instruction_id=instruction_id, ended=refused.ended, by=by, now=clock())
        return None
    try:
        recipient = gateway.ensure_recipient(payee, leave.permit)
    except (ConsentMissing, RecipientRefused, NotFound) as refused:
        with db.work() as session:
            actions.refuse_recipient(
                session, instruction_id=instruction_id, why=type(refused).__name__, by=by, now=clock()
            )
        return None
    if payee.stripe_recipient is None or not recipient.ready:
        with db.work() as session:
            if payee.stripe_recipient is None:
                payees.record_recipient(
                    session,
                    payee_id=payee.id,
                    recipient=recipient.id,
                    permit=leave.permit,
                    by=by,
                    now=clock(),
                )
            if not recipient.ready:
                actions.wait_for_payee(
                    session, instruction_id=instruction_id, trouble=recipient.lacks or NO_BANK, now=clock()
                )
    return leave if recipient.ready else None


@may(system=True)
def send(
    db: Database,
    gateway: PaymentGateway,
    *,
    instruction_id: InstructionId,
    standing_digest: attempts.StandingDigest,
    leave: Leave | None = None,
    by: Actor,
    clock: Clock,
) -> str:
    """Pay one `ready` instruction; returns the attempt's state. Call `ensure_recipient` first, for `leave`.

    Of one that reached a bank before, the bank account is asked for: another one than before needs two
    people, who are asked (BankChanged); the payment then names the account they approved.
    """

    def frozen(bank: str | None) -> attempts.OpenAttempt:
        with db.work() as session:
            return open_attempt(
                session,
                instruction_id=instruction_id,
                standing_digest=standing_digest,
                prepare=gateway.prepare,
                bank=bank,
                leave=leave,
                by=by,
                now=clock(),
            )

    try:
        attempt = frozen(None)  # refused wherever an attempt before reached a bank
    except BankChanged:
        bank = _bank_now(db, gateway, instruction_id)
        if bank is None:
            raise
        try:
            attempt = frozen(bank)
        except BankChanged:
            with db.work() as session:
                reapproving.ask(session, instruction_id=instruction_id, bank=bank, by=by, now=clock())
            raise
    return _call(db, gateway, attempt, by=by, clock=clock)


@may(system=True)
def send_together(
    db: Database,
    gateway: PaymentGateway,
    *,
    instruction_ids: Collection[InstructionId],
    standing_digest: attempts.StandingDigest,
    by: Actor,
    clock: Clock,
) -> set[InstructionId]:
    """Pay several `ready` instructions whose payees Stripe knows and can pay; returns those that were asked
    for and written down. One commit freezes them all, one writes down what came of all.

    Whatever is out of the ordinary with one of them is left to `ensure_recipient` and `send`, which take it
    alone: for one that is refused, and for all where the database is.
    """
    with db.work() as session:
        known = _leaves(session, instruction_ids, now=clock())
    asked = [
        (one, payee, leave)
        for one, (payee, leave) in known.items()
        if isinstance(leave, Leave) and payee.stripe_recipient is not None
    ]
    ready = together(
        partial(_is_ready, gateway), [(p, leave) for _, p, leave in asked], at_most=CALLS_AT_ONCE
    )
    leaves = {one: leave for (one, _, leave), can_be_paid in zip(asked, ready, strict=True) if can_be_paid}
    if not leaves:
        return set()
    with db.work() as session:
        opened = open_attempts(
            session,
            leaves=leaves,
            standing_digest=standing_digest,
            prepare=gateway.prepare,
            by=by,
            now=clock(),
        )
    frozen = {one: made for one, made in opened.items() if isinstance(made, attempts.OpenAttempt)}
    said = together(partial(_asked_for, gateway), [*frozen.values()], at_most=CALLS_AT_ONCE)
    answers = {made.id: answer for made, answer in zip(frozen.values(), said, strict=True)}
    heard = {one: answer for one, answer in answers.items() if not isinstance(answer, Exception)}
    unwritten = _record_all(db, heard, by=by, clock=clock)
    for fault in answers.values():
        if isinstance(fault, Exception):  # our own: what was heard of the others is kept all the same
            raise fault
    return {one for one, made in frozen.items() if made.id not in unwritten}


def _record_all(db: Database, heard: dict[AttemptId, Outcome], *, by: Actor, clock: Clock) -> set[AttemptId]:
    """Which of them the books would not take: they are asked for again with the same key."""
    try:
        with db.work(wake=True) as session:
            attempts.record_outcomes(session, outcomes=heard, by=by, now=clock())
    except (Refused, Retryable):
        return {one for one in heard if not _is_recorded(db, one, heard[one], by=by, clock=clock)}
    return set()


def _is_recorded(db: Database, attempt_id: AttemptId, outcome: Outcome, *, by: Actor, clock: Clock) -> bool:
    try:
        with db.work(wake=True) as session:
            attempts.record_outcome(session, attempt_id=attempt_id, outcome=outcome, by=by, now=clock())
    except (Refused, Retryable):
        return False
    return True


def _asked_for(gateway: PaymentGateway, made: attempts.OpenAttempt) -> Outcome | Exception:
    try:
        return gateway.send(made.params, key=made.key)
    except Exception as fault:
        return fault


def _is_ready(gateway: PaymentGateway, known: tuple[Payee, Leave]) -> bool:
    payee, leave = known
    try:
        return gateway.ensure_recipient(payee, leave.permit).ready
    except (Refused, Retryable):
        return False


@may(system=True)
def send_again(
    db: Database, gateway: PaymentGateway, *, attempt_id: AttemptId, by: Actor, clock: Clock
) -> str:
    """The same bytes under the same key, for an attempt of `queries.to_resend`; returns its state."""
    with db.work() as session:
        attempt = attempts.reopen(session, attempt_id=attempt_id, now=clock())
    return _call(db, gateway, attempt, by=by, clock=clock)


@may(system=True)
def note_in_stripe(db: Database, gateway: PaymentGateway, *, by: Actor, clock: Clock) -> int:
    """Note each verified logged payment on its payee's existing Stripe account; returns how many.

    One opaque reference, only for payees who agreed and are already known there. Only if the setting is on.
    """
    with db.read() as session:
        waiting = queries.to_note(session)
    noted = 0
    for note in waiting:
        try:
            payee, leave = _permitted(db, note.instruction, by=by, clock=clock)
        except (NoConsentFor, Erased):  # taken back, or erased since: Stripe hears no more
            with db.work() as session:
                logging_payments.leave_unnoted(session, instruction_id=note.instruction, by=by, now=clock())
            continue
        gateway.log_reference(
            recipient=note.recipient, reference=note.instruction, permit=leave.permit, payee=payee.id
        )
        with db.work() as session:
            logging_payments.record_noted(session, instruction_id=note.instruction, by=by, now=clock())
        noted += 1
    return noted


def _permitted(
    db: Database, instruction_id: InstructionId, *, by: Actor, clock: Clock
) -> tuple[Payee, Leave]:
    """The payee and leave to tell Stripe of them, written down as told before it is.

    Raises NoConsentFor, vault's Erased.
    """
    with db.work() as session:
        payee, leave = _leaves(session, [instruction_id], now=clock())[instruction_id]
        if not isinstance(leave, Leave):
            raise leave
        if payee.stripe_recipient is None:
            consent.record_release(session, permit=leave.permit, by=by, now=clock())
    return payee, leave


def _leaves(
    session: Session, instruction_ids: Collection[InstructionId], *, now: datetime
) -> dict[InstructionId, tuple[Payee, Leave | NoConsentFor | Erased]]:
    """Raises NotFound."""
    whom = payees_of(session, instruction_ids)
    found = agreement.leaves_for_stripe(session, set(whom.values()), now=now)
    if len(whom) < len(instruction_ids):
        raise NotFound("There is no such payment instruction.")
    return {one: found[whom[one]] for one in instruction_ids}


def _bank_now(db: Database, gateway: PaymentGateway, instruction_id: InstructionId) -> str | None:
    """None of a payee who has none, or who is not known there."""
    with db.read() as session:
        payee = payee_queries.payee(session, queries.instruction(session, instruction_id).payee)
    return None if payee.stripe_recipient is None else gateway.bank_of(payee.stripe_recipient)


def _call(
    db: Database, gateway: PaymentGateway, attempt: attempts.OpenAttempt, *, by: Actor, clock: Clock
) -> str:
    outcome = gateway.send(attempt.params, key=attempt.key)
    with db.work(wake=True) as session:
        return attempts.record_outcome(session, attempt_id=attempt.id, outcome=outcome, by=by, now=clock())
