"""What is true: what a person found who looked at a cost that seemed paid twice. Append-only."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base, among
from reunify.kernel.ids import new_id
from reunify.reporting.duplicates import Verdict, Why
from reunify.vault.columns import sealed_text


class DuplicateLook(Base):
    """`suspicion`: the fingerprint of what was looked at. `request_id`: whose key seals the reason.

    The newest row of a suspicion counts.
    """

    __tablename__ = "duplicate_looks"
    __table_args__ = (
        sa.CheckConstraint(among("why", Why), name="why_known"),
        sa.CheckConstraint(among("verdict", Verdict), name="verdict_known"),
        sa.CheckConstraint("other_request_id <> request_id", name="two_requests"),
        sa.CheckConstraint("length(suspicion) = 64", name="suspicion_is_a_fingerprint"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sequence: Mapped[int] = mapped_column(sa.Identity(always=True), unique=True)
    suspicion: Mapped[str] = mapped_column(index=True)
    why: Mapped[str]
    verdict: Mapped[str]
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"), index=True)
    other_request_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("requests.id"))
    reason = sealed_text(keeper="request_id")
    looked_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    at: Mapped[datetime]
