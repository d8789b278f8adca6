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
            "num_nonnulls(proposer, proposed_at) = "
            "CASE WHEN state IN ('proposed', 'ratified') OR ratifier IS NOT NULL THEN 2 ELSE 0 END",
            name="proposed_by_someone",
        ),
        sa.CheckConstraint(
            "num_nonnulls(ratifier, ratified_at) = 2 AND state IN ('ratified', 'reported', 'borne') "
            "OR num_nonnulls(ratifier, ratified_at) = 0 AND state <> 'ratified'",
            name="ratified_by_someone",
        ),
        sa.CheckConstraint(
            "num_nonnulls(reporter, reported_at, reported_why) = 3 "
            "AND state IN ('proposed', 'reported', 'borne', 'struck') "
            "OR num_nonnulls(reporter, reported_at, reported_why) = 0 "
            "AND state NOT IN ('reported', 'borne', 'struck')",
            name="reported_by_someone",
        ),
        sa.CheckConstraint(
            "num_nonnulls(bearer, borne_at) = CASE state WHEN 'borne' THEN 2 ELSE 0 END",
            name="borne_by_someone",
        ),
        sa.CheckConstraint("ratifier IS NULL OR proof_id IS NOT NULL OR before_proofs", name="proved"),
        sa.CheckConstraint(
            "proposer IS NULL OR NOT (recorded_for || recorder) && (proposed_for || proposer)",
            name="proposer_is_another",
        ),
        sa.CheckConstraint(
            "ratifier IS NULL OR NOT (recorded_for || recorder || proposed_for || proposer) "
            "&& (ratified_for || ratifier)",
            name="ratifier_is_another",
        ),
        sa.CheckConstraint(
            "bearer IS NULL OR NOT (recorded_for || recorder || reported_for || reporter) "
            "&& (borne_for || bearer)",
            name="bearer_is_another",
        ),
        sa.CheckConstraint(
            "state <> 'struck' OR NOT (recorded_for || recorder) && (reported_for || reporter)",
            name="striker_is_another",
        ),
        sa.ForeignKeyConstraint(
            ["proof_id", "id"],
            ["outage_proofs.id", "outage_proofs.outage_id"],
            name="fk_outage_payments_its_own_proof",
            use_alter=True,
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
    proposer: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    proposed_at: Mapped[datetime | None]
    proposed_for: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid()), server_default="{}", default=list)
    ratifier: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    ratified_at: Mapped[datetime | None]
    ratified_for: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid()), server_default="{}", default=list)
    # While it is proposed: who said why no award can bear the rest of it. Of a struck one: who struck it.
    reporter: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    reported_at: Mapped[datetime | None]
    reported_for: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid()), server_default="{}", default=list)
    reported_why = sealed_text(keeper="request_id", optional=True)
    bearer: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    borne_at: Mapped[datetime | None]
    borne_for: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid()), server_default="{}", default=list)
    proof_id: Mapped[UUID | None]  # the newest one whoever ratified could open
    before_proofs: Mapped[bool] = mapped_column(server_default=sa.false(), default=False)

    @property
    def object_id(self) -> str:
        """Under which it lies in suspense."""
        return f"outage:{self.id}"

    @property
    def recorders(self) -> set[UUID]:
        """Who wrote it down, with all they stood for."""
        return {self.recorder, *self.recorded_for}

    @property
    def proposers(self) -> set[UUID]:
        """The first of two, with all they stood for."""
        return {self.proposer, *self.proposed_for} if self.proposer else set()

    @property
    def reporters(self) -> set[UUID]:
        """Who said that no award can bear it, or the rest of it, with all they stood for."""
        return {self.reporter, *self.reported_for} if self.reporter else set()


class OutagePart(Base):
    """Which payment of an award it was, or may have been, whole. It goes only with its proposal."""

    __tablename__ = "outage_parts"
    __table_args__ = (
        sa.UniqueConstraint("instruction_id"),  # nothing is paid by two of them
        sa.CheckConstraint("cents > 0", name="cents_positive"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    outage_id: Mapped[UUID] = mapped_column(sa.ForeignKey("outage_payments.id"), index=True)
    instruction_id: Mapped[UUID] = mapped_column(sa.ForeignKey("instructions.id"))
    cents: Mapped[int] = mapped_column(sa.BigInteger())

    @property
    def reference(self) -> str:
        """Under which the books show it."""
        return f"{self.id}:ratified"


class OutageProof(Base):
    """The check, slip or receipt, as a paper of the request. Append-only."""

    __tablename__ = "outage_proofs"
    __table_args__ = (
        sa.UniqueConstraint("id", "outage_id"),
        sa.UniqueConstraint("outage_id", "evidence_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    outage_id: Mapped[UUID] = mapped_column(sa.ForeignKey("outage_payments.id"))
    evidence_id: Mapped[UUID] = mapped_column(sa.ForeignKey("evidence.id"))
    added_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    added_at: Mapped[datetime]
