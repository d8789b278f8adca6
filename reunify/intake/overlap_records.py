"""What is true: who is where by each submitted request, by blind index; and why one goes on all the same."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.intake.overlap_policy import Item
from reunify.kernel.ids import new_id
from reunify.vault.columns import sealed_text

_ITEMS = ", ".join(f"'{item.value}'" for item in Item)


class OverlapItem(Base):
    """One item of the newest version of a request. `person` is a blind index: nobody is read from it.

    Removed with the family's key. `starts_at`, `ends_at` in UTC, half open.
    """

    __tablename__ = "overlap_items"
    __table_args__ = (
        sa.CheckConstraint(f"item IN ({_ITEMS})", name="item_known"),
        sa.CheckConstraint("starts_at < ends_at", name="begins_before_it_ends"),
        sa.Index("ix_overlap_items_person", "person", "starts_at", "ends_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), index=True)
    version_number: Mapped[int]
    person: Mapped[bytes] = mapped_column(sa.LargeBinary)
    role: Mapped[str]
    number: Mapped[int]
    item: Mapped[str]
    item_number: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class OverlapReason(Base):
    """Why a version goes on although another request holds the same person then. Append-only."""

    __tablename__ = "overlap_reasons"
    __table_args__ = (
        sa.UniqueConstraint("request_id", "version_number", "other_request_id"),
        sa.CheckConstraint("request_id <> other_request_id", name="of_another"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), index=True)
    version_number: Mapped[int]
    other_request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), index=True)
    reason = sealed_text(keeper="request_id")
    by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    at: Mapped[datetime]
