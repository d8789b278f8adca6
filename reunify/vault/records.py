"""What is true: one data key for each keeper, wrapped; or the day it was destroyed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base


class FamilyKey(Base):
    """The keeper is a request (a family's), a person across requests, or the house itself (all zeros)."""

    __tablename__ = "family_keys"
    __table_args__ = (
        sa.CheckConstraint("(wrapped IS NULL) = (destroyed_at IS NOT NULL)", name="wrapped_until_destroyed"),
        sa.CheckConstraint("(wrapped IS NULL) = (ring_key IS NULL)", name="ring_key_paired"),
        sa.CheckConstraint("get_byte(wrapped, 1) = ring_key", name="ring_key_as_wrapped"),
    )

    keeper: Mapped[UUID] = mapped_column(primary_key=True)
    wrapped: Mapped[bytes | None]
    ring_key: Mapped[int | None] = mapped_column(sa.SmallInteger, index=True)
    made_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    destroyed_at: Mapped[datetime | None]
