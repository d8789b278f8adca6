"""What we show of funding sources and what is left in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.funds.policy import FundKind
from reunify.funds.records import FundingSource, FundLimit
from reunify.kernel.ids import FundId
from reunify.ledger import queries as ledger
from reunify.ledger.policy import BudgetCategory, Scope, Unit


@dataclass(frozen=True, slots=True)
class Fund:
    """`public_name` is the only name a family or a stranger reads."""

    id: FundId
    code: str
    name: str
    public_name: str
    kind: FundKind
    unit: Unit
    award_number: str | None
    assistance_listing: str | None
    period_start: date
    period_end: date | None
    organisation_set: bool
    state: str


@dataclass(frozen=True, slots=True)
class FundBalance:
    """One budget category of a held source: whole cents or units, as `fund.unit` says."""

    fund: Fund
    budget_category: BudgetCategory
    authorized: int
    available: int
    reserved: int
    obligated: int
    expended: int


def as_fund(r: FundingSource) -> Fund:
    return Fund(
        FundId(r.id),
        r.code,
        r.name,
        r.public_name,
        FundKind(r.kind),
        Unit(r.unit),
        r.award_number,
        r.assistance_listing,
        r.period_start,
        r.period_end,
        r.organisation_set,
        r.state,
    )


def all_funds(session: Session) -> list[Fund]:
    """Held, asked and elsewhere, in the order of their codes."""
    rows = session.scalars(sa.select(FundingSource).order_by(FundingSource.code))
    return [as_fund(r) for r in rows]


def held_balances(session: Session) -> list[FundBalance]:
    """Every budget category of every held source, frozen and closed ones too, in the order of codes."""
    funds = {fund.id: fund for fund in all_funds(session)}
    found = [
        FundBalance(
            funds[b.key.fund_id],
            b.key.budget_category,
            b.authorized,
            b.available,
            b.reserved,
            b.obligated,
            b.expended,
        )
        for b in ledger.balances(session)
    ]
    return sorted(found, key=lambda b: (b.fund.code, b.budget_category))


def open_held(session: Session, *, on: date) -> list[Fund]:
    """Held sources that may be charged for travel that day (2 CFR 200.403(h): within the period)."""
    return [
        f
        for f in all_funds(session)
        if f.kind is FundKind.HELD
        and f.state == "open"
        and f.period_start <= on
        and (f.period_end is None or on <= f.period_end)
    ]


def limits(session: Session, *, on: date) -> dict[FundId, dict[Scope, int]]:
    """The limit in force for each source and scope, in cents or units."""
    rows = session.execute(
        sa.select(FundLimit.fund_id, FundLimit.scope, FundLimit.at_most)
        .where(FundLimit.effective_from <= on)
        .order_by(FundLimit.effective_from, FundLimit.at)
    )
    found: dict[FundId, dict[Scope, int]] = {}
    for fund_id, scope, at_most in rows:
        found.setdefault(FundId(fund_id), {})[Scope(scope)] = at_most
    return found
