"""Bridging: our own unrestricted money pays what a funder has not decided yet, and what it may hand on later.

Read by whoever transfers costs; nothing is moved here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.allocation.records import AllocationLineRecord, AllocationRecord
from reunify.allocation.split import Split
from reunify.eligibility import asking
from reunify.eligibility.asking_policy import Grant, PendingAsk, awaiting, cover
from reunify.funds import queries as funds
from reunify.funds.queries import Fund
from reunify.kernel.ids import FundId, LineId
from reunify.ledger import queries as books
from reunify.ledger.policy import BudgetCategory, Hold, Unit


@dataclass(frozen=True, slots=True)
class Bridged:
    """One line that unrestricted money bears and a decision covers, in cents.

    `movable` is expended and may be moved now; `obligated` may be once it is paid. `caps` are the counters a
    transfer names, so that it never takes more than was granted to this very request. `decision_id` and
    `decided_on`: the newest decision in force, from which the clock of a transfer runs.
    """

    line_id: LineId
    line_key: str
    hold_id: UUID
    from_fund: FundId
    from_code: str
    to_fund: FundId
    to_code: str
    budget_category: BudgetCategory
    obligated: int
    movable: int
    caps: tuple[UUID, ...]
    decision_id: UUID
    decided_on: date


def waiting_for_funders(
    split: Split, held: Mapping[str, Fund], pending: Sequence[PendingAsk]
) -> dict[str, Any]:
    """For the certificate: `awaiting_funder`, the lines unrestricted money pays while a funder decides."""
    codes = {fund.id: fund.code for fund in held.values()}
    ours = {fund.code for fund in held.values() if fund.organisation_set}
    pieces = [(p.line, codes[FundId(p.fund)], p.amount) for p in split.pieces if p.unit == Unit.CENTS]
    found = awaiting(pieces, pending, ours)
    return {"awaiting_funder": found} if found else {}


def bridged(session: Session, request_id: UUID, on: date) -> tuple[Bridged, ...]:
    """In the order of the lines; empty where nothing was granted, or nothing is left of the grant."""
    grants = asking.granted(session, request_id, on)
    spent = _spent(session, request_id) if grants else []
    found: list[Bridged] = []
    taken: dict[UUID, int] = {}  # two funders may cover one line: what one takes is not offered to the other
    for code, grant in sorted(grants.items()):
        found += _covered(code, grant, spent, taken)
    return tuple(sorted(found, key=lambda b: (b.line_key, b.to_code)))


def _covered(
    code: str,
    grant: Grant,
    spent: list[tuple[AllocationLineRecord, Hold, Fund]],
    taken: dict[UUID, int],
) -> list[Bridged]:
    offered = [
        (
            line.line_key,
            hold.budget_category,
            max(0, hold.obligated - max(0, taken.get(hold.id, 0) - hold.expended)),
            max(0, hold.expended - taken.get(hold.id, 0)),
        )
        for line, hold, _ in spent
    ]
    found = []
    for (line, hold, fund), (obligated, movable) in zip(spent, cover(offered, grant), strict=True):
        if obligated or movable:
            taken[hold.id] = taken.get(hold.id, 0) + obligated + movable
            found.append(_bridged(code, grant, line, hold, fund, obligated, movable))
    return found


def _bridged(
    code: str,
    grant: Grant,
    line: AllocationLineRecord,
    hold: Hold,
    fund: Fund,
    obligated: int,
    movable: int,
) -> Bridged:
    cap = grant.caps.get(hold.budget_category)
    return Bridged(
        line_id=LineId(line.id),
        line_key=line.line_key,
        hold_id=hold.id,
        from_fund=fund.id,
        from_code=fund.code,
        to_fund=grant.fund_id,
        to_code=code,
        budget_category=hold.budget_category,
        obligated=obligated,
        movable=movable,
        caps=(cap,) if cap is not None else (),
        decision_id=grant.decision_id,
        decided_on=grant.decided_on,
    )


def _spent(session: Session, request_id: UUID) -> list[tuple[AllocationLineRecord, Hold, Fund]]:
    """Every line in cents that money the organisation sets its own rules for has been bound or spent on."""
    line = AllocationLineRecord
    rows = session.scalars(
        sa.select(line)
        .join(AllocationRecord, AllocationRecord.id == line.allocation_id)
        .where(AllocationRecord.request_id == request_id, line.unit == Unit.CENTS.value)
        .order_by(line.line_key, line.id)
    ).all()
    holds = books.holds(session, [row.hold_id for row in rows])
    ours = {fund.id: fund for fund in funds.all_funds(session) if fund.organisation_set}
    return [
        (row, holds[row.hold_id], ours[FundId(row.fund_id)])
        for row in rows
        if row.fund_id in ours and holds[row.hold_id].obligated + holds[row.hold_id].expended
    ]
