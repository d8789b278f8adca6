"""What is true: Stripe's events as they came, and every difference found between their books and ours."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.kernel.ids import new_id
from reunify.ledger.policy import Cash
from reunify.reconciliation import policy
from reunify.vault.columns import sealed_text

_KINDS = ", ".join(f"'{kind.value}'" for kind in policy.Kind)


class InboxRecord(Base):
    """One signed event. It says only what changed; the payment itself is looked up."""

    __tablename__ = "webhook_inbox"
    __table_args__ = (
        sa.Index(
            "ix_webhook_inbox_unhandled",
            "try_after",
            postgresql_where=sa.text("handled_at IS NULL AND parked IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    type: Mapped[str]
    object_id: Mapped[str | None]
    idem_key: Mapped[str | None]
    card: Mapped[str | None]  # Stripe's id of the card it speaks of
    raw: Mapped[bytes]
    received_at: Mapped[datetime]
    handled_at: Mapped[datetime | None]
    parked: Mapped[str | None]  # why it was set aside, in a word
    tries: Mapped[int]
    try_after: Mapped[datetime]


class DifferenceRecord(Base):
    """Their books and ours disagree here, until a person says why."""

    __tablename__ = "differences"
    __table_args__ = (
        sa.Index(
            "uq_differences_one_open",
            "kind",
            "object_id",
            unique=True,
            postgresql_where=sa.text("resolved_at IS NULL"),
        ),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name="kind_known"),
        sa.CheckConstraint("(resolved_at IS NULL) = (resolution IS NULL)", name="resolution_paired"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    object_id: Mapped[str]
    expected_cents: Mapped[int | None]
    found_cents: Mapped[int | None]
    found_at: Mapped[datetime]
    owner: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))  # None: finance
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))  # None: it agreed by itself
    resolution = sealed_text(optional=True)


class ProofRecord(Base):
    """One daily proof of one account at Stripe. Append-only. `cents`: what Stripe said was held."""

    __tablename__ = "account_proofs"
    __table_args__ = (
        sa.CheckConstraint(f"account IN ('{Cash.STRIPE.value}', '{Cash.CARD.value}')", name="account_known"),
        sa.CheckConstraint("differences >= 0", name="differences_counted"),
        sa.Index("ix_account_proofs_account", "account", "proved_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account: Mapped[str]
    proved_at: Mapped[datetime]
    cents: Mapped[int]
    differences: Mapped[int]
