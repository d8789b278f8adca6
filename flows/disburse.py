"""Pay released awards: instructions, then attempts with frozen parameters, then what came of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from flows.work import Work
from reunify import logs
from reunify.allocation import queries as plans
from reunify.allocation.queries import PlanLine
from reunify.approval import queries as awards
from reunify.bookings.policy import paid_when_ticketed
from reunify.bootstrap import House
from reunify.db import Database
from reunify.disbursement import actions, instructions, queries, rail, sending
from reunify.disbursement.award import AwardToPay, LineToPay
from reunify.disbursement.outcomes import TOO_LITTLE_MONEY
from reunify.disbursement.policy import ApprovalChanged, check_digest
from reunify.disbursement.ports import NotEnabled
from reunify.disbursement.reapproval_policy import BankChanged
from reunify.funds.policy import LiquidationOver, PeriodOver
from reunify.intake.form import Settlement
from reunify.kernel.ids import AttemptId, AwardId, InstructionId
from reunify.kernel.people import System
from reunify.kernel.refusals import Refused, Retryable
from reunify.kernel.together import by_commit, together
from reunify.payees import queries as payees
from reunify.payees.queries import Payee
from reunify.reporting import waiting

log = logs.named("worker")
BY = System("disburse")
# What a person must look at; anything else passes by itself.
_TROUBLE: dict[type[Exception], str] = {
    ApprovalChanged: "approval_changed",
    LiquidationOver: "last_day_to_pay_over",
    PeriodOver: "period_over",
    BankChanged: "bank_changed",
}


def works(house: House) -> list[Work]:
    """Instruct always; send and send again only while the Stripe rail is on."""
    found = [Work("instruct", find_awards, partial(instruct, house), acts_as=BY, verbs=(actions.instruct,))]
    if house.gateway is not None:
        found += [
            Work(
                "disburse",
                partial(find_ready, house),
                partial(disburse, house),
                acts_as=BY,
                verbs=(sending.send_together, sending.ensure_recipient, sending.send),
            ),
            Work(
                "disburse_again",
                partial(find_unsent, house),
                partial(disburse_again, house),
                acts_as=BY,
                verbs=(sending.send_again,),
            ),
        ]
    return found


def find_awards(db: Database, limit: int) -> list[UUID]:
    with db.read() as session:
        return waiting.awards_to_instruct(session, limit=limit)


def instruct(house: House, ids: list[UUID], run: str | None) -> int:
    """One instruction for each payee and rail of each released award."""
    for award_id in ids:
        with house.db.work() as session:
            award = award_to_pay(session, AwardId(award_id))
            check_digest(award.digest, house.standing_digest(session, award.award))
            rail_on = house.gateway is not None
            actions.instruct(session, award=award, rail_on=rail_on, by=BY, now=house.now())
    return len(ids)


def award_to_pay(session: Session, award_id: AwardId) -> AwardToPay:
    """The released award line by line, as quoted; what lies between quote and ceiling stays reserved.

    What the organisation books is paid when it is ticketed (`flows.bookings`).
    """
    award = awards.award(session, award_id)
    assert award.digest is not None  # released awards have one, the table says so
    paid = payees.newest(session, award.request_id)
    lines = tuple(
        line_to_pay(line, paid, line.payable)
        for line in plans.award_plan(session, award.allocation_id).lines
        if line.payable > 0 and not paid_when_ticketed(line.settlement, line.category)
    )
    return AwardToPay(award.id, award.digest, lines)


def line_to_pay(
    line: PlanLine, paid: Mapping[str, Payee], amount: int, paid_with: str | None = None
) -> LineToPay:
    """So much of one line of the split, in cents or units. `paid`: the request's payees by their keys."""
    return LineToPay(
        allocation_line=line.id,
        payee=paid[line.payee_key].id,
        fund=line.fund_id,
        budget_category=line.budget_category,
        settlement=Settlement(line.settlement),
        unit=line.unit,
        amount=amount,
        hold=line.hold_id,
        paid_with=paid_with,
    )


