"""How an instruction moves the ledger: all of its lines under one reference, so that twice is once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.allocation import queries as plans
from reunify.bookings.queries import to_be_booked
from reunify.disbursement import policy
from reunify.disbursement.award import LineToPay
from reunify.disbursement.instructions import lock_awards
from reunify.disbursement.records import AttemptRecord, InstructionLineRecord, InstructionRecord
from reunify.funds import paying
from reunify.kernel.ids import AwardId
from reunify.kernel.may import FINANCE, may
from reunify.kernel.people import Actor, Role
from reunify.ledger import actions as ledger
from reunify.ledger import fund_queries as fund_books
from reunify.ledger import queries as balances
from reunify.ledger.coming_back import not_there
from reunify.ledger.policy import Cash, Hold
from reunify.rates.queries import organisation_now


@dataclass(frozen=True, slots=True)
class Bound:
    """So much of one hold. `at_entry`: it binds us only when the payment is written down."""

    hold: UUID
    amount: int
    at_entry: bool


_LINES = sa.select(
    InstructionLineRecord.instruction_id,
    InstructionLineRecord.hold_id,
    InstructionLineRecord.amount,
    InstructionLineRecord.binds_at_entry,
).where(InstructionLineRecord.instruction_id.in_(sa.bindparam("instructions", expanding=True)))


_OF_AWARDS = InstructionRecord.award_id.in_(sa.bindparam("awards", expanding=True))
_ALIVE = sa.select(InstructionRecord.award_id).where(_OF_AWARDS, InstructionRecord.state.not_in(policy.DONE))
_BESIDE = plans.holds_beside(
    sa.select(InstructionLineRecord.allocation_line_id)
    .join(InstructionRecord, InstructionRecord.id == InstructionLineRecord.instruction_id)
    .where(_OF_AWARDS)
)


def of_award(session: Session, lines: Iterable[LineToPay]) -> list[Bound]:
    """What the release has obligated, and what it left for the entry. Raises NotObligated."""
    to_pay = list(lines)
    held = balances.holds(session, [line.hold for line in to_pay])
    found = []
    for line in to_pay:
        hold = held.get(line.hold)
        reserved, obligated = (hold.reserved, hold.obligated) if hold else (0, 0)
        at_entry = policy.binds_at_entry(line.amount, reserved=reserved, obligated=obligated)
        found.append(Bound(line.hold, line.amount, at_entry))
    return found


def of_instructions(session: Session, instruction_ids: Collection[UUID]) -> dict[UUID, list[Bound]]:
    """What each of these pays, by hold."""
    found: dict[UUID, list[Bound]] = {one: [] for one in instruction_ids}
    for one, hold, amount, at_entry in session.execute(_LINES, {"instructions": list(found)}):
        found[one].append(Bound(hold, amount, at_entry))
    return found


def of_instruction(session: Session, instruction_id: UUID) -> list[Bound]:
    return of_instructions(session, [instruction_id])[instruction_id]


def check_obligated(bound: Iterable[Bound], held: Mapping[UUID, Hold]) -> None:
    """What will be paid is obligated (or, where the entry obligates, still held). Raises NotObligated."""
    for line in bound:
        hold = held.get(line.hold)
        reserved, obligated = (hold.reserved, hold.obligated) if hold else (0, 0)
        there = reserved + obligated if line.at_entry else 0
        policy.binds_at_entry(line.amount, reserved=there, obligated=obligated)


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def obligate_at_entry(
    session: Session,
    instruction_id: UUID,
    *,
    reference: str,
    paid_on: date | None = None,
    by: Actor,
    now: datetime,
) -> None:
    """What binds us at the entry: a payment written down, or sent by Stripe. Not twice.

    It bound us on `paid_on`, the day of a payment made elsewhere; without it, today. Raises PeriodOver.
    """
    wanted = _amounts(of_instruction(session, instruction_id), at_entry=True)
    before = _obligated(session, wanted)
    amounts = {hold: amount - before[hold] for hold, amount in wanted.items() if amount > before[hold]}
    if amounts:
        paying.check_may_obligate(session, amounts, now=now, bound_on=paid_on)
        ledger.obligate(session, external_ref=reference, amounts=amounts, by=by, now=now)


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def undo_entry(session: Session, instruction_id: UUID, *, reference: str, by: Actor, now: datetime) -> None:
    amounts = _amounts(of_instruction(session, instruction_id), at_entry=True)
    if amounts:
        ledger.unobligate(session, external_ref=reference, amounts=amounts, by=by, now=now)


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def spend(
    session: Session,
    instruction_id: UUID,
    *,
    reference: str,
    cash: Cash,
    happened: date | datetime | None,
    lines: Iterable[Bound] | None = None,
    by: Actor,
    now: datetime,
) -> None:
    """Paid from our account at Stripe, or from the organisation's own bank; units never touch cash.

    `happened`: the day, or the moment, the money left; None where nobody said: today. `lines`: where they
    were read with those of others.
    """
    lines = of_instruction(session, instruction_id) if lines is None else lines
    ledger.expend(
        session,
        external_ref=reference,
        amounts=_amounts(lines),
        cash=cash,
        happened_on=_day(session, happened, now),
        by=by,
        now=now,
    )


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def take_back(
    session: Session,
    instruction_id: UUID,
    *,
    reference: str,
    happened: datetime | None,
    is_decided: bool = False,
    cash: Cash = Cash.STRIPE,
    by: Actor,
    now: datetime,
) -> int:
    """It came back to `cash`: the cash is here again, and the obligation stands until a person decides.

    `is_decided`: a person has done so already, and what comes back now is available.
    `happened`: the moment it came back; None where Stripe did not say: today. What was recovered from
    elsewhere meanwhile is nobody's cost any more, so it cannot come back: returns those cents, which are
    owed to whoever paid them. Said again, it posts what can be posted since (a recovery was reversed).
    """
    amounts = _amounts(of_instruction(session, instruction_id))
    used = fund_books.posted(session, _references(reference))
    back = balances.came_back(session, used, amounts)
    left = {hold: cents - back.get(hold, 0) for hold, cents in amounts.items() if cents > back.get(hold, 0)}
    missing = not_there(session, left) if left else {}
    there = {
        hold: cents - missing.get(hold, 0) for hold, cents in left.items() if cents > missing.get(hold, 0)
    }
    if there:
        ledger.give_back(
            session,
            external_ref=next(r for r in _references(reference) if r not in used),
            amounts=there,
            pay_again=not is_decided,
            cash=cash,
            happened_on=_day(session, happened, now),
            by=by,
            now=now,
        )
    return sum(missing.values())


def _references(first: str) -> list[str]:
    """Under which one return may be posted: at once, and in parts if recoveries are reversed one by one."""
    return [first, *(f"{first}:{part}" for part in range(2, 100))]


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def release(session: Session, instruction_id: UUID, *, reference: str, by: Actor, now: datetime) -> None:
    """Nothing will be paid: what was obligated or reserved for it is available again.

    What came back to the fund that a cost was moved to, or was recovered, is available there already.
    """
    lines = of_instruction(session, instruction_id)
    at_entry = _amounts(lines, at_entry=True)
    bound = _obligated(session, at_entry)
    gone = gone_elsewhere(session, instruction_id)
    kept = {hold: cents - gone.get(hold, 0) for hold, cents in _amounts(lines, at_entry=False).items()}
    obligated = {hold: amount for hold, amount in (kept | bound).items() if amount}
    if obligated:
        ledger.fail(session, external_ref=reference, amounts=obligated, by=by, now=now)
    owed = {hold: amount - bound[hold] - gone.get(hold, 0) for hold, amount in at_entry.items()}
    reserved = {hold: amount for hold, amount in owed.items() if amount > 0}
    if reserved:
        ledger.unreserve(session, external_ref=f"{reference}:reserved", amounts=reserved, by=by, now=now)


def gone_elsewhere(session: Session, instruction_id: UUID) -> dict[UUID, int]:
    """By hold, of a payment that Stripe returned: the cents that are not obligated for it again. The cost had
    been moved to another fund, and they went there; or it had been recovered from elsewhere."""
    a = AttemptRecord
    newest = session.execute(
        sa.select(a.stripe_id, a.state)
        .where(a.instruction_id == instruction_id)
        .order_by(a.number.desc())
        .limit(1)
    ).first()
    if newest is None or newest.state != "returned":
        return {}
    amounts = _amounts(of_instruction(session, instruction_id))
    again = balances.obligated_again(session, _references(f"{newest.stripe_id}:returned"), amounts)
    return {hold: cents - again[hold] for hold, cents in amounts.items() if cents > again[hold]}


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def free_rest(session: Session, ended: InstructionRecord, *, by: Actor, now: datetime) -> None:
    """What lies between quote and ceiling is free again once nothing of the award is still to be paid.

    A line that binds us only at the entry needs its reservation until then, so nothing is freed earlier; what
    somebody still books keeps its own, until it is ticketed or cancelled.
    """
    free_rests(session, [ended], by=by, now=now)


@may(*FINANCE, Role.CASE_MANAGER, system=True)
def free_rests(session: Session, ended: Iterable[InstructionRecord], *, by: Actor, now: datetime) -> None:
    """The same of the awards of several."""
    session.flush()
    last = {one.award_id: one.id for one in ended}
    lock_awards(session, last)  # of two that end together, the later one sees both
    over = set(last) - set(session.scalars(_ALIVE, {"awards": list(last)}))
    if not _reserved(session, over):
        return
    for award_id in sorted(over):
        rest = _reserved(session, [award_id])
        if rest:
            for kept in to_be_booked(session, AwardId(award_id)):
                rest.pop(kept, None)
        if rest:
            reference = f"rest:{award_id}:{last[award_id]}"
            ledger.unreserve(session, external_ref=reference, amounts=rest, by=by, now=now)


def _reserved(session: Session, award_ids: Collection[UUID]) -> dict[UUID, int]:
    """What is reserved beside what these awards have paid, by hold."""
    beside = session.scalars(_BESIDE, {"awards": list(award_ids)}).all() if award_ids else []
    return {hold.id: hold.reserved for hold in balances.holds(session, beside).values() if hold.reserved}


def _day(session: Session, happened: date | datetime | None, now: datetime) -> date | None:
    """On the organisation's clock, and never after today: another clock may be ahead of ours."""
    if happened is None:
        return None
    zone = organisation_now(session, now=now).zone
    day = happened.astimezone(zone).date() if isinstance(happened, datetime) else happened
    return min(day, now.astimezone(zone).date())


def _obligated(session: Session, wanted: dict[UUID, int]) -> dict[UUID, int]:
    """How much of each amount an earlier entry has obligated."""
    held = balances.holds(session, wanted.keys())
    return {hold: min(amount, held[hold].obligated) for hold, amount in wanted.items()}


def _amounts(lines: Iterable[Bound], *, at_entry: bool | None = None) -> dict[UUID, int]:
    amounts: Counter[UUID] = Counter()
    for line in lines:
        if at_entry is None or line.at_entry is at_entry:
            amounts[line.hold] += line.amount
    return dict(amounts)
