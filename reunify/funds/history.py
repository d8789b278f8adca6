"""What was ever decided about one source, the newest first, and who decided it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.funds.amending import amendments_due
from reunify.funds.policy import Release
from reunify.funds.records import FundAmount, FundLimit, FundPeriod, FundTerms, FundUnitValue
from reunify.kernel.ids import FundId
from reunify.ledger.policy import BudgetCategory, Scope


@dataclass(frozen=True, slots=True)
class Amendment:
    """`state`: in_force; later (its day has not come); waits (more is in use than it leaves); replaced."""

    budget_category: BudgetCategory
    number: int
    authorized: int
    effective_from: date
    reason: str
    state: str
    set_by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PeriodSet:
    period_end: date | None
    liquidation_date: date | None
    document: str
    reason: str
    set_by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TermsSet:
    """Amounts in cents or units of the source."""

    release: Release
    tranches: int
    soonest_first: bool
    minimum_slice: int
    minimum_grant: int
    match_percent: int
    effective_from: date
    document: str
    reason: str
    set_by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class LimitSet:
    """Cents or units; of a lifetime: trips."""

    scope: Scope
    budget_category: BudgetCategory | None
    at_most: int
    effective_from: date
    in_force: bool
    set_by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ValueSet:
    cents: int
    basis: str
    effective_from: date
    set_by: str
    at: datetime


def amendments(session: Session, fund_id: FundId, *, on: date) -> list[Amendment]:
    """Of every budget category, by category."""
    a = FundAmount
    rows = session.scalars(
        sa.select(a)
        .where(a.fund_id == fund_id)
        .order_by(a.budget_category, a.effective_from.desc(), a.number.desc())
    )
    waiting = {(d.key.budget_category, d.number) for d in amendments_due(session, on=on, fund_id=fund_id)}
    found: list[Amendment] = []
    begun: set[str] = set()
    for row in rows:
        if row.effective_from > on:
            state = "later"
        elif row.budget_category in begun:
            state = "replaced"
        else:
            begun.add(row.budget_category)
            state = "waits" if (row.budget_category, row.number) in waiting else "in_force"
        found.append(
            Amendment(
                BudgetCategory(row.budget_category),
                row.number,
                row.authorized,
                row.effective_from,
                row.reason,
                state,
                row.set_by,
                row.at,
            )
        )
    return found


def periods(session: Session, fund_id: FundId) -> list[PeriodSet]:
    p = FundPeriod
    rows = session.scalars(sa.select(p).where(p.fund_id == fund_id).order_by(p.number.desc()))
    return [PeriodSet(r.period_end, r.liquidation_date, r.document, r.reason, r.set_by, r.at) for r in rows]


def terms_set(session: Session, fund_id: FundId) -> list[TermsSet]:
    t = FundTerms
    rows = session.scalars(
        sa.select(t).where(t.fund_id == fund_id).order_by(t.effective_from.desc(), t.number.desc())
    )
    return [
        TermsSet(
            Release(r.release),
            r.tranches,
            r.soonest_first,
            r.minimum_slice,
            r.minimum_grant,
            r.match_percent,
            r.effective_from,
            r.document,
            r.reason,
            r.set_by,
            r.at,
        )
        for r in rows
    ]


def limits_set(session: Session, fund_id: FundId, *, on: date) -> list[LimitSet]:
    f = FundLimit
    rows = session.scalars(
        sa.select(f).where(f.fund_id == fund_id).order_by(f.effective_from.desc(), f.at.desc())
    )
    found: list[LimitSet] = []
    begun: set[tuple[str, str]] = set()
    for r in rows:
        of = (r.scope, r.budget_category)
        holds = r.effective_from <= on and of not in begun
        if holds:
            begun.add(of)
        category = BudgetCategory(r.budget_category) if r.budget_category else None
        found.append(LimitSet(Scope(r.scope), category, r.at_most, r.effective_from, holds, r.set_by, r.at))
    return found


def values_set(session: Session, fund_id: FundId) -> list[ValueSet]:
    v = FundUnitValue
    rows = session.scalars(
        sa.select(v).where(v.fund_id == fund_id).order_by(v.effective_from.desc(), v.number.desc())
    )
    return [ValueSet(r.cents, r.basis, r.effective_from, r.set_by, r.at) for r in rows]