def find_ready(house: House, db: Database, limit: int) -> list[UUID]:
    with db.read() as session:
        if rail.is_held_up(session):
            return []
        return [i.id for i in queries.to_send(session, now=house.now(), limit=limit)]


def disburse(house: House, ids: list[UUID], run: str | None) -> int:
    """Send each ready instruction once; an unknown outcome is only ever asked again with the same key."""
    short = _short_of_money(house, ids)
    sent = [_send_or_postpone(house, one, short=True) for one in ids if one in short]
    rest = [one for one in ids if one not in short]
    sent += [_send_group(house, group) for group in by_commit(rest)]
    return sum(sent)


def _send_group(house: House, ids: Sequence[UUID]) -> int:
    """Most payments are like each other and share their commits; what is unlike them goes alone."""
    gateway = house.gateway
    assert gateway is not None
    done: set[InstructionId] = set()
    if len(ids) > 1:
        try:
            done = sending.send_together(
                house.db,
                gateway,
                instruction_ids=[InstructionId(one) for one in ids],
                standing_digest=house.standing_digest,
                by=BY,
                clock=house.now,
            )
        except (Refused, Retryable) as alone:
            log.warning("payment_waits", count=len(ids), kind=type(alone).__name__)
    left = [one for one in ids if one not in done]
    return len(done) + sum(together(partial(_send_or_postpone, house), left))


def _send_or_postpone(house: House, instruction_id: UUID, *, short: bool = False) -> int:
    """It stays where it is and is found again later; one payment never holds up the others."""
    try:
        if short and _waits_for_money(house, InstructionId(instruction_id)):
            return 0
        return _send_one(house, InstructionId(instruction_id))
    except (Refused, Retryable) as later:
        known = next((code for kind, code in _TROUBLE.items() if isinstance(later, kind)), None)
        trouble = later.code if isinstance(later, NotEnabled) else known
        with house.db.work() as session:
            actions.postpone(
                session, instruction_id=InstructionId(instruction_id), trouble=trouble, now=house.now()
            )
        log.warning("payment_waits", piece=instruction_id, kind=type(later).__name__)
        return 0


def _send_one(house: House, instruction_id: InstructionId) -> int:
    gateway = house.gateway
    assert gateway is not None
    leave = sending.ensure_recipient(house.db, gateway, instruction_id=instruction_id, by=BY, clock=house.now)
    if leave is None:
        return 0
    sending.send(
        house.db,
        gateway,
        instruction_id=instruction_id,
        standing_digest=house.standing_digest,
        leave=leave,
        by=BY,
        clock=house.now,
    )
    return 1


def _short_of_money(house: House, ids: list[UUID]) -> set[UUID]:
    """Which of these Stripe refused for want of money: they go first and one by one, the oldest first."""
    if house.statement is None:
        return set()
    with house.db.read() as session:
        return instructions.in_trouble(session, ids, TOO_LITTLE_MONEY)


def _waits_for_money(house: House, instruction_id: InstructionId) -> bool:
    """Stripe said no for want of money: it is not asked again before there is enough."""
    with house.db.read() as session:
        waiting_one = queries.instruction(session, instruction_id)
    assert house.statement is not None  # else nothing is known to be short
    if house.statement.balance().available.cents >= waiting_one.amount:
        return False
    with house.db.work() as session:
        actions.postpone(session, instruction_id=instruction_id, trouble=TOO_LITTLE_MONEY, now=house.now())
    return True


def find_unsent(house: House, db: Database, limit: int) -> list[UUID]:
    with db.read() as session:
        return [a.id for a in queries.to_resend(session, now=house.now(), limit=limit)]


def disburse_again(house: House, ids: list[UUID], run: str | None) -> int:
    """Attempts whose outcome nobody heard: the same bytes under the same key."""
    assert house.gateway is not None
    sent = 0
    for attempt_id in ids:
        try:
            sending.send_again(
                house.db, house.gateway, attempt_id=AttemptId(attempt_id), by=BY, clock=house.now
            )
            sent += 1
        except Refused as moved_on:
            # Settled, called by another worker or held back since it was found; the others go on.
            log.warning("payment_waits", piece=attempt_id, kind=type(moved_on).__name__)
    return sent
