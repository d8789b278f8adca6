"""What is held in suspense, the oldest first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.kernel.ids import FundId, StaffId
from reunify.kernel.money import Money
from reunify.ledger.policy import Cash
from reunify.reconciliation.suspense_finding_records import SuspenseFinding
from reunify.reconciliation.suspense_policy import Age, NoSuchItem, Why, age, days_old
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


@dataclass(frozen=True, slots=True)
class Finding:
    """Somebody says that no booking is behind it. The words never show in a `repr`."""

    state: str
    reporter: StaffId
    reported_at: datetime
    why: str = field(repr=False)


def findings(session: Session, items: Collection[UUID]) -> dict[UUID, Finding]:
    """By item, what was reported and nobody has let us bear yet."""
    f = SuspenseFinding
    rows = session.scalars(sa.select(f).where(f.item_id.in_(items), f.state == "reported"))
    return {r.item_id: Finding(r.state, StaffId(r.reporter), r.reported_at, r.why) for r in rows}


def object_of(session: Session, item_id: UUID) -> str:
    """Stripe's number, or ours. Raises NoSuchItem."""
    found = session.scalar(sa.select(SuspenseItem.object_id).where(SuspenseItem.id == item_id))
    if found is None:
        raise NoSuchItem("There is no such item in suspense.")
    return found


def is_past_us(session: Session, item_id: UUID) -> bool:
    """It was paid at Stripe by nobody of ours: of no case. False of what is not there."""
    return (
        session.scalar(sa.select(SuspenseItem.kind).where(SuspenseItem.id == item_id)) == Why.PAYMENT_NOT_OURS
    )


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
