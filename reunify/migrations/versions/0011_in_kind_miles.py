"""Airline miles given in kind: a third unit of account, and the way such a gift is written down."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

COUNTED = ("funding_sources", "ledger_balances", "ledger_caps", "ledger_holds", "ledger_entries")


def upgrade() -> None:
    for table in COUNTED:
        name = op.f(f"ck_{table}_unit_known")
        op.drop_constraint(name, table, type_="check")
        op.create_check_constraint(name, table, "unit IN ('cents', 'night', 'mile')")
    name = op.f("ck_logged_payments_instrument_known")
    op.drop_constraint(name, "logged_payments", type_="check")
    op.create_check_constraint(
        name,
        "logged_payments",
        "instrument IN ('check', 'voucher', 'vendor_payment', 'hotel_night', 'airline_miles', 'card')",
    )
