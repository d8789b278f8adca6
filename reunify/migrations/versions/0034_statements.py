"""Vendors' bills: each file once, its lines, and what became of each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reunify.migrations import guards

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_IS_CASE = "verdict <> 'matched' OR set_aside"


def upgrade() -> None:
    op.create_table(
        "vendor_statements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("vendor", sa.LargeBinary(), nullable=False),
        sa.Column("billed_on", sa.Date(), nullable=False),
        sa.Column("uploaded_by", sa.Uuid(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_vendor_statements_sha256_in_hex")),
        sa.ForeignKeyConstraint(
            ["uploaded_by"], ["staff.id"], name=op.f("fk_vendor_statements_uploaded_by_staff")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vendor_statements")),
        sa.UniqueConstraint("sha256", name=op.f("uq_vendor_statements_sha256")),
    )
    _lines()
    _indexes()
    for statement in guards.statements(("vendor_statements", "statement_lines")):
        op.execute(statement)


def _lines() -> None:
    table = "statement_lines"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("keeper", sa.Uuid(), nullable=False),
        sa.Column("locator", sa.LargeBinary(), nullable=False),
        sa.Column("reference", sa.LargeBinary(), nullable=True),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("billed_for", sa.Date(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("ticket", sa.BigInteger(), nullable=True),
        sa.Column("logged_payment_id", sa.Uuid(), nullable=True),
        sa.Column("set_aside", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("owner", sa.Uuid(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.Uuid(), nullable=True),
        sa.Column("resolution", sa.LargeBinary(), nullable=True),
        *(sa.CheckConstraint(said, name=op.f(f"ck_{table}_{name}")) for name, said in _CHECKS.items()),
        *(
            sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))
            for column, to in _POINTS_TO.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("statement_id", "number", name=op.f(f"uq_{table}_statement_id_number")),
    )


_CHECKS = {
    "verdict_known": (
        "verdict IN ('matched', 'other_amount', 'billed_twice', 'unknown', 'cancelled_booking')"
    ),
    "cents_positive": "cents > 0",
    "ticket_paired": "(booking_id IS NULL) = (ticket IS NULL)",
    "matched_to_a_booking": "verdict <> 'matched' OR booking_id IS NOT NULL",
    "only_matched_is_paid": "logged_payment_id IS NULL OR (verdict = 'matched' AND NOT set_aside)",
    "resolution_is_whole": "num_nonnulls(resolved_at, resolved_by, resolution) IN (0, 3)",
    "only_a_case_is_resolved": f"resolved_at IS NULL OR {_IS_CASE}",
}
_POINTS_TO = {
    "statement_id": "vendor_statements",
    "booking_id": "bookings",
    "logged_payment_id": "logged_payments",
    "owner": "staff",
    "resolved_by": "staff",
}


def _indexes() -> None:
    table = "statement_lines"
    for column in ("booking_id", "logged_payment_id"):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    op.create_index(
        "uq_statement_lines_one_match",
        table,
        ["booking_id", "ticket"],
        unique=True,
        postgresql_where=sa.text("verdict = 'matched' AND NOT set_aside"),
    )
    op.create_index(
        "ix_statement_lines_open_cases",
        table,
        ["statement_id"],
        postgresql_where=sa.text(f"resolved_at IS NULL AND ({_IS_CASE})"),
    )
