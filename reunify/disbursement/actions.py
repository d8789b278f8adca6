"""From a released award to payment instructions, and what people decide about them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.disbursement import booked, books, policy
from reunify.disbursement.award import AwardToPay, LineToPay
from reunify.disbursement.instructions import first_move, lock_award, locked_instruction, move_instruction
from reunify.disbursement.records import AttemptRecord, InstructionLineRecord, InstructionRecord
from reunify.kernel.ids import InstructionId, PayeeId, new_id
from reunify.kernel.may import FINANCE, may
from reunify.kernel.moves import START
from reunify.kernel.people import Actor
from reunify.kernel.refusals import Refused
from reunify.payees import agreement
from reunify.payees import queries as payees
from reunify.payees.policy import Rail, rail_for
from reunify.payees.queries import Payee

_Way = tuple[UUID, Rail, str, str]  # to whom, how and why, in which unit
MONEY = "cents"
NO_LONGER_AGREED = "The payee's consent to be paid through Stripe does not stand."
MOVED_BY_A_PERSON = "A finance person decided to pay this outside Stripe."


class NothingToPay(Refused):
    """The award has no line, or a line without an amount."""


@may(system=True)
def instruct(
    session: Session,
    *,
    award: AwardToPay,
    rail_on: bool,
    card_on: bool = False,
    by: Actor,
    now: datetime,
) -> list[InstructionId]:
    """One instruction for each payee, rail and unit of a released award, or of one ticket of it; saying it
    twice adds nothing.

    Raises NothingToPay, and the ledger's refusal when a released line is not obligated in full.
    """
    if not award.lines or any(line.amount <= 0 for line in award.lines):
        raise NothingToPay("An award without amounts cannot be paid.")
    lock_award(session, award.award)
    before = _instructed(session, award)
    ways = [
        (way, lines, before.get(lines[0].allocation_line))
        for way, lines in _by_destination(session, award.lines, rail_on=rail_on, card_on=card_on, now=now)
    ]
    new = [(_record(award, way, lines, now), lines) for way, lines, there in ways if there is None]
    bound = {b.hold: b for b in books.of_award(session, [line for _, lines in new for line in lines])}
    session.add_all(record for record, _ in new)
    session.flush()
    for record, lines in new:
        session.add_all(_line(record.id, line, bound[line.hold].at_entry) for line in lines)
        audit.record(
            session,
            by=by,
            at=now,
            subject="instruction",
            subject_id=record.id,
            moved=first_move(Rail(record.rail)),
            detail={
                "award": str(award.award),
                "rail": record.rail,
                "unit": record.unit,
                "amount": record.amount,
            },
        )
    session.flush()
    made = iter(record.id for record, _ in new)
    return [InstructionId(next(made) if there is None else there) for _, _, there in ways]


def wait_for_payee(session: Session, *, instruction_id: InstructionId, trouble: str, now: datetime) -> None:
    """Stripe cannot pay them yet, or not at all (`rail_policy.lacks`): look again later, and show why."""
    record = locked_instruction(session, instruction_id)
    if record.state != "ready":
        return
    record.trouble = trouble
    record.try_after = now + policy.ASK_FOR_BANK_DETAILS_EVERY


@may(system=True)
def refuse_recipient(
    session: Session, *, instruction_id: InstructionId, why: str, by: Actor, now: datetime
) -> None:
    """Stripe will not take this payee, or may not be told of them: a finance person decides how to pay.

    Another worker may have sent it meanwhile, or a person decided: then this is old news and changes nothing.
    """
    record = locked_instruction(session, instruction_id)
    if record.state == "ready":
        move_instruction(session, record, "fail", by=by, now=now, trouble=why)


@may(system=True)
def fall_back(
    session: Session, *, instruction_id: InstructionId, ended: str, by: Actor, now: datetime
) -> None:
    """The payee's consent does not stand: nothing goes to Stripe, and it is paid and logged another way.

    `ended`: what became of the consent, in words. An attempt that may still pay is never overtaken: only a
    `ready` instruction has none.
    """
    record = locked_instruction(session, instruction_id)
    if record.state != "ready":
        return
    move_instruction(session, record, "miss_consent", by=by, now=now, trouble=None)
    record.rail = Rail.LOGGED.value
    record.moved_from_payout = True
    record.rail_reason = f"{NO_LONGER_AGREED} {ended}".strip()


@may(*FINANCE)
def try_again(session: Session, *, instruction_id: InstructionId, by: Actor, now: datetime) -> None:
    """A person decides that a failed payment is sent anew: the next attempt gets the next number.

    Raises NotAllowed, MayStillBePaid, WrongState, CostMovedAway.
    """
    record = _to_decide(session, instruction_id, "try_again", by=by)
    policy.check_not_moved_away(books.gone_elsewhere(session, record.id))
    move_instruction(session, record, "try_again", by=by, now=now, trouble=None)
    record.try_after = now


@may(*FINANCE)
def pay_otherwise(
    session: Session, *, instruction_id: InstructionId, why: str, by: Actor, now: datetime
) -> None:
    """A person decides that this is paid outside Stripe and logged. Never while an attempt may still pay.

    Their words are kept sealed, in the audit row. Raises NotAllowed, NoWhy, MayStillBePaid, WrongState,
    CostMovedAway.
    """
    record = _to_decide(session, instruction_id, "pay_otherwise", by=by)
    policy.check_not_moved_away(books.gone_elsewhere(session, record.id))
    said = policy.check_why(why)
    move_instruction(session, record, "pay_otherwise", by=by, now=now, trouble=None, why=said)
    record.rail = Rail.LOGGED.value
    record.moved_from_payout = True
    record.rail_reason = MOVED_BY_A_PERSON


@may(*FINANCE)
def withdraw(session: Session, *, instruction_id: InstructionId, by: Actor, now: datetime) -> None:
    """A person decides that this is not paid at all: what was obligated is free again.

    Raises NotAllowed, MayStillBePaid, WrongState, SeatStands.
    """
    record = _to_decide(session, instruction_id, "withdraw", by=by)
    booked.check_nothing_stands(session, record)
    move_instruction(session, record, "withdraw", by=by, now=now, trouble=None)
    books.release(session, record.id, reference=f"{record.id}:withdrawn", by=by, now=now)
    books.free_rest(session, record, by=by, now=now)


def _to_decide(session: Session, instruction_id: UUID, verb: str, *, by: Actor) -> InstructionRecord:
    """Locked, by a finance person, in a state that allows it, and no attempt of it may still pay."""
    policy.check_decider(by)
    record = locked_instruction(session, instruction_id)
    tried = sa.select(AttemptRecord.state).where(AttemptRecord.instruction_id == record.id)
    policy.INSTRUCTION.check(record.state, verb)
    policy.check_nothing_flying(session.scalars(tried).all())
    return record


def postpone(session: Session, *, instruction_id: InstructionId, trouble: str | None, now: datetime) -> None:
    """Leave a `ready` instruction alone for a while; with a trouble code a person is asked to look."""
    record = locked_instruction(session, instruction_id)
    if record.state == "ready":
        record.trouble = trouble
        record.try_after = now + (policy.ASK_FOR_BANK_DETAILS_EVERY if trouble else policy.LOOK_AGAIN_AFTER)


def _by_destination(
    session: Session, lines: Iterable[LineToPay], *, rail_on: bool, card_on: bool, now: datetime
) -> list[tuple[_Way, list[LineToPay]]]:
    """Lines that go the same way together, in a fixed order.

    A payee's consent is asked once, however many lines: nobody takes it back until the transaction ends.
    """
    asked: dict[PayeeId, tuple[Payee, bool]] = {}
    chosen = []
    for line in lines:
        if line.payee not in asked:
            payee_now = payees.payee(session, line.payee)
            asked[line.payee] = payee_now, rail_on and agreement.agreed(session, payee_now, now=now)
        payee_now, stands = asked[line.payee]
        choice = rail_for(
            payee_now,
            line.settlement,
            rail_on,
            agreed=stands,
            paid_with=line.paid_with,
            card_on=card_on,
        )
        if line.unit != MONEY and choice.rail is Rail.GLOBAL_PAYOUT:
            raise NothingToPay("Only money can be sent by payout.")
        chosen.append(((line.payee, choice.rail, choice.reason, line.unit), line))
    chosen.sort(
        key=lambda pair: (str(pair[0][0]), pair[0][1].value, pair[0][3], str(pair[1].allocation_line))
    )
    grouped = groupby(chosen, key=lambda pair: (pair[0][0], pair[0][1], pair[0][3]))
    result = []
    for (payee, rail, unit), pairs in grouped:
        together = list(pairs)
        result.append(((payee, rail, together[0][0][2], unit), [line for _, line in together]))
    return result


def _instructed(session: Session, award: AwardToPay) -> dict[UUID, UUID]:
    """The instruction each line of the award, or of the ticket, already belongs to, whatever has become of it
    since. A line ticketed anew is paid anew."""
    line, ticket = InstructionLineRecord, award.ticket
    rows = session.execute(
        sa.select(line.allocation_line_id, line.instruction_id)
        .join(InstructionRecord, InstructionRecord.id == line.instruction_id)
        .where(
            InstructionRecord.award_id == award.award,
            InstructionRecord.booking_id == (ticket.booking if ticket else None),
            InstructionRecord.booking_ticket == (ticket.number if ticket else None),
        )
    )
    return {row.allocation_line_id: row.instruction_id for row in rows}


def _record(award: AwardToPay, way: _Way, lines: list[LineToPay], now: datetime) -> InstructionRecord:
    payee, rail, reason, unit = way
    return InstructionRecord(
        id=new_id(),
        award_id=award.award,
        award_digest=award.digest,
        booking_id=award.ticket.booking if award.ticket else None,
        booking_ticket=award.ticket.number if award.ticket else None,
        payee_id=payee,
        rail=rail.value,
        rail_reason=reason,
        unit=unit,
        amount=sum(line.amount for line in lines),
        moved_from_payout=False,
        state=policy.INSTRUCTION.check(START, first_move(rail)).target,
        try_after=now,
        created_at=now,
    )


def _line(instruction_id: UUID, line: LineToPay, at_entry: bool) -> InstructionLineRecord:
    return InstructionLineRecord(
        instruction_id=instruction_id,
        allocation_line_id=line.allocation_line,
        fund_id=line.fund,
        budget_category=line.budget_category,
        settlement=line.settlement.value,
        hold_id=line.hold,
        amount=line.amount,
        binds_at_entry=at_entry,
    )
