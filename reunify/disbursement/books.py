"""How an instruction moves the ledger: all of its lines under one reference, so that twice is once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.allocation import queries as plans
from reunify.disbursement import policy
from reunify.disbursement.award import LineToPay
from reunify.disbursement.instructions import lock_award
from reunify.disbursement.records import InstructionLineRecord, InstructionRecord
from reunify.intake.form import Settlement
from reunify.kernel.ids import LineId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor, Role
from reunify.kernel.refusals import Refused
from reunify.ledger import actions as ledger
from reunify.ledger import queries as balances
from reunify.ledger.policy import Cash


class NotObligated(Refused):
    """The ledger does not hold this money for this payment."""


@dataclass(frozen=True, slots=True)
class Bound:
    """So much of one hold. `at_entry`: it binds us only when the payment is written down."""

    hold: UUID
    amount: int
    at_entry: bool


def of_award(lines: Iterable[LineToPay]) -> list[Bound]:
    return [Bound(li.hold, li.amount, policy.obligated_at_entry(li.settlement)) for li in lines]


def of_instruction(session: Session, instruction_id: UUID) -> list[Bound]:
    rows = session.scalars(
        sa.select(InstructionLineRecord).where(InstructionLineRecord.instruction_id == instruction_id)
    )
    return [
        Bound(row.hold_id, row.amount, policy.obligated_at_entry(Settlement(row.settlement))) for row in rows
    ]


def check_obligated(session: Session, bound: Iterable[Bound]) -> None:
    """What will be paid is obligated (or, where the entry obligates, still reserved). Raises NotObligated."""
    lines = list(bound)
    held = balances.holds(session, [line.hold for line in lines])
    for at_entry in (False, True):
        for hold_id, amount in _amounts(lines, at_entry=at_entry).items():
            hold = held.get(hold_id)
            have = 0 if hold is None else (hold.reserved if at_entry else hold.obligated)
            if have < amount:
                raise NotObligated(
                    "The ledger does not hold this money for this payment: release the award first."
                )


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def obligate_at_entry(
    session: Session, instruction_id: UUID, *, reference: str, by: Actor, now: datetime
) -> None:
    amounts = _amounts(of_instruction(session, instruction_id), at_entry=True)
    if amounts:
        ledger.obligate(session, external_ref=reference, amounts=amounts, by=by, now=now)


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def undo_entry(session: Session, instruction_id: UUID, *, reference: str, by: Actor, now: datetime) -> None:
    amounts = _amounts(of_instruction(session, instruction_id), at_entry=True)
    if amounts:
        ledger.unobligate(session, external_ref=reference, amounts=amounts, by=by, now=now)


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def spend(
    session: Session, instruction_id: UUID, *, reference: str, cash: Cash, by: Actor, now: datetime
) -> None:
    """Paid from our account at Stripe, or from the organisation's own bank; units never touch cash."""
    amounts = _amounts(of_instruction(session, instruction_id))
    ledger.expend(session, external_ref=reference, amounts=amounts, cash=cash, by=by, now=now)


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def take_back(session: Session, instruction_id: UUID, *, reference: str, by: Actor, now: datetime) -> None:
    """Stripe returned it: the cash is here again, and the obligation stands until a person decides."""
    amounts = _amounts(of_instruction(session, instruction_id))
    ledger.give_back(
        session, external_ref=reference, amounts=amounts, pay_again=True, cash=Cash.STRIPE, by=by, now=now
    )


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def release(session: Session, instruction_id: UUID, *, reference: str, by: Actor, now: datetime) -> None:
    """Nothing will be paid: what was obligated or reserved for it is available again."""
    lines = of_instruction(session, instruction_id)
    obligated = _amounts(lines, at_entry=False)
    if obligated:
        ledger.fail(session, external_ref=reference, amounts=obligated, by=by, now=now)
    reserved = _amounts(lines, at_entry=True)
    if reserved:
        ledger.unreserve(session, external_ref=f"{reference}:reserved", amounts=reserved, by=by, now=now)


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def free_rest(session: Session, ended: InstructionRecord, *, by: Actor, now: datetime) -> None:
    """What lies between quote and ceiling is free again once nothing of the award is still to be paid.

    A line that binds us only at the entry needs its reservation until then, so nothing is freed earlier.
    """
    session.flush()
    lock_award(session, ended.award_id)  # of two that end together, the later one sees both
    siblings = InstructionRecord.award_id == ended.award_id
    alive = sa.select(InstructionRecord.id).where(siblings, InstructionRecord.state.not_in(policy.DONE))
    if session.scalar(alive.limit(1)) is not None:
        return
    paid = session.scalars(
        sa.select(InstructionLineRecord.allocation_line_id)
        .join(InstructionRecord, InstructionRecord.id == InstructionLineRecord.instruction_id)
        .where(siblings)
    )
    held = balances.holds(session, plans.holds_beside(session, [LineId(line) for line in paid]))
    rest = {hold.id: hold.reserved for hold in held.values() if hold.reserved}
    if rest:
        reference = f"rest:{ended.award_id}:{ended.id}"
        ledger.unreserve(session, external_ref=reference, amounts=rest, by=by, now=now)


def _amounts(lines: Iterable[Bound], *, at_entry: bool | None = None) -> dict[UUID, int]:
    amounts: Counter[UUID] = Counter()
    for line in lines:
        if at_entry is None or line.at_entry is at_entry:
            amounts[line.hold] += line.amount
    return dict(amounts)
