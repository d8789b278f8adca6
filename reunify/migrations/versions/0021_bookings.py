"""Seats and rooms bought with the approved money."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from reunify.migrations import guards

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLES = ("bookings", "booking_events")
_SEALED = ("vendor", "vendor_phone", "vendor_address", "locator", "fare_rules", "card_form_confirmed_by")


def upgrade() -> None:
    op.create_table(
        "bookings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("award_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("line_key", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("settlement", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("ceiling_cents", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.LargeBinary(), nullable=True) for name in _SEALED),
        sa.Column("price_cents", sa.BigInteger(), nullable=True),
        sa.Column("tax_cents", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("paid_with", sa.Text(), nullable=True),
        sa.Column("cancel_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("late_arrival", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("card_form_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deposit", sa.Text(), nullable=True),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("booked_by", sa.Uuid(), nullable=True),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ticketed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        *(
            sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)
            for name in ("revision", "tickets", "to_pay_cents")
        ),
        sa.CheckConstraint(
            "state IN ('booked', 'cancelled', 'changed', 'held', 'ticketed', 'used', 'wanted')",
            name=op.f("ck_bookings_state_known"),
        ),
        sa.CheckConstraint(
            "price_cents >= 0 AND tax_cents BETWEEN 0 AND price_cents",
            name=op.f("ck_bookings_price_with_tax"),
        ),
        sa.CheckConstraint("price_cents <= ceiling_cents", name=op.f("ck_bookings_within_the_ceiling")),
        sa.CheckConstraint(
            "state NOT IN ('ticketed', 'used') OR (price_cents IS NOT NULL AND locator IS NOT NULL)",
            name=op.f("ck_bookings_ticketed_has_price_and_locator"),
        ),
        sa.CheckConstraint(
            "(card_form_confirmed_by IS NULL) = (card_form_confirmed_at IS NULL)",
            name=op.f("ck_bookings_card_form_paired"),
        ),
        sa.CheckConstraint(
            "paid_with IN ('travel_card', 'invoice', 'partner')", name=op.f("ck_bookings_paid_with_known")
        ),
        sa.CheckConstraint(
            "deposit IN ('none', 'travel_card', 'organisation', 'partner', 'traveler')",
            name=op.f("ck_bookings_deposit_known"),
        ),
        sa.CheckConstraint(
            "to_pay_cents = 0 OR to_pay_cents BETWEEN 1 AND price_cents AND state IN ('ticketed', 'used')",
            name=op.f("ck_bookings_only_a_ticket_is_paid"),
        ),
        sa.ForeignKeyConstraint(["award_id"], ["awards.id"], name=op.f("fk_bookings_award_id")),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_bookings_request_id")),
        sa.ForeignKeyConstraint(["booked_by"], ["staff.id"], name=op.f("fk_bookings_booked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings")),
        sa.UniqueConstraint("award_id", "line_key", name=op.f("uq_bookings_award_id_line_key")),
    )
    op.create_index(op.f("ix_bookings_request_id"), "bookings", ["request_id"])
    op.create_index(op.f("ix_bookings_state"), "bookings", ["state"])
    op.create_index(
        "ix_bookings_cancel_by", "bookings", ["cancel_by"], postgresql_where=sa.text("cancel_by IS NOT NULL")
    )
    op.create_index("ix_bookings_to_pay", "bookings", ["id"], postgresql_where=sa.text("to_pay_cents > 0"))
    op.create_table(
        "booking_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("moved", sa.Text(), nullable=False),
        sa.Column("price_cents", sa.BigInteger(), nullable=True),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["booking_id"], ["bookings.id"], name=op.f("fk_booking_events_booking_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_events")),
        sa.UniqueConstraint("booking_id", "number", name=op.f("uq_booking_events_booking_id_number")),
    )
    _pay_when_ticketed()
    for statement in guards.statements(TABLES):
        op.execute(statement)


def _pay_when_ticketed() -> None:
    """An instruction says which ticketing of which booking it pays; each is paid by one that is alive."""
    op.add_column("instructions", sa.Column("booking_id", sa.Uuid(), nullable=True))
    op.add_column("instructions", sa.Column("booking_ticket", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_instructions_booking_id"), "instructions", "bookings", ["booking_id"], ["id"]
    )
    op.create_check_constraint(
        op.f("ck_instructions_ticket_paired"),
        "instructions",
        "(booking_id IS NULL) = (booking_ticket IS NULL)",
    )
    op.drop_index("uq_instructions_one_live", table_name="instructions")
    op.create_index(
        "uq_instructions_one_live",
        "instructions",
        ["award_id", "payee_id", "rail", "unit", "moved_from_payout"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('withdrawn') AND booking_id IS NULL"),
    )
    op.create_index(
        "uq_instructions_one_live_of_a_ticket",
        "instructions",
        ["booking_id", "booking_ticket"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('withdrawn') AND booking_id IS NOT NULL"),
    )
