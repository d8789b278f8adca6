"""What is held in suspense, the oldest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.kernel.ids import FundId, StaffId
from reunify.kernel.money import Money
from reunify.ledger.policy import Cash
from reunify.reconciliation.suspense_policy import Age, Why, age, days_old
from reunify.reconciliation.suspense_records import SuspenseItem


@dataclass(frozen=True, slots=True)
class Item:
    """`held` left the account, below zero came into it. `owner`: None is finance as a whole."""

    id: UUID
    object_id: str
    kind: Why
    cash: Cash
    fund_id: FundId
    held: Money
    left: Money
    happened_on: date | None
    held_at: datetime
    days: int
    age: Age
    owner: StaffId | None


def open_items(session: Session, *, now: datetime) -> list[Item]:
    """What nobody has explained yet. `now`: its age is counted until then, in whole days."""
    rows = session.scalars(
        sa.select(SuspenseItem)
        .where(SuspenseItem.left_cents != 0)
        .order_by(SuspenseItem.held_at, SuspenseItem.id)
    )
    return [_item(row, days_old(row.held_at, now)) for row in rows]


def is_held(session: Session, object_id: str) -> bool:
    """It was held once, whatever of it has been explained since."""
    asked = sa.select(SuspenseItem.id).where(SuspenseItem.object_id == object_id)
    return session.scalar(asked) is not None


def by_age(items: list[Item]) -> dict[Age, Money]:
    """What is left of each age; money that left and money that came are told by their signs together."""
    return {
        band: Money(sum(item.left.cents for item in items if item.age is band))
        for band in Age
        if any(item.age is band for item in items)
    }


def _item(row: SuspenseItem, days: int) -> Item:
    return Item(
        row.id,
        row.object_id,
        Why(row.kind),
        Cash(row.cash),
        FundId(row.fund_id),
        Money(row.cents),
        Money(row.left_cents),
        row.happened_on,
        row.held_at,
        days,
        age(days),
        None if row.owner is None else StaffId(row.owner),
    )
