"""Reports to the funder as they were prepared, and what obligates as dated policy of the organisation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from reunify.migrations import guards

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLES = ("sf425_reports", "sf425_events")
_KEYS = (
    "name",
    "time_zone",
    "letterhead",
    "day_phone",
    "night_phone",
    "email",
    "small_amount_limit_cents",
    "guideline_limit_percent",
    "fare_contingency_percent",
    "funder_answer_working_days",
    "reservation_days",
    "obligates_vendor_billed",
    "obligates_repaid",
    "obligates_advance",
    "obligates_partner_gives",
    "obligates_organisation_books",
)


def upgrade() -> None:
    _policy()
    _reports()
    op.create_table(
        "sf425_events",
        sa.Column("fund_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["fund_id"], ["funding_sources.id"], name=op.f("fk_sf425_events_fund_id")),
        sa.ForeignKeyConstraint(["event_id"], ["ledger_events.id"], name=op.f("fk_sf425_events_event_id")),
        sa.ForeignKeyConstraint(
            ["report_id"],
            ["sf425_reports.id"],
            name=op.f("fk_sf425_events_report_id"),
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.PrimaryKeyConstraint("fund_id", "event_id", name=op.f("pk_sf425_events")),
    )
    op.create_index(op.f("ix_sf425_events_report_id"), "sf425_events", ["report_id"])
    for statement in guards.statements(TABLES):
        op.execute(statement)


def _policy() -> None:
    """The lines instructed so far were obligated by the policy that was built in until now."""
    keys = ", ".join(f"'{key}'" for key in _KEYS)
    name = "ck_organisation_settings_key_known"
    op.drop_constraint(op.f(name), "organisation_settings", type_="check")
    op.create_check_constraint(op.f(name), "organisation_settings", f"key IN ({keys})")
    op.add_column("instruction_lines", sa.Column("binds_at_entry", sa.Boolean(), nullable=True))
    # The table refuses UPDATE, its owner's too: the column is filled as it is typed.
    op.execute(
        "ALTER TABLE instruction_lines ALTER COLUMN binds_at_entry TYPE boolean "
        "USING settlement IN ('partner_gives', 'organisation_books'), ALTER COLUMN binds_at_entry SET NOT NULL"
    )


def _reports() -> None:
    cents = (
        "receipts",
        "disbursements",
        "authorized",
        "expended",
        "obligated",
        "recipient_expended",
        "match_percent",
    )
    op.create_table(
        "sf425_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("fund_id", sa.Uuid(), nullable=False),
        sa.Column("through", sa.Date(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in cents),
        sa.Column("recipient_entries", postgresql.JSONB(), nullable=False),
        sa.Column("prepared_by", sa.Uuid(), nullable=False),
        sa.Column("prepared_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "final OR (extract(month FROM through), extract(day FROM through)) IN ((3, 31), (6, 30), (9, 30), (12, 31))",
            name=op.f("ck_sf425_reports_through_ends_a_quarter"),
        ),
        sa.CheckConstraint("number > 0", name=op.f("ck_sf425_reports_number_from_one")),
        sa.CheckConstraint("match_percent >= 0", name=op.f("ck_sf425_reports_match_not_negative")),
        sa.ForeignKeyConstraint(["fund_id"], ["funding_sources.id"], name=op.f("fk_sf425_reports_fund_id")),
        sa.ForeignKeyConstraint(["prepared_by"], ["staff.id"], name=op.f("fk_sf425_reports_prepared_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sf425_reports")),
        sa.UniqueConstraint("sequence", name=op.f("uq_sf425_reports_sequence")),
        sa.UniqueConstraint(
            "fund_id",
            "through",
            "final",
            "number",
            name=op.f("uq_sf425_reports_fund_id_through_final_number"),
        ),
    )
