"""What is true of payments made without Stripe: who wrote them down, who verified, and what proves them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base, among
from reunify.disbursement import policy
from reunify.disbursement.logging_policy import LOGGED, VERIFIED, Ended, Proof
from reunify.disbursement.records import state_known
from reunify.kernel.ids import new_id
from reunify.vault.columns import sealed_text

_VERIFIED = ", ".join(f"'{state}'" for state in VERIFIED)


class LoggedPaymentRecord(Base):
    """A payment made without Stripe: written down by one person, checked by another."""

    __tablename__ = "logged_payments"
    __table_args__ = (
        state_known(LOGGED),
        sa.CheckConstraint(
            "instrument IN (" + ", ".join(f"'{i.value}'" for i in policy.Instrument) + ")",
            name="instrument_known",
        ),
        sa.CheckConstraint(
            "verifier IS NULL OR NOT (recorded_for || recorder) && (verified_for || verifier)",
            name="verifier_is_another",
        ),
        sa.CheckConstraint(
            f"CASE WHEN state IN ({_VERIFIED}) THEN verifier IS NOT NULL "
            "ELSE state = 'voided' OR verifier IS NULL END",
            name="verified_by_someone",
        ),
        sa.CheckConstraint("(verifier IS NULL) = (verified_at IS NULL)", name="verification_paired"),
        sa.CheckConstraint("verifier IS NULL OR proof_id IS NOT NULL OR before_proofs", name="proved"),
        sa.CheckConstraint(
            "num_nonnulls(cleared_on, cleared_by, cleared_at) = CASE state WHEN 'cleared' THEN 3 ELSE 0 END",
            name="cleared_by_someone",
        ),
        sa.CheckConstraint(
            "num_nonnulls(ended_how, ended_on, ended_by, ended_at) = "
            "CASE WHEN state = 'voided' AND verifier IS NOT NULL THEN 4 ELSE 0 END",
            name="ended_by_someone",
        ),
        sa.CheckConstraint(among("ended_how", Ended), name="ended_how_known"),
        sa.ForeignKeyConstraint(
            ["proof_id", "id"],
            ["logged_proofs.id", "logged_proofs.logged_payment_id"],
            name="fk_logged_payments_its_own_proof",
            use_alter=True,
        ),
        sa.Index(
            "ix_logged_payments_to_note",
            "verified_at",
            postgresql_where=sa.text("stripe_account IS NOT NULL AND stripe_metadata_at IS NULL"),
        ),
        sa.Index(
            "ix_logged_payments_may_age",
            "paid_on",
            postgresql_where=sa.text("state IN ('verified', 'stale')"),
        ),
        sa.Index(
            "uq_logged_payments_one_live",
            "instruction_id",
            unique=True,
            postgresql_where=sa.text("state <> 'voided'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    instruction_id: Mapped[UUID] = mapped_column(sa.ForeignKey("instructions.id"))
    instrument: Mapped[str]
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"))  # whose key seals the texts
    external_reference = sealed_text(keeper="request_id")
    evidence_note = sealed_text(keeper="request_id", optional=True)
    paid_on: Mapped[date]
    recorder: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    recorded_at: Mapped[datetime]
    recorded_for: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid()), server_default="{}", default=list)
    verifier: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    verified_at: Mapped[datetime | None]
    verified_for: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid()), server_default="{}", default=list)
    proof_id: Mapped[UUID | None]  # the newest one the verifier saw; the table refuses to do without
    before_proofs: Mapped[bool] = mapped_column(server_default=sa.false(), default=False)
    state: Mapped[str]
    cleared_on: Mapped[date | None]  # the bank paid it, the voucher was used
    cleared_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    cleared_at: Mapped[datetime | None]
    cleared_reference = sealed_text(keeper="request_id", optional=True)  # the bank's line
    # It was verified, and the bank confirmed that it is stopped, or it came back.
    ended_how: Mapped[str | None]
    ended_on: Mapped[date | None]
    ended_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    ended_at: Mapped[datetime | None]
    # Where one reference may be noted: the payee agreed and is known there.
    stripe_account: Mapped[str | None]
    stripe_metadata_at: Mapped[datetime | None]


class LoggedProofRecord(Base):
    """What shows that a payment was made: a paper of the request, or a partner's message. Append-only."""

    __tablename__ = "logged_proofs"
    __table_args__ = (
        sa.UniqueConstraint("id", "logged_payment_id"),
        sa.CheckConstraint(
            "kind IN (" + ", ".join(f"'{kind.value}'" for kind in Proof) + ")", name="kind_known"
        ),
        sa.CheckConstraint("(kind = 'paper') = (evidence_id IS NOT NULL)", name="paper_is_a_file"),
        sa.CheckConstraint(
            "num_nonnulls(organisation, said_on, message) = CASE kind WHEN 'confirmation' THEN 3 ELSE 0 END",
            name="confirmation_is_whole",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    logged_payment_id: Mapped[UUID] = mapped_column(sa.ForeignKey("logged_payments.id"), index=True)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"))  # whose key seals the message
    kind: Mapped[str]
    evidence_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("evidence.id"))
    organisation = sealed_text(keeper="request_id", optional=True)
    said_on: Mapped[date | None]
    message = sealed_text(keeper="request_id", optional=True)
    added_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    added_at: Mapped[datetime]
