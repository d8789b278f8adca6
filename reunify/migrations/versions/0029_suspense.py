"""Two more accounts: the balance the cards draw on, and what nobody can explain yet."""

from __future__ import annotations

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_CHECKS = {
    "ledger_entries": (
        "account_known",
        "account IN ('authorized', 'available', 'reserved', 'obligated', 'expended', 'cash_stripe', "
        "'cash_bank', 'cash_card', 'suspense', 'grant_revenue', 'expense', 'bank_fees')",
    ),
    "ledger_events": (
        "kind_known",
        "kind IN ('authorise', 'draw_down', 'reserve', 'unreserve', 'obligate', 'unobligate', 'expend', "
        "'fail', 'give_back', 'fee', 'cost_transfer', 'recover', 'top_up', 'suspend', 'explain', 'correct')",
    ),
}


def upgrade() -> None:
    for table, (name, condition) in _CHECKS.items():
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
