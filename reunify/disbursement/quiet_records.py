"""What is true: payments a person let go although a quiet outcome stands."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base


class PaymentLetGo(Base):
    """One payment, under one quiet outcome, and who said that it goes all the same. Append-only."""

    __tablename__ = "payments_let_go"

    outcome_id: Mapped[UUID] = mapped_column(sa.ForeignKey("quiet_outcomes.id"), primary_key=True)
    instruction_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("instructions.id"), primary_key=True, index=True
    )
    by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    at: Mapped[datetime]
