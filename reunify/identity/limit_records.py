"""What is true: how often somebody called, for the limits. Addresses are keyed hashes, kept for minutes."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base


class CallCount(Base):
    """Calls of one kind from one place in the window that runs now. Lost in a crash, which harms nobody."""

    __tablename__ = "call_counts"
    __table_args__ = (
        sa.CheckConstraint("calls > 0", name="calls_positive"),
        {"prefixes": ["UNLOGGED"]},
    )

    kind: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[bytes] = mapped_column(primary_key=True)
    calls: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(index=True)
