"""What is true of payments approved anew because the payee's bank account changed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.disbursement.reapproval_policy import REAPPROVAL
from reunify.disbursement.records import state_known
from reunify.kernel.ids import new_id


class ReapprovalRecord(Base):
    """One question to two people: pay this at `payout_method`, after attempt number `after_attempt`?"""

    __tablename__ = "payment_reapprovals"
    __table_args__ = (
        state_known(REAPPROVAL),
        sa.UniqueConstraint("instruction_id", "digest"),
        sa.CheckConstraint(
            "num_nonnulls(first_by, first_at) = CASE state WHEN 'asked' THEN 0 ELSE 2 END",
            name="first_is_whole",
        ),
        sa.CheckConstraint(
            "num_nonnulls(second_by, second_at) = CASE state WHEN 'approved' THEN 2 ELSE 0 END",
            name="second_is_whole",
        ),
        sa.CheckConstraint(
            "second_by IS NULL OR NOT (first_for || first_by) && (second_for || second_by)",
            name="second_is_another",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    instruction_id: Mapped[UUID] = mapped_column(sa.ForeignKey("instructions.id"))
    after_attempt: Mapped[int]
    payout_method: Mapped[str]  # Stripe's id of the bank account; what it stands for we never learn
    digest: Mapped[str]
    state: Mapped[str]
    asked_at: Mapped[datetime]
    first_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    first_for: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid()), server_default="{}", default=list)
    first_at: Mapped[datetime | None]
    second_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    second_for: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid()), server_default="{}", default=list)
    second_at: Mapped[datetime | None]
