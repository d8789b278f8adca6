"""What we show of the books."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.kernel.ids import FundId
from reunify.kernel.money import Money
from reunify.ledger.policy import Account, BudgetCategory, Cash, Hold, Unit
from reunify.ledger.postings import BalanceKey
from reunify.ledger.records import LedgerBalance, LedgerEntry, LedgerEvent, LedgerHold

__all__ = ["Balance", "Hold", "Line", "balances", "cash", "history", "holds"]


@dataclass(frozen=True, slots=True)
class Balance:
    """Cents or whole units, as the key says."""

    key: BalanceKey
    authorized: int
    available: int
    reserved: int
    obligated: int
    expended: int


@dataclass(frozen=True, slots=True)
class Line:
    """One entry with its event, as a journal shows it."""

    event_id: UUID
    kind: str
    external_ref: str
    day: date
    at: datetime
    by: str
    book: str
    fund_id: FundId
    budget_category: str | None
    account: str
    unit: str
    amount: int
    hold_id: UUID | None


def balances(session: Session) -> list[Balance]:
    """Every balance as it stands, in the order of fund, category, unit."""
    b = LedgerBalance
    rows = session.execute(
        sa.select(
            b.fund_id,
            b.budget_category,
            b.unit,
            b.authorized,
            b.available,
            b.reserved,
            b.obligated,
            b.expended,
        ).order_by(b.fund_id, b.budget_category, b.unit)
    )
    return [
        Balance(BalanceKey(FundId(fund), BudgetCategory(category), Unit(unit)), *amounts)
        for fund, category, unit, *amounts in rows
    ]


def holds(session: Session, hold_ids: Collection[UUID]) -> dict[UUID, Hold]:
    """What each of these lines holds now; ids that do not exist are absent."""
    return {hold.id: hold for hold in read_holds(session, hold_ids, lock=False)}


def read_holds(session: Session, hold_ids: Collection[UUID], *, lock: bool) -> list[Hold]:
    """In id order; `lock` keeps them until the transaction ends."""
    if not hold_ids:
        return []
    h = LedgerHold
    asked = (
        sa.select(h.id, h.fund_id, h.budget_category, h.unit, h.ceiling, h.reserved, h.obligated, h.expended)
        .where(h.id.in_(hold_ids))
        .order_by(h.id)
    )
    rows = session.execute(asked.with_for_update() if lock else asked)
    return [
        Hold(i, FundId(fund), BudgetCategory(category), Unit(unit), *amounts)
        for i, fund, category, unit, *amounts in rows
    ]


def cash(session: Session, account: Cash = Cash.STRIPE) -> Money:
    """What the actual book says is in that account, over all funds."""
    said = session.scalar(
        sa.select(sa.func.coalesce(sa.func.sum(LedgerEntry.amount), 0)).where(
            LedgerEntry.account == Account(account).value
        )
    )
    return Money(int(said or 0))


def history(session: Session, hold_ids: Collection[UUID]) -> list[Line]:
    """Every entry on these holds, the oldest first."""
    rows = session.execute(
        sa.select(LedgerEvent, LedgerEntry)
        .join(LedgerEntry, LedgerEntry.event_id == LedgerEvent.id)
        .where(LedgerEntry.hold_id.in_(hold_ids))
        .order_by(LedgerEvent.at, LedgerEvent.id, LedgerEntry.book, LedgerEntry.account)
    )
    return [
        Line(
            event_id=v.id,
            kind=v.kind,
            external_ref=v.external_ref,
            day=v.day,
            at=v.at,
            by=v.by,
            book=e.book,
            fund_id=FundId(e.fund_id),
            budget_category=e.budget_category,
            account=e.account,
            unit=e.unit,
            amount=e.amount,
            hold_id=e.hold_id,
        )
        for v, e in rows
    ]
