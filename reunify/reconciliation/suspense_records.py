"""What is true: money that moved and that nobody could explain, and each part explained since."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base, among
from reunify.kernel.ids import new_id
from reunify.ledger.policy import Cash
from reunify.reconciliation.suspense_policy import Why
from reunify.vault.columns import sealed_text


class SuspenseItem(Base):
    """`cents` left the account (below zero: came into it). `left_cents` is not explained yet."""

    __tablename__ = "suspense_items"
    __table_args__ = (
        sa.UniqueConstraint("object_id"),
        sa.CheckConstraint(among("cash", Cash), name="cash_known"),
        sa.CheckConstraint(among("kind", Why), name="kind_known"),
        sa.CheckConstraint("cents <> 0", name="cents_not_zero"),
        sa.CheckConstraint(
            "left_cents BETWEEN LEAST(cents, 0) AND GREATEST(cents, 0)", name="left_within_cents"
        ),
        sa.Index("ix_suspense_items_left", "held_at", postgresql_where=sa.text("left_cents <> 0")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    object_id: Mapped[str]
    kind: Mapped[str]
    cash: Mapped[str]
    fund_id: Mapped[UUID] = mapped_column(sa.ForeignKey("funding_sources.id"))
    cents: Mapped[int]
    left_cents: Mapped[int]
    happened_on: Mapped[date | None]
    held_at: Mapped[datetime]
    owner: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))  # None: finance


class SuspensePart(Base):
    """So much of an item was explained, once. Append-only."""

    __tablename__ = "suspense_parts"
    __table_args__ = (
        sa.UniqueConstraint("item_id", "part"),
        sa.CheckConstraint("cents <> 0", name="cents_not_zero"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    item_id: Mapped[UUID] = mapped_column(sa.ForeignKey("suspense_items.id"))
    part: Mapped[str]
    cents: Mapped[int]
    why = sealed_text()
    explained_at: Mapped[datetime]
    explained_by: Mapped[str]
