"""What a request has cost in money, line by line, where each cost lies now, and how old it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.allocation import queries as plans
from reunify.allocation.queries import PlanLine
from reunify.approval import queries as approval
from reunify.closeout import policy
from reunify.closeout.records import CostRecoveryRecord, CostTransferRecord
from reunify.funds import queries as funds
from reunify.funds.queries import Fund
from reunify.ledger import queries as books
from reunify.ledger.policy import Account, BudgetCategory, Hold, Kind, Unit
from reunify.ledger.queries import Line


@dataclass(frozen=True, slots=True)
class Spent:
    """One award line in money. `number`: which of the request's lines, as the split shows it.

    `posted_on`: the accounting day of the oldest payment of it that still stands, from which the clock of a
    transfer runs. `incurred_on`: the cost's own day, when it was obligated. `paid_on`: the day its first
    payment took place. `holds`: where its cost may lie, its own hold first.
    """

    line: PlanLine
    number: int
    holds: tuple[UUID, ...]
    posted_on: date
    incurred_on: date
    paid_on: date


@dataclass(frozen=True, slots=True)
class Cost:
    """So much of a line's cost lies on this hold, in cents. `asked`: of it, waiting to be moved."""

    of: Spent
    hold_id: UUID
    fund: Fund
    budget_category: BudgetCategory
    cents: int
    asked: int

    @property
    def free(self) -> int:
        return max(0, self.cents - self.asked)


def spent(session: Session, request_id: UUID) -> list[Spent]:
    """The paid lines of the request's released award, in the order of the split."""
    award = approval.newest_award(session, request_id)
    if award is None or award.state != "released":
        return []
    lines = plans.award_plan(session, award.allocation_id).lines
    numbers = {key: n for n, key in enumerate(dict.fromkeys(line.line_key for line in lines), start=1)}
    own = {line.hold_id: line for line in lines if line.unit == Unit.CENTS}
    holds = _holds_of(session, own)
    told = books.history(session, [hold for found in holds.values() for hold in found])
    made = []
    for hold_id, line in own.items():
        mine = [entry for entry in told if entry.hold_id in holds[hold_id]]
        posted, incurred, paid = posted_on(mine), incurred_on(mine), paid_on(mine)
        if posted is not None and incurred is not None and paid is not None:
            made.append(Spent(line, numbers[line.line_key], holds[hold_id], posted, incurred, paid))
    return made


def costs(session: Session, lines: Sequence[Spent]) -> list[Cost]:
    """Where these lines' costs lie now, nothing that came back."""
    held = books.holds(session, [hold for line in lines for hold in line.holds])
    sources = {fund.id: fund for fund in funds.funds_of(session, {h.fund_id for h in held.values()})}
    asked = _asked(session, held)
    return [
        _cost(line, held[hold], sources[held[hold].fund_id], asked.get(hold, 0))
        for line in lines
        for hold in line.holds
        if held[hold].expended
    ]


def cost_on(session: Session, request_id: UUID, hold_id: UUID) -> Cost:
    """Raises NoSuchCost."""
    for cost in costs(session, spent(session, request_id)):
        if cost.hold_id == hold_id:
            return cost
    raise policy.NoSuchCost("Nothing of this request is spent there: look at its costs again.")


def line_called(session: Session, request_id: UUID, line_id: UUID) -> Spent:
    """Raises NoSuchCost."""
    for line in spent(session, request_id):
        if line.line.id == line_id:
            return line
    raise policy.NoSuchCost("Nothing of this line is spent: look at the request's costs again.")


def waiting_recoveries(session: Session, hold_id: UUID) -> int:
    """Cents written down as paid back for the line with this hold, and not verified yet."""
    r = CostRecoveryRecord
    found = session.scalar(
        sa.select(sa.func.sum(r.amount)).where(r.hold_id == hold_id, r.state == "recorded")
    )
    return int(found or 0)


def posted_on(entries: Iterable[Line]) -> date | None:
    """Of the entries of one line, wherever its cost lay: the day of the oldest posting that still stands.

    What comes back undoes the newest posting first, so that the clock is never shortened by a return. A cost
    transfer posts nothing anew: the clock runs on.
    """
    entries = list(entries)
    kinds = {entry.event_id: entry.kind for entry in entries}
    lots: list[tuple[date, int]] = []
    for entry in entries:
        kind = kinds.get(entry.corrects, entry.kind) if entry.corrects else entry.kind
        if entry.account != Account.EXPENDED or kind == Kind.COST_TRANSFER:
            continue
        if entry.amount > 0:
            lots.append((entry.day, entry.amount))
            continue
        left = -entry.amount
        while left and lots:
            day, cents = lots.pop()
            if cents > left:
                lots.append((day, cents - left))
            left = max(0, left - cents)
    return min((day for day, _ in lots), default=None)


def incurred_on(entries: Iterable[Line]) -> date | None:
    """The day the cost was obligated (2 CFR 200.1): the newest, where it was obligated anew."""
    days = [e.happened_on for e in entries if e.kind == Kind.OBLIGATE and e.account == Account.OBLIGATED]
    return max(days, default=None)


def paid_on(entries: Iterable[Line]) -> date | None:
    """The day the first payment took place that was not reversed, whatever came back of it since."""
    entries = list(entries)
    undone = {e.corrects for e in entries}
    days = [
        e.happened_on
        for e in entries
        if e.kind == Kind.EXPEND and e.account == Account.EXPENDED and e.event_id not in undone
    ]
    return min(days, default=None)


def _cost(line: Spent, hold: Hold, fund: Fund, asked: int) -> Cost:
    return Cost(line, hold.id, fund, hold.budget_category, hold.expended, asked)


def _holds_of(session: Session, own: Iterable[UUID]) -> dict[UUID, tuple[UUID, ...]]:
    """Each line's hold, and those its cost was moved to, directly or on from there; reversed moves apart."""
    found = {hold: [hold] for hold in own}
    moves = books.moved(session, list(found))
    came_from = {move.to_hold: move.from_hold for move in moves}
    for move in reversed(moves):  # the oldest first
        line = move.from_hold
        while line not in found:
            line = came_from[line]
        found[line].append(move.to_hold)
    return {line: tuple(holds) for line, holds in found.items()}


def _asked(session: Session, hold_ids: Iterable[UUID]) -> dict[UUID, int]:
    t = CostTransferRecord
    rows = session.execute(
        sa.select(t.from_hold, sa.func.sum(t.amount))
        .where(t.from_hold.in_(list(hold_ids)), t.state == "asked")
        .group_by(t.from_hold)
    )
    return {hold: int(cents) for hold, cents in rows}
