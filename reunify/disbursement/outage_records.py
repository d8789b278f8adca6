"""What is true: payments made in an outage, without prior approval. As written they stay."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base, among
from reunify.disbursement.outage_policy import OUTAGE, Instrument
from reunify.disbursement.records import state_known
from reunify.kernel.ids import new_id
from reunify.vault.columns import sealed_text


class OutagePayment(Base):
    """Money that left in an outage. It lies in suspense as `object_id` until two people ratify it."""

    __tablename__ = "outage_payments"
    __table_args__ = (
        state_known(OUTAGE),
        sa.CheckConstraint(among("instrument", Instrument), name="instrument_known"),
        sa.CheckConstraint("cents > 0", name="cents_positive"),
        sa.CheckConstraint("(payee_key IS NULL) <> (to_whom IS NULL)", name="one_payee"),
        sa.CheckConstraint(
            "num_nonnulls(instruction_id, proposer, proposed_at) = "
            "CASE WHEN state IN ('proposed', 'ratified') THEN 3 ELSE 0 END",
            name="proposed_by_someone",
        ),
        sa.CheckConstraint(
            "num_nonnulls(ratifier, ratified_at) = CASE state WHEN 'ratified' THEN 2 ELSE 0 END",
            name="ratified_by_someone",
        ),
        sa.CheckConstraint(
            "num_nonnulls(reporter, reported_at, reported_why) = "
            "CASE state WHEN 'reported' THEN 3 ELSE 0 END",
            name="reported_by_someone",
        ),
        sa.CheckConstraint(
            "proposer IS NULL OR NOT (recorded_for || recorder) && (proposed_for || proposer)",
            name="proposer_is_another",
        ),
        sa.CheckConstraint(
            "ratifier IS NULL OR NOT (recorded_for || recorder || proposed_for || proposer) "
            "&& (ratified_for || ratifier)",
            name="ratifier_is_another",
        ),
        sa.Index(
            "uq_outage_payments_one_for_each",
            "instruction_id",
            unique=True,
            postgresql_where=sa.text("instruction_id IS NOT NULL"),
        ),
        sa.Index(
            "ix_outage_payments_open",
            "request_id",
            postgresql_where=sa.text("state IN ('recorded', 'proposed')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"))  # whose key seals the texts
    instrument: Mapped[str]
    paid_on: Mapped[date]
    cents: Mapped[int] = mapped_column(sa.BigInteger())
    payee_key: Mapped[str | None]
    to_whom = sealed_text(keeper="request_id", optional=True)
    reference = sealed_text(keeper="request_id")
    why = sealed_text(keeper="request_id")
    recorder: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    recorded_at: Mapped[datetime]
    recorded_for: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid()), server_default="{}", default=list)
    state: Mapped[str]
    instruction_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("instructions.id"))
    proposer: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    proposed_at: Mapped[datetime | None]
    proposed_for: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid()), server_default="{}", default=list)
    ratifier: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    ratified_at: Mapped[datetime | None]
    ratified_for: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid()), server_default="{}", default=list)
    reporter: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    reported_at: Mapped[datetime | None]
    reported_why = sealed_text(keeper="request_id", optional=True)

    @property
    def object_id(self) -> str:
        """Under which it lies in suspense."""
        return f"outage:{self.id}"
