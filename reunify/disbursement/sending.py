"""The one place where money is asked for: commit, call outside any transaction, commit what came of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from reunify.consent import actions as consent
from reunify.consent.policy import NoConsentFor, Permit
from reunify.db import Database
from reunify.disbursement import (
    actions,
    attempts,
    logging_payments,
    outage_waits,
    queries,
    reapproving,
)
from reunify.disbursement.ports import ConsentMissing, PaymentGateway, RecipientRefused
from reunify.disbursement.rail_policy import NO_BANK
from reunify.disbursement.reapproval_policy import BankChanged
from reunify.kernel.ids import AttemptId, InstructionId
from reunify.kernel.may import may
from reunify.kernel.people import Actor
from reunify.kernel.refusals import NotFound
from reunify.payees import actions as payees
from reunify.payees import agreement
from reunify.payees import queries as payee_queries
from reunify.payees.queries import Payee
from reunify.vault.keepers import Erased

Clock = Callable[[], datetime]


@may(system=True)
def ensure_recipient(
    db: Database, gateway: PaymentGateway, *, instruction_id: InstructionId, by: Actor, clock: Clock
) -> bool:
    """Make the payee known to Stripe; True when their bank details are there and they can be paid.

    While no bank of theirs can be paid the instruction waits, with the reason; a payee Stripe refuses goes to
    a finance person; one whose consent does not stand is paid another way. Raises GatewayUnavailable.
    """
    try:
        payee, permit = _permitted(db, instruction_id, by=by, clock=clock)
    except NoConsentFor as refused:
        with db.work() as session:
            actions.fall_back(session, instruction_id=instruction_id, ended=refused.ended, by=by, now=clock())
        return False
    try:
        recipient = gateway.ensure_recipient(payee, permit)
    except (ConsentMissing, RecipientRefused, NotFound) as refused:
        with db.work() as session:
            actions.refuse_recipient(
                session, instruction_id=instruction_id, why=type(refused).__name__, by=by, now=clock()
            )
        return False
    with db.work() as session:
        if payee.stripe_recipient is None:
            payees.record_recipient(
                session, payee_id=payee.id, recipient=recipient.id, permit=permit, by=by, now=clock()
            )
        if not recipient.ready:
            actions.wait_for_payee(
                session, instruction_id=instruction_id, trouble=recipient.lacks or NO_BANK, now=clock()
            )
    return recipient.ready


@may(system=True)
def send(
    db: Database,
    gateway: PaymentGateway,
    *,
    instruction_id: InstructionId,
    standing_digest: attempts.StandingDigest,
    by: Actor,
    clock: Clock,
) -> str:
    """Pay one `ready` instruction; returns the attempt's state. Call `ensure_recipient` first.

    Of one that reached a bank before, the bank account is asked for: another one than before needs two
    people, who are asked (BankChanged); the payment then names the account they approved.
    """

    def frozen(bank: str | None) -> attempts.OpenAttempt:
        with db.work() as session:
            opened = attempts.open_attempt(
                session,
                instruction_id=instruction_id,
                standing_digest=standing_digest,
                prepare=gateway.prepare,
                bank=bank,
                by=by,
                now=clock(),
            )
            outage_waits.check_not_paid(session, instruction_id)  # it is locked now
            return opened

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
            payee, permit = _permitted(db, note.instruction, by=by, clock=clock)
        except (NoConsentFor, Erased):  # taken back, or erased since: Stripe hears no more
            with db.work() as session:
                logging_payments.leave_unnoted(session, instruction_id=note.instruction, by=by, now=clock())
            continue
        gateway.log_reference(
            recipient=note.recipient, reference=note.instruction, permit=permit, payee=payee.id
        )
        with db.work() as session:
            logging_payments.record_noted(session, instruction_id=note.instruction, by=by, now=clock())
        noted += 1
    return noted


def _permitted(
    db: Database, instruction_id: InstructionId, *, by: Actor, clock: Clock
) -> tuple[Payee, Permit]:
    """The payee and leave to tell Stripe of them, written down as told before it is.

    Raises NoConsentFor, vault's Erased.
    """
    with db.work() as session:
        payee = payee_queries.payee(session, queries.instruction(session, instruction_id).payee)
        permit = agreement.permit_for_stripe(session, payee, now=clock())
        if payee.stripe_recipient is None:
            consent.record_release(session, permit=permit, by=by, now=clock())
    return payee, permit


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
