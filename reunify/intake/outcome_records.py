"""What is true: the quiet outcome of a request, and its correction."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.intake.outcome_policy import OUTCOME, Outcome
from reunify.kernel.ids import new_id
from reunify.vault.columns import sealed_text

_STATES = ", ".join(f"'{state}'" for state in OUTCOME.states)
_OUTCOMES = ", ".join(f"'{outcome.value}'" for outcome in Outcome)


class OutcomeRecord(Base):
    """While it stands, nothing automatic reaches the family. One stands at a time; none is removed."""

    __tablename__ = "quiet_outcomes"
    __table_args__ = (
        sa.CheckConstraint(f"outcome IN ({_OUTCOMES})", name="outcome_known"),
        sa.CheckConstraint(f"state IN ({_STATES})", name="state_known"),
        sa.CheckConstraint(
            "num_nonnulls(corrected_by, corrected_at, correction) IN (0, 3) "
            "AND (state = 'corrected') = (corrected_by IS NOT NULL)",
            name="corrected_whole",
        ),
        sa.CheckConstraint("corrected_by <> recorded_by", name="corrected_by_another"),
        sa.Index(
            "uq_quiet_outcomes_standing",
            "request_id",
            unique=True,
            postgresql_where=sa.text("state = 'standing'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), index=True)
    outcome: Mapped[str]
    state: Mapped[str]
    reason = sealed_text(keeper="request_id")
    receipts_waived_under: Mapped[str | None]  # a code of `outcome_policy.RECEIPT_POLICIES`
    recorded_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    recorded_at: Mapped[datetime]
    correction = sealed_text(keeper="request_id", optional=True)
    corrected_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    corrected_at: Mapped[datetime | None]
