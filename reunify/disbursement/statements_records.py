"""What is true of vendors' bills: each file once, each of its lines, and what became of it."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base, among
from reunify.disbursement.statements_policy import Verdict
from reunify.kernel.ids import new_id
from reunify.vault.columns import sealed_text


class VendorStatementRecord(Base):
    """One vendor's bill. The file itself is not kept: its lines are, and its SHA-256."""

    __tablename__ = "vendor_statements"
    __table_args__ = (
        sa.UniqueConstraint("sha256"),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256_in_hex"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sha256: Mapped[str]
    vendor = sealed_text()
    billed_on: Mapped[date]
    uploaded_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    uploaded_at: Mapped[datetime]


class StatementLineRecord(Base):
    """One line of a bill. `keeper`: the request whose booking it is of, else the house.

    `ticket`: which ticketing of the booking. `logged_payment_id`: what was written down for it. A case is
    whatever is not `matched`, or was set aside.
    """

    __tablename__ = "statement_lines"
    __table_args__ = (
        sa.UniqueConstraint("statement_id", "number"),
        sa.CheckConstraint(among("verdict", Verdict), name="verdict_known"),
        sa.CheckConstraint("cents > 0", name="cents_positive"),
        sa.CheckConstraint("(booking_id IS NULL) = (ticket IS NULL)", name="ticket_paired"),
        sa.CheckConstraint("verdict <> 'matched' OR booking_id IS NOT NULL", name="matched_to_a_booking"),
        sa.CheckConstraint(
            "logged_payment_id IS NULL OR (verdict = 'matched' AND NOT set_aside)",
            name="only_matched_is_paid",
        ),
        sa.CheckConstraint(
            "num_nonnulls(resolved_at, resolved_by, resolution) IN (0, 3)", name="resolution_is_whole"
        ),
        sa.CheckConstraint(
            "resolved_at IS NULL OR verdict <> 'matched' OR set_aside", name="only_a_case_is_resolved"
        ),
        sa.CheckConstraint(
            "num_nonnulls(accepted_by, accepted_at, accepted_why) IN (0, 3)", name="acceptance_is_whole"
        ),
        sa.Index(
            "uq_statement_lines_one_match",
            "booking_id",
            "ticket",
            unique=True,
            postgresql_where=sa.text("verdict = 'matched' AND NOT set_aside"),
        ),
        sa.Index(
            "ix_statement_lines_open_cases",
            "statement_id",
            postgresql_where=sa.text("resolved_at IS NULL AND (verdict <> 'matched' OR set_aside)"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    statement_id: Mapped[UUID] = mapped_column(sa.ForeignKey("vendor_statements.id"))
    number: Mapped[int]
    keeper: Mapped[UUID]
    locator = sealed_text(keeper="keeper")
    reference = sealed_text(keeper="keeper", optional=True)
    cents: Mapped[int]
    billed_for: Mapped[date]
    verdict: Mapped[str]
    booking_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("bookings.id"), index=True)
    ticket: Mapped[int | None]
    logged_payment_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("logged_payments.id"), index=True)
    set_aside: Mapped[bool] = mapped_column(server_default=sa.false(), default=False)
    owner: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))  # None: finance
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    resolution = sealed_text(keeper="keeper", optional=True)
    # A person says that it is this booking's bill, though the vendor or the day differs.
    accepted_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    accepted_at: Mapped[datetime | None]
    accepted_why = sealed_text(keeper="keeper", optional=True)
