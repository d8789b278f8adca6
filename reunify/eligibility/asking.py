"""What a request may draw on of money its funders granted, and what they have not decided yet.

Nothing is unsealed here: the split, the lists and the cost transfers need ids, days and amounts only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from reunify.eligibility.asking_policy import (
    BY_PEOPLE,
    AskedLine,
    Grant,
    PendingAsk,
    cap_scope_id,
)
from reunify.eligibility.asking_records import (
    FunderAsk,
    FunderAskLine,
    FunderDecision,
    FunderDecisionAmount,
)
from reunify.kernel.ids import FundId
from reunify.ledger.caps import Cap, CapKey, caps_of
from reunify.ledger.policy import BudgetCategory, Scope, Unit

__all__ = ["Grant", "PendingAsk", "Standing", "cap_key", "granted", "pending", "sources_asked", "standing"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Of one request: what was granted, by fund code, and what is asked and open."""

    grants: dict[str, Grant] = field(default_factory=dict)
    pending: tuple[PendingAsk, ...] = ()


NOTHING_ASKED: Final = Standing()


@dataclass(frozen=True, slots=True)
class _InForce:
    """What is in force of one ask. `id`, its day, its paper and when it was kept are those of the newest
    decision by people: what a flow gave up since is no word of the funder."""

    id: UUID
    ask_id: UUID
    decided_on: date
    evidence_id: UUID | None
    recorded_at: datetime
    amounts: dict[BudgetCategory, int]


def granted(session: Session, request_id: UUID, on: date) -> dict[str, Grant]:
    """What each funder granted this request by that day, by fund code, with what is used of it."""
    return standing(session, request_id, on).grants


def pending(session: Session, request_id: UUID) -> tuple[PendingAsk, ...]:
    """What was asked of a funder and is not decided yet, the longest asked first."""
    return tuple(_pending(row, lines) for row, lines in _asks(session, request_id) if row.state == "open")


def sources_asked(session: Session, request_id: UUID) -> frozenset[str]:
    """The sources whose funder was asked for this request, whatever came of it."""
    rows = session.scalars(sa.select(FunderAsk.source).where(FunderAsk.request_id == request_id))
    return frozenset(rows)


def standing(session: Session, request_id: UUID, on: date) -> Standing:
    """Both, in one statement while nothing is decided, else in three."""
    asks = _asks(session, request_id)
    decided = _in_force(session, request_id) if any(row.state != "open" for row, _ in asks) else []
    decided = [one for one in decided if one.decided_on <= on and one.amounts]
    keys = {
        (row.source, category): cap_key(FundId(row.fund_id), Unit(row.unit), request_id, category)
        for row, _ in asks
        for one in decided
        if one.ask_id == row.id
        for category in one.amounts
    }
    caps = caps_of(session, keys.values())
    grants = {
        source: _grant(source, asks, decided, keys, caps)
        for source in sorted({row.source for row, _ in asks})
        if any(source == of for of, _ in keys)
    }
    open_asks = tuple(_pending(row, lines) for row, lines in asks if row.state == "open")
    return Standing(grants, open_asks)


def cap_key(fund_id: FundId, unit: Unit, request_id: UUID, category: BudgetCategory) -> CapKey:
    """The ledger's counter of what this request draws of that fund in one budget category."""
    return CapKey(fund_id, Scope.CATEGORY, cap_scope_id(request_id, category), unit)


def _asks(session: Session, request_id: UUID) -> list[tuple[Any, tuple[AskedLine, ...]]]:
    a, line = FunderAsk, FunderAskLine
    rows = session.execute(
        sa.select(
            a.id,
            a.source,
            a.fund_id,
            a.unit,
            a.asked_on,
            a.answer_due,
            a.departs_on,
            a.state,
            line.line_key,
            line.budget_category,
            line.amount,
        )
        .join(line, line.ask_id == a.id)
        .where(a.request_id == request_id)
        .order_by(a.asked_on, a.recorded_at, a.id, line.line_key)
    ).all()
    found: dict[UUID, tuple[Any, list[AskedLine]]] = {}
    for row in rows:
        _, lines = found.setdefault(row.id, (row, []))
        lines.append(AskedLine(row.line_key, BudgetCategory(row.budget_category), row.amount))
    return [(row, tuple(lines)) for row, lines in found.values()]


def _in_force(session: Session, request_id: UUID) -> list[_InForce]:
    d, said, any_of = aliased(FunderDecision), aliased(FunderDecision), FunderDecision
    amount = FunderDecisionAmount
    newest = (
        sa.select(sa.func.max(any_of.number))
        .where(
            any_of.ask_id == d.ask_id,
            any_of.state.in_(("in_force", "superseded")),
            any_of.decided.in_(BY_PEOPLE),
        )
        .correlate(d)
        .scalar_subquery()
    )
    rows = session.execute(
        sa.select(
            said.id,
            said.ask_id,
            said.decided_on,
            said.evidence_id,
            said.recorded_at,
            amount.budget_category,
            amount.amount,
        )
        .select_from(d)
        .join(said, sa.and_(said.ask_id == d.ask_id, said.number == newest))
        .join(amount, amount.decision_id == d.id)
        .where(d.request_id == request_id, d.state == "in_force")
        .order_by(said.recorded_at, said.id)
    )
    found: dict[UUID, _InForce] = {}
    for row in rows:
        one = found.setdefault(
            row.id, _InForce(row.id, row.ask_id, row.decided_on, row.evidence_id, row.recorded_at, {})
        )
        one.amounts[BudgetCategory(row.budget_category)] = row.amount
    return list(found.values())


def _grant(
    source: str,
    asks: Sequence[tuple[Any, tuple[AskedLine, ...]]],
    decided: Sequence[_InForce],
    keys: dict[tuple[str, BudgetCategory], CapKey],
    caps: dict[CapKey, Cap],
) -> Grant:
    """Over all asks of one fund: a second one asks for more, it does not take the first one's place."""
    lines_of = {row.id: lines for row, lines in asks if row.source == source}
    mine = [one for one in decided if one.ask_id in lines_of]
    by_category: dict[BudgetCategory, int] = {}
    for one in mine:
        for category, amount in one.amounts.items():
            by_category[category] = by_category.get(category, 0) + amount
    counters = {c: caps[keys[source, c]] for c in by_category if keys[source, c] in caps}
    newest = max(mine, key=lambda one: (one.decided_on, one.recorded_at, one.id))
    return Grant(
        fund_id=keys[source, next(iter(by_category))].fund_id,
        by_category=by_category,
        decided_on=newest.decided_on,
        document=newest.evidence_id,
        decision_id=newest.id,
        lines=frozenset(line.line_key for one in mine for line in lines_of[one.ask_id]),
        used={c: counter.used for c, counter in counters.items()},
        caps={c: counter.id for c, counter in counters.items()},
    )


def _pending(row: Any, lines: tuple[AskedLine, ...]) -> PendingAsk:
    return PendingAsk(
        row.id, row.source, FundId(row.fund_id), row.asked_on, row.answer_due, row.departs_on, lines
    )
