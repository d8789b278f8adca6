"""What we show of funding sources and what is left in them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.funds import typed
from reunify.funds.policy import FundKind, NoSuchFund, OpenHold
from reunify.funds.records import (
    FundCondition,
    FundConditionLift,
    FundingSource,
    FundLimit,
    FundUnitValue,
)
from reunify.kernel.ids import FundId
from reunify.ledger import fund_queries as fund_books
from reunify.ledger import queries as ledger
from reunify.ledger.policy import BudgetCategory, Scope, Unit


@dataclass(frozen=True, slots=True)
class Fund:
    """`public_name` is the only name a family or a stranger reads.

    After `period_end` nothing new is obligated; after `liquidation_date` nothing is paid.
    """

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
    liquidation_date: date | None = None

    @property
    def federal(self) -> bool:
        """A federal award has an award number."""
        return self.award_number is not None


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


@dataclass(frozen=True, slots=True)
class Condition:
    """Unless `lifted`, nothing of this category (None: nothing at all) is charged to the source."""

    number: int
    budget_category: BudgetCategory | None
    text: str
    cite: str
    effective_from: date
    lifted: bool
    document: str | None = None
    approved_on: date | None = None

    def covers(self, budget_category: BudgetCategory) -> bool:
        """Whether it stands in the way of a cost of this category."""
        return not self.lifted and self.budget_category in (None, budget_category)


def as_fund(r: FundingSource) -> Fund:
    return Fund(
        id=FundId(r.id),
        code=r.code,
        name=r.name,
        public_name=r.public_name,
        kind=FundKind(r.kind),
        unit=Unit(r.unit),
        award_number=r.award_number,
        assistance_listing=r.assistance_listing,
        period_start=r.period_start,
        period_end=r.period_end,
        organisation_set=r.organisation_set,
        state=r.state,
        liquidation_date=r.liquidation_date,
    )


def all_funds(session: Session) -> list[Fund]:
    """Held, asked and elsewhere, in the order of their codes."""
    rows = session.scalars(sa.select(FundingSource).order_by(FundingSource.code))
    return [as_fund(r) for r in rows]


def fund_called(session: Session, code: str) -> Fund:
    """Raises NoSuchFund."""
    asked = sa.select(FundingSource).where(FundingSource.code == code)
    found = session.scalar(asked) if typed.is_code(code) else None
    if found is None:
        raise NoSuchFund("There is no funding source with this code.")
    return as_fund(found)


def funds_of(session: Session, ids: Collection[FundId] | sa.Select[UUID]) -> list[Fund]:
    """These sources, in the order of their codes."""
    rows = session.scalars(
        sa.select(FundingSource).where(FundingSource.id.in_(ids)).order_by(FundingSource.code)
    )
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


def open_held(session: Session, *, on: date, granted: Collection[str] = ()) -> list[Fund]:
    """Held sources that may be charged for travel that day (2 CFR 200.403(h): within the period).

    `granted`: codes of asked sources whose funder said yes to the request at hand.
    """
    return [
        f
        for f in all_funds(session)
        if (f.kind is FundKind.HELD or f.code in granted)
        and f.state == "open"
        and f.period_start <= on
        and (f.period_end is None or on <= f.period_end)
    ]


def not_open(session: Session, ids: Collection[FundId]) -> list[Fund]:
    """Which of these are frozen or closed as of this statement.

    Asked after a reservation in the same transaction it settles the race with closing: the holds keep the
    source's row from being closed, and what was closed before is seen here.
    """
    return [f for f in funds_of(session, ids) if f.state != "open"]


def limits(session: Session, *, on: date) -> dict[FundId, dict[Scope, int]]:
    """The limit in force for each source and scope over all its categories.

    In cents or units; of a lifetime: how many trips of one child.
    """
    found: dict[FundId, dict[Scope, int]] = {}
    for fund_id, by_category in limits_by_category(session, on=on).items():
        whole = {scope: most for (scope, category), most in by_category.items() if category is None}
        if whole:
            found[fund_id] = whole
    return found


def limits_by_category(
    session: Session, *, on: date
) -> dict[FundId, dict[tuple[Scope, BudgetCategory | None], int]]:
    """Every limit in force: of one budget category, or (None) of all together."""
    limit = FundLimit
    rows = session.execute(
        sa.select(limit.fund_id, limit.scope, limit.budget_category, limit.at_most)
        .where(limit.effective_from <= on)
        .order_by(limit.effective_from, limit.at)
    )
    found: dict[FundId, dict[tuple[Scope, BudgetCategory | None], int]] = {}
    for fund_id, scope, category, at_most in rows:
        of = (Scope(scope), BudgetCategory(category) if category else None)
        found.setdefault(FundId(fund_id), {})[of] = at_most
    return found


def conditions(session: Session, on: date) -> dict[FundId, tuple[Condition, ...]]:
    """Prior-approval conditions that began by that day, lifted ones too, in the order they were set."""
    c, lift = FundCondition, FundConditionLift
    rows = session.execute(
        sa.select(c, lift)
        .outerjoin(lift, lift.condition_id == c.id)
        .where(c.effective_from <= on)
        .order_by(c.fund_id, c.number)
    )
    found: dict[FundId, tuple[Condition, ...]] = {}
    for row, lifted in rows:
        fund_id = FundId(row.fund_id)
        found[fund_id] = (*found.get(fund_id, ()), _as_condition(row, lifted, on))
    return found


def _as_condition(row: FundCondition, lifted: FundConditionLift | None, on: date) -> Condition:
    return Condition(
        number=row.number,
        budget_category=BudgetCategory(row.budget_category) if row.budget_category else None,
        text=row.text,
        cite=row.cite,
        effective_from=row.effective_from,
        lifted=lifted is not None and lifted.approved_on <= on,
        document=lifted.document if lifted else None,
        approved_on=lifted.approved_on if lifted else None,
    )


def unit_values(session: Session, on: date) -> dict[FundId, int]:
    """The fair value of one night or mile, in cents. For reports; the cash books never hold it."""
    v = FundUnitValue
    rows = session.execute(
        sa.select(v.fund_id, v.cents).where(v.effective_from <= on).order_by(v.effective_from, v.number)
    )
    return {FundId(fund_id): cents for fund_id, cents in rows}  # the last of each fund counts


def open_holds(
    session: Session, fund_id: FundId, *, named: Mapping[UUID, str] | None = None
) -> list[OpenHold]:
    """What is still reserved or obligated of a source. `named`: what each is for, by hold, in words."""
    said = named or {}
    return [
        OpenHold(h.id, said.get(h.id, ""), h.budget_category, h.unit, h.reserved, h.obligated)
        for h in fund_books.open_holds(session, fund_id)
    ]
