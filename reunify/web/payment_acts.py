"""The decisions over a payment that does not go its way, each once, for its page and its API twin."""

from __future__ import annotations

from uuid import UUID

from reunify.bootstrap import House
from reunify.disbursement import actions, canceling, reapproving, unsent
from reunify.disbursement import logging_payments as logged
from reunify.kernel.ids import InstructionId
from reunify.kernel.people import Staff
from reunify.reconciliation import cards


def verify(at: House, instruction_id: UUID, by: Staff) -> None:
    """Another person has seen the evidence. Never the person who wrote it down."""
    with at.db.work(wake=True) as session:
        logged.verify_logged(session, instruction_id=InstructionId(instruction_id), by=by, now=at.now())


def void(at: House, instruction_id: UUID, why: str, by: Staff) -> None:
    """What was written down wrongly is struck, stays to be seen, and is written anew."""
    with at.db.work() as session:
        logged.void_logged(
            session, instruction_id=InstructionId(instruction_id), why=why, by=by, now=at.now()
        )


def try_again(at: House, instruction_id: UUID, by: Staff) -> None:
    """A failed or returned payment is sent anew."""
    with at.db.work(wake=True) as session:
        actions.try_again(session, instruction_id=InstructionId(instruction_id), by=by, now=at.now())


def pay_otherwise(at: House, instruction_id: UUID, why: str, by: Staff) -> None:
    """Outside Stripe, and written down. Never while an attempt may still pay."""
    with at.db.work() as session:
        actions.pay_otherwise(
            session, instruction_id=InstructionId(instruction_id), why=why, by=by, now=at.now()
        )


def withdraw(at: House, instruction_id: UUID, by: Staff) -> None:
    """Not paid at all; what was set aside for it is free again."""
    with at.db.work() as session:
        actions.withdraw(session, instruction_id=InstructionId(instruction_id), by=by, now=at.now())


def assign_charge(at: House, instruction_id: UUID, charge: str, by: Staff) -> None:
    """Of two bookings of one price: this charge on the trip's card is this one's payment."""
    with at.db.work(wake=True) as session:
        cards.assign(
            session, charge_id=charge, instruction_id=InstructionId(instruction_id), by=by, now=at.now()
        )


def cancel(at: House, instruction_id: UUID, why: str, by: Staff) -> None:
    """Stopped at Stripe, if Stripe still can."""
    canceling.cancel(
        at.db, at.gateway, instruction_id=InstructionId(instruction_id), why=why, by=by, clock=at.now
    )


def approve_anew(at: House, instruction_id: UUID, by: Staff) -> str:
    """One of the two who say that it is paid at the payee's new bank account; returns the state."""
    with at.db.work(wake=True) as session:
        return reapproving.approve(session, instruction_id=InstructionId(instruction_id), by=by, now=at.now())


def declare_unsent(at: House, instruction_id: UUID, why: str, by: Staff) -> None:
    """The person has looked at Stripe: nothing went out."""
    with at.db.work() as session:
        unsent.declare_newest_unsent(
            session, instruction_id=InstructionId(instruction_id), why=why, by=by, now=at.now()
        )
