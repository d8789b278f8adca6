"""What is true: the seals over the audit trail, each chained to the one before. Append-only."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.audit.merkle import LEAF_BYTES
from reunify.db import Base


class AuditSeal(Base):
    """All audit rows of the transactions from `from_xid` up to, not including, `to_xid`.

    A seal is an interval of transactions, so that sealing never changes a row. `leaves` says which rows
    were there (eight bytes of id, then the leaf): with it a difference can be named to the row.
    """

    __tablename__ = "audit_seals"
    __table_args__ = (
        sa.CheckConstraint("number >= 1", name="numbered_from_one"),
        sa.CheckConstraint("to_xid > from_xid", name="interval_in_order"),
        sa.CheckConstraint("row_count > 0", name="never_empty"),
        sa.CheckConstraint(f"octet_length(leaves) = {LEAF_BYTES} * row_count", name="leaf_for_each_row"),
        sa.CheckConstraint("(number = 1) = (previous IS NULL)", name="only_the_first_has_none_before"),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    from_xid: Mapped[int] = mapped_column(unique=True)
    to_xid: Mapped[int] = mapped_column(unique=True)
    row_count: Mapped[int]
    leaves: Mapped[bytes] = mapped_column(sa.LargeBinary)
    root: Mapped[str]
    previous: Mapped[str | None] = mapped_column(sa.ForeignKey("audit_seals.hash"), unique=True)
    hash: Mapped[str] = mapped_column(unique=True)
    made_at: Mapped[datetime]
