"""Awards with their conditions and dated policy; what a unit given in kind is worth."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

from reunify.migrations import guards

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLES = (
    "fund_condition_lifts",
    "fund_conditions",
    "fund_drawdowns",
    "fund_periods",
    "fund_terms",
    "fund_unit_values",
)
_CATEGORY = "budget_category IN ('transport', 'lodging', 'meals', 'other')"


# Whoever holds both is told before, by name of the roles: nobody loses a role by an update of the program.
ROLES_APART = """
DO $$ BEGIN
  IF EXISTS (SELECT FROM staff WHERE roles ? 'fund_manager' AND roles ? 'finance_approver') THEN
    RAISE EXCEPTION 'somebody is fund manager and finance approver: take one of the two roles away first';
  END IF;
END $$"""


def upgrade() -> None:
    _roles()
    _sources()
    _limits()
    _periods()
    _terms()
    _conditions()
    _unit_values()
    _drawdowns()
    for statement in guards.statements(TABLES):
        op.execute(statement)


def _roles() -> None:
    """Whoever says what a fund may spend neither approves nor releases its payments (2 CFR 200.303)."""
    op.execute(ROLES_APART)
    op.drop_constraint(op.f("ck_staff_funds_apart_from_release"), "staff", type_="check")
    op.create_check_constraint(
        op.f("ck_staff_funds_apart_from_paying"),
        "staff",
        "NOT (roles ?| array['fund_manager'] AND roles ?| array['finance_approver', 'finance_releaser'])",
    )


def _sources() -> None:
    """An award that is there already is paid out within 120 days of its period (2 CFR 200.344)."""
    op.add_column("funding_sources", sa.Column("liquidation_date", sa.Date(), nullable=True))
    op.execute(
        "UPDATE funding_sources SET liquidation_date = period_end + 120 WHERE award_number IS NOT NULL"
    )
    for name, rule in (
        ("liquidation_after_period", "liquidation_date >= period_end"),
        ("liquidation_of_end", "liquidation_date IS NULL OR period_end IS NOT NULL"),
    ):
        op.create_check_constraint(op.f(f"ck_funding_sources_{name}"), "funding_sources", rule)


def _limits() -> None:
    op.add_column("fund_limits", sa.Column("budget_category", sa.Text(), server_default="", nullable=False))
    op.drop_constraint(op.f("ck_fund_limits_scope_known"), "fund_limits", type_="check")
    for name, rule in (
        ("scope_known", "scope IN ('trip', 'family', 'child', 'lifetime')"),
        ("budget_category_known", "budget_category IN ('', 'transport', 'lodging', 'meals', 'other')"),
        ("uses_of_all_categories", "scope <> 'lifetime' OR budget_category = ''"),
    ):
        op.create_check_constraint(op.f(f"ck_fund_limits_{name}"), "fund_limits", rule)


def _table(table: str, *parts: SchemaItem, numbered: bool = True) -> None:
    """A table of dated rows of a source: who wrote each and when, numbered within the source."""
    keys = (
        [sa.UniqueConstraint("fund_id", "number", name=op.f(f"uq_{table}_fund_id_number"))]
        if numbered
        else []
    )
    number = [sa.Column("number", sa.BigInteger(), nullable=False)] if numbered else []
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fund_id", sa.Uuid(), nullable=False),
        *number,
        *parts,
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["fund_id"], ["funding_sources.id"], name=op.f(f"fk_{table}_fund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        *keys,
    )


def _periods() -> None:
    _table(
        "fund_periods",
        sa.Column("period_end", sa.Date(), nullable=True),
        sa.Column("liquidation_date", sa.Date(), nullable=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "liquidation_date >= period_end", name=op.f("ck_fund_periods_liquidation_after_period")
        ),
    )
    op.execute(
        "INSERT INTO fund_periods "
        "(id, fund_id, number, period_end, liquidation_date, document, reason, set_by, at) "
        "SELECT gen_random_uuid(), id, 1, period_end, liquidation_date, '', 'opened', 'system:migration', "
        "opened_at FROM funding_sources"
    )


def _terms() -> None:
    _table(
        "fund_terms",
        sa.Column("release", sa.Text(), nullable=False),
        sa.Column("tranches", sa.BigInteger(), nullable=False),
        sa.Column("soonest_first", sa.Boolean(), nullable=False),
        sa.Column("minimum_slice", sa.BigInteger(), nullable=False),
        sa.Column("minimum_grant", sa.BigInteger(), nullable=False),
        sa.Column("match_percent", sa.BigInteger(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("release IN ('first_come', 'paced')", name=op.f("ck_fund_terms_release_known")),
        sa.CheckConstraint(
            "CASE release WHEN 'paced' THEN tranches > 1 ELSE tranches = 1 END",
            name=op.f("ck_fund_terms_paces"),
        ),
        sa.CheckConstraint(
            "minimum_slice >= 0 AND minimum_grant >= 0", name=op.f("ck_fund_terms_least_not_negative")
        ),
        sa.CheckConstraint("match_percent BETWEEN 0 AND 1000", name=op.f("ck_fund_terms_match_in_range")),
    )


def _conditions() -> None:
    _table(
        "fund_conditions",
        sa.Column("budget_category", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("cite", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.CheckConstraint(_CATEGORY, name=op.f("ck_fund_conditions_budget_category_known")),
    )
    op.create_table(
        "fund_condition_lifts",
        sa.Column("condition_id", sa.Uuid(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("approved_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["condition_id"], ["fund_conditions.id"], name=op.f("fk_fund_condition_lifts_condition_id")
        ),
        sa.PrimaryKeyConstraint("condition_id", name=op.f("pk_fund_condition_lifts")),
    )


def _unit_values() -> None:
    _table(
        "fund_unit_values",
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.CheckConstraint("cents > 0", name=op.f("ck_fund_unit_values_cents_positive")),
    )


def _drawdowns() -> None:
    _table(
        "fund_drawdowns",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("cash", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("cents > 0", name=op.f("ck_fund_drawdowns_cents_positive")),
        sa.CheckConstraint("cash IN ('cash_stripe', 'cash_bank')", name=op.f("ck_fund_drawdowns_cash_known")),
        sa.ForeignKeyConstraint(["event_id"], ["ledger_events.id"], name=op.f("fk_fund_drawdowns_event_id")),
        sa.UniqueConstraint("event_id", name=op.f("uq_fund_drawdowns_event_id")),
        sa.UniqueConstraint("fund_id", "reference", name=op.f("uq_fund_drawdowns_fund_id_reference")),
        numbered=False,
    )
