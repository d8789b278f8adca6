"""Two more accounts: the balance the cards draw on, and what nobody can explain yet, item by item."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reunify.migrations import guards

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

TABLES = ("suspense_items", "suspense_parts", "account_proofs")
_CHECKS = (
    (
        "ledger_entries",
        "account_known",
        "account IN ('authorized', 'available', 'reserved', 'obligated', 'expended', 'cash_stripe', "
        "'cash_bank', 'cash_card', 'suspense', 'grant_revenue', 'expense', 'bank_fees')",
    ),
    (
        "ledger_events",
        "kind_known",
        "kind IN ('authorise', 'draw_down', 'reserve', 'unreserve', 'obligate', 'unobligate', 'expend', "
        "'fail', 'give_back', 'fee', 'cost_transfer', 'recover', 'top_up', 'suspend', 'explain', 'correct')",
    ),
    (
        "differences",
        "kind_known",
        "kind IN ('payment_not_ours', 'payment_not_in_ledger', 'ledger_without_payment', "
        "'statement_does_not_add_up', 'cash_differs', 'fee_not_coded', 'other_amount', "
        "'returned_after_recovery', 'card_charge_unexplained', 'card_charge_not_ours', 'card_refund', "
        "'card_approved_without_us', 'card_drift', 'top_up_not_posted')",
    ),
    (
        "organisation_settings",
        "key_known",
        "key IN ('name', 'time_zone', 'letterhead', 'day_phone', 'night_phone', 'email', "
        "'small_amount_limit_cents', 'guideline_limit_percent', 'fare_contingency_percent', "
        "'funder_answer_working_days', 'reservation_days', 'check_stale_after_days', "
        "'check_void_after_days', 'suspense_fund', 'fees_cash_stripe', 'fees_cash_card', "
        "'payout_fee_standard', 'payout_fee_wire', 'payout_fee_instant', "
        "'obligates_vendor_billed', 'obligates_repaid', 'obligates_advance', 'obligates_partner_gives', "
        "'obligates_organisation_books')",
    ),
)


def upgrade() -> None:
    for table, name, condition in _CHECKS:
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
    op.add_column("differences", sa.Column("owner", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_differences_owner_staff"), "differences", "staff", ["owner"], ["id"])
    _items()
    _parts()
    _proofs()
    for statement in guards.statements(TABLES):
        op.execute(statement)


def _items() -> None:
    op.create_table(
        "suspense_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cash", sa.Text(), nullable=False),
        sa.Column("fund_id", sa.Uuid(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("left_cents", sa.BigInteger(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=True),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "cash IN ('cash_stripe', 'cash_bank', 'cash_card')", name=op.f("ck_suspense_items_cash_known")
        ),
        sa.CheckConstraint(
            "kind IN ('card_charge', 'card_over_capture', 'card_refund', 'outage_payment', 'other')",
            name=op.f("ck_suspense_items_kind_known"),
        ),
        sa.CheckConstraint("cents <> 0", name=op.f("ck_suspense_items_cents_not_zero")),
        sa.CheckConstraint(
            "left_cents BETWEEN LEAST(cents, 0) AND GREATEST(cents, 0)",
            name=op.f("ck_suspense_items_left_within_cents"),
        ),
        sa.ForeignKeyConstraint(
            ["fund_id"], ["funding_sources.id"], name=op.f("fk_suspense_items_fund_id_funding_sources")
        ),
        sa.ForeignKeyConstraint(["owner"], ["staff.id"], name=op.f("fk_suspense_items_owner_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspense_items")),
        sa.UniqueConstraint("object_id", name=op.f("uq_suspense_items_object_id")),
    )
    op.create_index(
        "ix_suspense_items_left",
        "suspense_items",
        ["held_at"],
        postgresql_where=sa.text("left_cents <> 0"),
    )


def _parts() -> None:
    op.create_table(
        "suspense_parts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.LargeBinary(), nullable=False),
        sa.Column("explained_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("explained_by", sa.Text(), nullable=False),
        sa.CheckConstraint("cents <> 0", name=op.f("ck_suspense_parts_cents_not_zero")),
        sa.ForeignKeyConstraint(
            ["item_id"], ["suspense_items.id"], name=op.f("fk_suspense_parts_item_id_suspense_items")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspense_parts")),
        sa.UniqueConstraint("item_id", "part", name=op.f("uq_suspense_parts_item_id_part")),
    )


def _proofs() -> None:
    op.create_table(
        "account_proofs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("differences", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "account IN ('cash_stripe', 'cash_card')", name=op.f("ck_account_proofs_account_known")
        ),
        sa.CheckConstraint("differences >= 0", name=op.f("ck_account_proofs_differences_counted")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_proofs")),
    )
    op.create_index("ix_account_proofs_account", "account_proofs", ["account", "proved_at"])
