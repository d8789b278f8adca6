"""The whole house as it first stood."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from reunify.migrations import guards

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# An event that does not balance cannot be committed, by whatever route.
BALANCED_AT_COMMIT = (
    """CREATE OR REPLACE FUNCTION ledger_entries_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM ledger_entries e WHERE e.event_id = NEW.event_id
    GROUP BY e.book, e.fund_id, e.unit HAVING sum(e.amount) <> 0
  ) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'check_violation', MESSAGE = 'Ledger event ' || NEW.event_id || ' is not balanced.';
  END IF;
  RETURN NULL;
END $$""",
    """CREATE OR REPLACE FUNCTION ledger_event_has_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM ledger_entries e WHERE e.event_id = NEW.id) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'check_violation', MESSAGE = 'Ledger event ' || NEW.id || ' has no entries.';
  END IF;
  RETURN NULL;
END $$""",
    """CREATE CONSTRAINT TRIGGER ledger_entries_balanced AFTER INSERT OR UPDATE ON ledger_entries DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_entries_balance()""",
    """CREATE CONSTRAINT TRIGGER ledger_events_not_empty AFTER INSERT ON ledger_events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_event_has_entries()""",
)
TABLES = (
    "allocation_lines",
    "allocations",
    "assessments",
    "attempts",
    "audit_entries",
    "awards",
    "determinations",
    "differences",
    "documents",
    "family_links",
    "family_sessions",
    "files_blobs",
    "fund_amounts",
    "fund_limits",
    "funding_sources",
    "instruction_lines",
    "instructions",
    "ledger_balances",
    "ledger_caps",
    "ledger_entries",
    "ledger_events",
    "ledger_hold_caps",
    "ledger_holds",
    "logged_payments",
    "organisation_settings",
    "payees",
    "person_keys",
    "persons",
    "refusals",
    "request_versions",
    "requests",
    "rule_files",
    "sign_in_failures",
    "staff",
    "staff_decisions",
    "staff_sessions",
    "webhook_inbox",
)


def upgrade() -> None:
    # Better to fail in five seconds than to make every page wait behind this migration.
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("target", sa.Text(), nullable=True),
        sa.Column("why", sa.LargeBinary(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
    )
    op.create_index(op.f("ix_audit_entries_subject_id"), "audit_entries", ["subject_id"], unique=False)
    op.create_table(
        "files_blobs",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_files_blobs_sha256_hex")),
        sa.CheckConstraint("size >= 0", name=op.f("ck_files_blobs_size_not_negative")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_files_blobs")),
    )
    op.create_table(
        "funding_sources",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("public_name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("award_number", sa.Text(), nullable=True),
        sa.Column("assistance_listing", sa.Text(), nullable=True),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=True),
        sa.Column("organisation_set", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('held', 'asked', 'elsewhere')", name=op.f("ck_funding_sources_kind_known")
        ),
        sa.CheckConstraint(
            "state IN ('open', 'frozen', 'closed')", name=op.f("ck_funding_sources_state_known")
        ),
        sa.CheckConstraint("unit IN ('cents', 'night')", name=op.f("ck_funding_sources_unit_known")),
        sa.CheckConstraint(
            "NOT organisation_set OR award_number IS NULL", name=op.f("ck_funding_sources_own_rules_no_award")
        ),
        sa.CheckConstraint("period_end >= period_start", name=op.f("ck_funding_sources_period_in_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_funding_sources")),
        sa.UniqueConstraint("code", name=op.f("uq_funding_sources_code")),
    )
    op.create_table(
        "ledger_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("external_ref", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('authorise', 'draw_down', 'reserve', 'unreserve', 'obligate', 'unobligate', 'expend', 'fail', 'give_back', 'fee')",
            name=op.f("ck_ledger_events_kind_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_events")),
        sa.UniqueConstraint("external_ref", name=op.f("uq_ledger_events_external_ref")),
    )
    op.create_table(
        "organisation_settings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(key IN ('small_amount_limit_cents')) = (cents IS NOT NULL)",
            name=op.f("ck_organisation_settings_money_in_cents"),
        ),
        sa.CheckConstraint(
            "key IN ('name', 'time_zone', 'letterhead', 'day_phone', 'night_phone', 'email', 'small_amount_limit_cents', 'guideline_limit_percent', 'fare_contingency_percent')",
            name=op.f("ck_organisation_settings_key_known"),
        ),
        sa.CheckConstraint(
            "(cents IS NULL) <> (text IS NULL)", name=op.f("ck_organisation_settings_one_value")
        ),
        sa.CheckConstraint("cents >= 0", name=op.f("ck_organisation_settings_cents_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_settings")),
        sa.UniqueConstraint("id", "cents", name=op.f("uq_organisation_settings_id_cents")),
        sa.UniqueConstraint("sequence", name=op.f("uq_organisation_settings_sequence")),
    )
    op.create_index(
        "ix_organisation_settings_key_from",
        "organisation_settings",
        ["key", "effective_from", "sequence"],
        unique=False,
    )
    op.create_table(
        "persons",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_persons")),
    )
    op.create_table(
        "rule_files",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("sha256 = encode(sha256(bytes), 'hex')", name=op.f("ck_rule_files_fingerprint")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_rule_files")),
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("username_hash", sa.Text(), nullable=False),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("username_hash", name=op.f("pk_sign_in_failures")),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("roles", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("username", name=op.f("uq_staff_username")),
    )
    op.create_table(
        "webhook_inbox",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=True),
        sa.Column("idem_key", sa.Text(), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("parked", sa.Text(), nullable=True),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("try_after", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_inbox")),
    )
    op.create_index(
        "ix_webhook_inbox_unhandled",
        "webhook_inbox",
        ["try_after"],
        unique=False,
        postgresql_where=sa.text("handled_at IS NULL AND parked IS NULL"),
    )
    op.create_table(
        "differences",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("object_id", sa.Text(), nullable=False),
        sa.Column("expected_cents", sa.BigInteger(), nullable=True),
        sa.Column("found_cents", sa.BigInteger(), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.Uuid(), nullable=True),
        sa.Column("resolution", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('payment_not_ours', 'payment_not_in_ledger', 'ledger_without_payment', 'statement_does_not_add_up', 'cash_differs', 'fee_not_coded', 'other_amount')",
            name=op.f("ck_differences_kind_known"),
        ),
        sa.CheckConstraint(
            "(resolved_at IS NULL) = (resolution IS NULL)", name=op.f("ck_differences_resolution_paired")
        ),
        sa.ForeignKeyConstraint(["resolved_by"], ["staff.id"], name=op.f("fk_differences_resolved_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_differences")),
    )
    op.create_index(
        "uq_differences_one_open",
        "differences",
        ["kind", "object_id"],
        unique=True,
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "family_links",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("pin_hash", sa.Text(), nullable=False),
        sa.Column("tries_left", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("tries_left >= 0", name=op.f("ck_family_links_tries_not_negative")),
        sa.ForeignKeyConstraint(["made_by"], ["staff.id"], name=op.f("fk_family_links_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_family_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_family_links_token_hash")),
    )
    op.create_index(op.f("ix_family_links_request_id"), "family_links", ["request_id"], unique=False)
    op.create_table(
        "fund_amounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fund_id", sa.Uuid(), nullable=False),
        sa.Column("budget_category", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("authorized", sa.BigInteger(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "budget_category IN ('transport', 'lodging', 'meals', 'other')",
            name=op.f("ck_fund_amounts_budget_category_known"),
        ),
        sa.CheckConstraint("authorized >= 0", name=op.f("ck_fund_amounts_authorized_not_negative")),
        sa.ForeignKeyConstraint(["fund_id"], ["funding_sources.id"], name=op.f("fk_fund_amounts_fund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_amounts")),
        sa.UniqueConstraint(
            "fund_id",
            "budget_category",
            "number",
            name=op.f("uq_fund_amounts_fund_id_budget_category_number"),
        ),
    )
    op.create_index(op.f("ix_fund_amounts_fund_id"), "fund_amounts", ["fund_id"], unique=False)
    op.create_table(
        "fund_limits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fund_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("at_most", sa.BigInteger(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("scope IN ('trip', 'family', 'child')", name=op.f("ck_fund_limits_scope_known")),
        sa.CheckConstraint("at_most > 0", name=op.f("ck_fund_limits_at_most_positive")),
        sa.ForeignKeyConstraint(["fund_id"], ["funding_sources.id"], name=op.f("fk_fund_limits_fund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_limits")),
    )
    op.create_index(op.f("ix_fund_limits_fund_id"), "fund_limits", ["fund_id"], unique=False)
    op.create_table(
        "ledger_balances",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fund_id", sa.Uuid(), nullable=False),
        sa.Column("budget_category", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("authorized", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reserved", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("obligated", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("expended", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "available",
            sa.BigInteger(),
            sa.Computed("authorized - reserved - obligated - expended", persisted=True),
            nullable=False,
        ),
        sa.CheckConstraint(
            "budget_category IN ('transport', 'lodging', 'meals', 'other')",
            name=op.f("ck_ledger_balances_budget_category_known"),
        ),
        sa.CheckConstraint("unit IN ('cents', 'night')", name=op.f("ck_ledger_balances_unit_known")),
        sa.CheckConstraint("authorized >= 0", name=op.f("ck_ledger_balances_authorized_not_negative")),
        sa.CheckConstraint("available >= 0", name=op.f("ck_ledger_balances_available_not_negative")),
        sa.CheckConstraint("expended >= 0", name=op.f("ck_ledger_balances_expended_not_negative")),
        sa.CheckConstraint("obligated >= 0", name=op.f("ck_ledger_balances_obligated_not_negative")),
        sa.CheckConstraint("reserved >= 0", name=op.f("ck_ledger_balances_reserved_not_negative")),
        sa.ForeignKeyConstraint(["fund_id"], ["funding_sources.id"], name=op.f("fk_ledger_balances_fund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_balances")),
        sa.UniqueConstraint(
            "fund_id", "budget_category", "unit", name=op.f("uq_ledger_balances_fund_id_budget_category_unit")
        ),
    )
    op.create_table(
        "ledger_caps",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fund_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("scope_id", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), server_default="", nullable=False),
        sa.Column("at_most", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "scope IN ('trip', 'family', 'child', 'category', 'lifetime')",
            name=op.f("ck_ledger_caps_scope_known"),
        ),
        sa.CheckConstraint("unit IN ('cents', 'night')", name=op.f("ck_ledger_caps_unit_known")),
        sa.CheckConstraint("used >= 0 AND used <= at_most", name=op.f("ck_ledger_caps_used_within_limit")),
        sa.ForeignKeyConstraint(["fund_id"], ["funding_sources.id"], name=op.f("fk_ledger_caps_fund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_caps")),
        sa.UniqueConstraint(
            "fund_id",
            "scope",
            "scope_id",
            "unit",
            "category",
            name=op.f("uq_ledger_caps_fund_id_scope_scope_id_unit_category"),
        ),
    )
    op.create_table(
        "ledger_holds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fund_id", sa.Uuid(), nullable=False),
        sa.Column("budget_category", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("ceiling", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("obligated", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("expended", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "state",
            sa.Text(),
            sa.Computed(
                "CASE WHEN reserved > 0 THEN 'reserved' WHEN obligated > 0 THEN 'obligated' WHEN expended > 0 THEN 'expended' ELSE 'released' END",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "budget_category IN ('transport', 'lodging', 'meals', 'other')",
            name=op.f("ck_ledger_holds_budget_category_known"),
        ),
        sa.CheckConstraint("unit IN ('cents', 'night')", name=op.f("ck_ledger_holds_unit_known")),
        sa.CheckConstraint("ceiling > 0", name=op.f("ck_ledger_holds_ceiling_positive")),
        sa.CheckConstraint(
            "reserved + obligated + expended <= ceiling", name=op.f("ck_ledger_holds_within_ceiling")
        ),
        sa.CheckConstraint(
            "reserved >= 0 AND obligated >= 0 AND expended >= 0", name=op.f("ck_ledger_holds_not_negative")
        ),
        sa.ForeignKeyConstraint(["fund_id"], ["funding_sources.id"], name=op.f("fk_ledger_holds_fund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_holds")),
    )
    op.create_table(
        "person_keys",
        sa.Column("index", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_person_keys_person_id")),
        sa.PrimaryKeyConstraint("index", name=op.f("pk_person_keys")),
    )
    op.create_index(op.f("ix_person_keys_person_id"), "person_keys", ["person_id"], unique=False)
    op.create_table(
        "requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("child_person_id", sa.Uuid(), nullable=True),
        sa.Column("draft", sa.LargeBinary(), nullable=False),
        sa.Column("draft_revision", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'submitted', 'withdrawn')", name=op.f("ck_requests_state_known")
        ),
        sa.ForeignKeyConstraint(
            ["child_person_id"], ["persons.id"], name=op.f("fk_requests_child_person_id")
        ),
        sa.ForeignKeyConstraint(["requested_by"], ["staff.id"], name=op.f("fk_requests_requested_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
        sa.UniqueConstraint("id", "requested_by", name=op.f("uq_requests_id_requested_by")),
        sa.UniqueConstraint("reference", name=op.f("uq_requests_reference")),
    )
    op.create_index(op.f("ix_requests_child_person_id"), "requests", ["child_person_id"], unique=False)
    op.create_index(op.f("ix_requests_created_at"), "requests", ["created_at"], unique=False)
    op.create_index(op.f("ix_requests_requested_by"), "requests", ["requested_by"], unique=False)
    op.create_table(
        "staff_sessions",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_sessions_staff_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_staff_sessions")),
    )
    op.create_index(op.f("ix_staff_sessions_staff_id"), "staff_sessions", ["staff_id"], unique=False)
    op.create_table(
        "family_sessions",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["link_id"], ["family_links.id"], name=op.f("fk_family_sessions_link_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_family_sessions")),
    )
    op.create_index(op.f("ix_family_sessions_link_id"), "family_sessions", ["link_id"], unique=False)
    op.create_table(
        "ledger_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("fund_id", sa.Uuid(), nullable=False),
        sa.Column("budget_category", sa.Text(), nullable=True),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("hold_id", sa.Uuid(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(book = 'actual') <> (account IN ('authorized', 'available', 'reserved', 'obligated', 'expended'))",
            name=op.f("ck_ledger_entries_account_of_book"),
        ),
        sa.CheckConstraint(
            "(book = 'units') = (unit <> 'cents')", name=op.f("ck_ledger_entries_kind_apart_from_cash")
        ),
        sa.CheckConstraint(
            "account IN ('authorized', 'available', 'reserved', 'obligated', 'expended', 'cash_stripe', 'cash_bank', 'grant_revenue', 'expense', 'bank_fees')",
            name=op.f("ck_ledger_entries_account_known"),
        ),
        sa.CheckConstraint(
            "book = 'actual' OR budget_category IS NOT NULL",
            name=op.f("ck_ledger_entries_budget_by_category"),
        ),
        sa.CheckConstraint(
            "book IN ('budget', 'actual', 'units')", name=op.f("ck_ledger_entries_book_known")
        ),
        sa.CheckConstraint(
            "budget_category IN ('transport', 'lodging', 'meals', 'other')",
            name=op.f("ck_ledger_entries_budget_category_known"),
        ),
        sa.CheckConstraint("unit IN ('cents', 'night')", name=op.f("ck_ledger_entries_unit_known")),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_ledger_entries_amount_not_zero")),
        sa.ForeignKeyConstraint(["event_id"], ["ledger_events.id"], name=op.f("fk_ledger_entries_event_id")),
        sa.ForeignKeyConstraint(["fund_id"], ["funding_sources.id"], name=op.f("fk_ledger_entries_fund_id")),
        sa.ForeignKeyConstraint(["hold_id"], ["ledger_holds.id"], name=op.f("fk_ledger_entries_hold_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
    )
    op.create_index(op.f("ix_ledger_entries_account"), "ledger_entries", ["account"], unique=False)
    op.create_index(op.f("ix_ledger_entries_event_id"), "ledger_entries", ["event_id"], unique=False)
    op.create_index(op.f("ix_ledger_entries_hold_id"), "ledger_entries", ["hold_id"], unique=False)
    op.create_table(
        "ledger_hold_caps",
        sa.Column("hold_id", sa.Uuid(), nullable=False),
        sa.Column("cap_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["cap_id"], ["ledger_caps.id"], name=op.f("fk_ledger_hold_caps_cap_id")),
        sa.ForeignKeyConstraint(["hold_id"], ["ledger_holds.id"], name=op.f("fk_ledger_hold_caps_hold_id")),
        sa.PrimaryKeyConstraint("hold_id", "cap_id", name=op.f("pk_ledger_hold_caps")),
    )
    op.create_index(op.f("ix_ledger_hold_caps_cap_id"), "ledger_hold_caps", ["cap_id"], unique=False)
    op.create_table(
        "payees",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("legal_name", sa.LargeBinary(), nullable=False),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("stripe_consent", sa.Boolean(), nullable=False),
        sa.Column("stripe_recipient", sa.Text(), nullable=True),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name=op.f("ck_payees_country_two_letters")),
        sa.CheckConstraint("kind IN ('person', 'vendor', 'partner')", name=op.f("ck_payees_kind_known")),
        sa.CheckConstraint(
            "stripe_recipient IS NULL OR (stripe_consent AND email IS NOT NULL)",
            name=op.f("ck_payees_recipient_needs_consent"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_payees_numbered_from_one")),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_payees_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payees")),
        sa.UniqueConstraint("request_id", "key", "version", name=op.f("uq_payees_request_id_key_version")),
    )
    op.create_table(
        "request_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("submitted_by", sa.Uuid(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('submission', 'answer', 'check_again')", name=op.f("ck_request_versions_kind_known")
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_request_versions_numbered_from_one")),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_request_versions_request_id")),
        sa.ForeignKeyConstraint(
            ["submitted_by"], ["staff.id"], name=op.f("fk_request_versions_submitted_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_versions")),
        sa.UniqueConstraint("id", "submitted_by", name=op.f("uq_request_versions_id_submitted_by")),
        sa.UniqueConstraint("request_id", "number", name=op.f("uq_request_versions_request_id_number")),
    )
    op.create_index(op.f("ix_request_versions_request_id"), "request_versions", ["request_id"], unique=False)
    op.create_table(
        "staff_decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("requirement", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("about", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "decision IN ('met', 'not_met', 'attested')", name=op.f("ck_staff_decisions_decision_known")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_staff_decisions_decided_by")),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_staff_decisions_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_decisions")),
        sa.UniqueConstraint("sequence", name=op.f("uq_staff_decisions_sequence")),
    )
    op.create_index(op.f("ix_staff_decisions_request_id"), "staff_decisions", ["request_id"], unique=False)
    op.create_table(
        "allocations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("certificate", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_allocations_request_id")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["request_versions.id"], name=op.f("fk_allocations_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocations")),
        sa.UniqueConstraint("version_id", name=op.f("uq_allocations_version_id")),
    )
    op.create_index(op.f("ix_allocations_request_id"), "allocations", ["request_id"], unique=False)
    op.create_table(
        "assessments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("asks_family", sa.Boolean(), nullable=False),
        sa.Column("questions", sa.LargeBinary(), nullable=False),
        sa.Column("owed_by", sa.Date(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('payable', 'needs_information', 'needs_staff_decision', 'no_source', 'not_judged')",
            name=op.f("ck_assessments_outcome_known"),
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_assessments_numbered_from_one")),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_assessments_request_id")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["request_versions.id"], name=op.f("fk_assessments_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessments")),
        sa.UniqueConstraint("version_id", name=op.f("uq_assessments_version_id")),
    )
    op.create_index(op.f("ix_assessments_outcome"), "assessments", ["outcome"], unique=False)
    op.create_index("ix_assessments_request_number", "assessments", ["request_id", "number"], unique=False)
    op.create_table(
        "refusals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("version_number", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'confirmed') = (confirmed_by IS NOT NULL)",
            name=op.f("ck_refusals_confirmed_by_someone"),
        ),
        sa.CheckConstraint(
            "state IN ('proposed', 'confirmed', 'replaced')", name=op.f("ck_refusals_state_known")
        ),
        sa.CheckConstraint(
            "(confirmed_by IS NULL) = (confirmed_at IS NULL)", name=op.f("ck_refusals_confirmation_paired")
        ),
        sa.ForeignKeyConstraint(["confirmed_by"], ["staff.id"], name=op.f("fk_refusals_confirmed_by")),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_refusals_request_id")),
        sa.ForeignKeyConstraint(["version_id"], ["request_versions.id"], name=op.f("fk_refusals_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusals")),
        sa.UniqueConstraint("version_id", name=op.f("uq_refusals_version_id")),
    )
    op.create_index(op.f("ix_refusals_request_id"), "refusals", ["request_id"], unique=False)
    op.create_index(op.f("ix_refusals_state"), "refusals", ["state"], unique=False)
    op.create_table(
        "allocation_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("allocation_id", sa.Uuid(), nullable=False),
        sa.Column("line_key", sa.Text(), nullable=False),
        sa.Column("fund_id", sa.Uuid(), nullable=False),
        sa.Column("budget_category", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("settlement", sa.Text(), nullable=False),
        sa.Column("payee_key", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("ceiling", sa.BigInteger(), nullable=False),
        sa.Column("payable", sa.BigInteger(), nullable=False),
        sa.Column("hold_id", sa.Uuid(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.CheckConstraint("basis <> ''", name=op.f("ck_allocation_lines_allocability_recorded")),
        sa.CheckConstraint("ceiling > 0", name=op.f("ck_allocation_lines_ceiling_positive")),
        sa.CheckConstraint(
            "payable BETWEEN 0 AND ceiling", name=op.f("ck_allocation_lines_payable_within_ceiling")
        ),
        sa.ForeignKeyConstraint(
            ["allocation_id"], ["allocations.id"], name=op.f("fk_allocation_lines_allocation_id")
        ),
        sa.ForeignKeyConstraint(
            ["fund_id"], ["funding_sources.id"], name=op.f("fk_allocation_lines_fund_id")
        ),
        sa.ForeignKeyConstraint(["hold_id"], ["ledger_holds.id"], name=op.f("fk_allocation_lines_hold_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocation_lines")),
        sa.UniqueConstraint(
            "allocation_id",
            "line_key",
            "fund_id",
            name=op.f("uq_allocation_lines_allocation_id_line_key_fund_id"),
        ),
        sa.UniqueConstraint("hold_id", name=op.f("uq_allocation_lines_hold_id")),
    )
    op.create_index(
        op.f("ix_allocation_lines_allocation_id"), "allocation_lines", ["allocation_id"], unique=False
    )
    op.create_table(
        "awards",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("version_number", sa.BigInteger(), nullable=False),
        sa.Column("allocation_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("submitted_by", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("ceiling_cents", sa.BigInteger(), nullable=False),
        sa.Column("limit_setting_id", sa.Uuid(), nullable=False),
        sa.Column("small_limit_cents", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("letter", sa.LargeBinary(), nullable=True),
        sa.Column("template_hashes", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.Uuid(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_reason", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "state <> 'released' OR released_by IS NOT NULL", name=op.f("ck_awards_released_by_someone")
        ),
        sa.CheckConstraint(
            "state IN ('awaiting_approval', 'approved', 'released', 'declined', 'replaced')",
            name=op.f("ck_awards_state_known"),
        ),
        sa.CheckConstraint(
            "(approved_by IS NULL) = (approved_at IS NULL)", name=op.f("ck_awards_approval_paired")
        ),
        sa.CheckConstraint(
            "(approved_by IS NULL) = (digest IS NULL)", name=op.f("ck_awards_approval_has_digest")
        ),
        sa.CheckConstraint(
            "(released_by IS NULL) = (released_at IS NULL)", name=op.f("ck_awards_release_paired")
        ),
        sa.CheckConstraint(
            "approved_by IS NULL OR (approved_by <> requested_by AND approved_by <> submitted_by)",
            name=op.f("ck_awards_author_never_approves"),
        ),
        sa.CheckConstraint("ceiling_cents >= 0", name=op.f("ck_awards_ceiling_not_negative")),
        sa.CheckConstraint(
            "released_by IS NULL OR (released_by <> requested_by AND released_by <> submitted_by)",
            name=op.f("ck_awards_author_never_releases"),
        ),
        sa.CheckConstraint(
            "released_by IS NULL OR approved_by IS NOT NULL", name=op.f("ck_awards_approved_before_released")
        ),
        sa.CheckConstraint(
            "released_by IS NULL OR released_by <> approved_by OR ceiling_cents <= small_limit_cents",
            name=op.f("ck_awards_two_finance_people_above_limit"),
        ),
        sa.ForeignKeyConstraint(["allocation_id"], ["allocations.id"], name=op.f("fk_awards_allocation_id")),
        sa.ForeignKeyConstraint(["approved_by"], ["staff.id"], name=op.f("fk_awards_approved_by")),
        sa.ForeignKeyConstraint(
            ["limit_setting_id", "small_limit_cents"],
            ["organisation_settings.id", "organisation_settings.cents"],
            name=op.f("fk_awards_limit_setting_id_small_limit_cents"),
        ),
        sa.ForeignKeyConstraint(["released_by"], ["staff.id"], name=op.f("fk_awards_released_by")),
        sa.ForeignKeyConstraint(
            ["request_id", "requested_by"],
            ["requests.id", "requests.requested_by"],
            name=op.f("fk_awards_request_id_requested_by"),
        ),
        sa.ForeignKeyConstraint(
            ["version_id", "submitted_by"],
            ["request_versions.id", "request_versions.submitted_by"],
            name=op.f("fk_awards_version_id_submitted_by"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_awards")),
        sa.UniqueConstraint("allocation_id", name=op.f("uq_awards_allocation_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_awards_reference")),
    )
    op.create_index(op.f("ix_awards_request_id"), "awards", ["request_id"], unique=False)
    op.create_index(op.f("ix_awards_state"), "awards", ["state"], unique=False)
    op.create_index(
        "uq_awards_one_live",
        "awards",
        ["request_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('awaiting_approval', 'approved', 'released')"),
    )
    op.create_table(
        "determinations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("facts_hash", sa.Text(), nullable=False),
        sa.Column("rule_sha256", sa.Text(), nullable=False),
        sa.Column("fields_sha256", sa.Text(), nullable=False),
        sa.Column("parameters_sha256", sa.Text(), nullable=False),
        sa.Column("engine_version", sa.Text(), nullable=False),
        sa.Column("answer_hash", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "answer IN ('eligible', 'eligible_provisional', 'ineligible', 'needs_information', 'needs_staff_decision', 'worth_applying', 'unlikely', 'ask')",
            name=op.f("ck_determinations_answer_known"),
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_determinations_numbered_from_one")),
        sa.ForeignKeyConstraint(
            ["assessment_id"], ["assessments.id"], name=op.f("fk_determinations_assessment_id")
        ),
        sa.ForeignKeyConstraint(
            ["fields_sha256"], ["rule_files.sha256"], name=op.f("fk_determinations_fields_sha256")
        ),
        sa.ForeignKeyConstraint(
            ["parameters_sha256"], ["rule_files.sha256"], name=op.f("fk_determinations_parameters_sha256")
        ),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_determinations_request_id")),
        sa.ForeignKeyConstraint(
            ["rule_sha256"], ["rule_files.sha256"], name=op.f("fk_determinations_rule_sha256")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["request_versions.id"], name=op.f("fk_determinations_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_determinations")),
        sa.UniqueConstraint("version_id", "source", name=op.f("uq_determinations_version_id_source")),
    )
    op.create_index(
        op.f("ix_determinations_assessment_id"), "determinations", ["assessment_id"], unique=False
    )
    op.create_index(op.f("ix_determinations_request_id"), "determinations", ["request_id"], unique=False)
    op.create_table(
        "documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("award_id", sa.Uuid(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("template_hash", sa.Text(), nullable=False),
        sa.Column("context_hash", sa.Text(), nullable=False),
        sa.Column("award_digest", sa.Text(), nullable=True),
        sa.Column("docx_sha256", sa.Text(), nullable=False),
        sa.Column("pdf_sha256", sa.Text(), nullable=False),
        sa.Column("ics_sha256", sa.Text(), nullable=True),
        sa.Column("pdf_tagged", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind <> 'approval_letter' OR (award_id IS NOT NULL AND award_digest IS NOT NULL)",
            name=op.f("ck_documents_approval_letter_names_its_award"),
        ),
        sa.CheckConstraint(
            "kind IN ('approval_letter', 'refusal_letter', 'information_request', 'itinerary')",
            name=op.f("ck_documents_kind_known"),
        ),
        sa.CheckConstraint("language IN ('en', 'es')", name=op.f("ck_documents_language_known")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_documents_numbered_from_one")),
        sa.ForeignKeyConstraint(["award_id"], ["awards.id"], name=op.f("fk_documents_award_id")),
        sa.ForeignKeyConstraint(
            ["docx_sha256"], ["files_blobs.sha256"], name=op.f("fk_documents_docx_sha256")
        ),
        sa.ForeignKeyConstraint(["ics_sha256"], ["files_blobs.sha256"], name=op.f("fk_documents_ics_sha256")),
        sa.ForeignKeyConstraint(["pdf_sha256"], ["files_blobs.sha256"], name=op.f("fk_documents_pdf_sha256")),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_documents_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        sa.UniqueConstraint(
            "request_id",
            "number",
            "kind",
            "language",
            "award_digest",
            name="uq_documents_once",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_documents_award_id"), "documents", ["award_id"], unique=False)
    op.create_index(op.f("ix_documents_request_id"), "documents", ["request_id"], unique=False)
    op.create_table(
        "instructions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("award_id", sa.Uuid(), nullable=False),
        sa.Column("award_digest", sa.Text(), nullable=False),
        sa.Column("payee_id", sa.Uuid(), nullable=False),
        sa.Column("rail", sa.Text(), nullable=False),
        sa.Column("rail_reason", sa.Text(), nullable=False),
        sa.Column("moved_from_payout", sa.Boolean(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.Column("try_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("rail = 'logged' OR unit = 'cents'", name=op.f("ck_instructions_payout_is_money")),
        sa.CheckConstraint("rail IN ('global_payout', 'logged')", name=op.f("ck_instructions_rail_known")),
        sa.CheckConstraint(
            "state IN ('ready', 'to_log', 'sending', 'failed', 'settled', 'withdrawn', 'returned', 'recorded')",
            name=op.f("ck_instructions_state_known"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("ck_instructions_amount_positive")),
        sa.ForeignKeyConstraint(["award_id"], ["awards.id"], name=op.f("fk_instructions_award_id")),
        sa.ForeignKeyConstraint(["payee_id"], ["payees.id"], name=op.f("fk_instructions_payee_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instructions")),
    )
    op.create_index("ix_instructions_state", "instructions", ["state"], unique=False)
    op.create_index(
        "uq_instructions_one_live",
        "instructions",
        ["award_id", "payee_id", "rail", "unit", "moved_from_payout"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('withdrawn')"),
    )
    op.create_table(
        "attempts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("instruction_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("stripe_id", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("first_sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("calling_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("try_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'unknown', 'failed', 'in_flight', 'posted', 'canceled', 'returned', 'stuck')",
            name=op.f("ck_attempts_state_known"),
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_attempts_numbered_from_one")),
        sa.ForeignKeyConstraint(
            ["instruction_id"], ["instructions.id"], name=op.f("fk_attempts_instruction_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_attempts_idempotency_key")),
        sa.UniqueConstraint("instruction_id", "number", name=op.f("uq_attempts_instruction_id_number")),
        sa.UniqueConstraint("stripe_id", name=op.f("uq_attempts_stripe_id")),
    )
    op.create_index("ix_attempts_state", "attempts", ["state"], unique=False)
    op.create_index(
        "uq_attempts_one_open",
        "attempts",
        ["instruction_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('open', 'unknown', 'in_flight', 'stuck')"),
    )
    op.create_table(
        "instruction_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("instruction_id", sa.Uuid(), nullable=False),
        sa.Column("allocation_line_id", sa.Uuid(), nullable=False),
        sa.Column("fund_id", sa.Uuid(), nullable=False),
        sa.Column("budget_category", sa.Text(), nullable=False),
        sa.Column("settlement", sa.Text(), nullable=False),
        sa.Column("hold_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_instruction_lines_amount_positive")),
        sa.ForeignKeyConstraint(
            ["allocation_line_id"],
            ["allocation_lines.id"],
            name=op.f("fk_instruction_lines_allocation_line_id"),
        ),
        sa.ForeignKeyConstraint(
            ["fund_id"], ["funding_sources.id"], name=op.f("fk_instruction_lines_fund_id")
        ),
        sa.ForeignKeyConstraint(
            ["instruction_id"], ["instructions.id"], name=op.f("fk_instruction_lines_instruction_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instruction_lines")),
        sa.UniqueConstraint(
            "instruction_id",
            "allocation_line_id",
            name=op.f("uq_instruction_lines_instruction_id_allocation_line_id"),
        ),
    )
    op.create_index(
        op.f("ix_instruction_lines_allocation_line_id"),
        "instruction_lines",
        ["allocation_line_id"],
        unique=False,
    )
    op.create_table(
        "logged_payments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("instruction_id", sa.Uuid(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("external_reference", sa.LargeBinary(), nullable=False),
        sa.Column("evidence_note", sa.LargeBinary(), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("recorder", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verifier", sa.Uuid(), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("stripe_account", sa.Text(), nullable=True),
        sa.Column("stripe_metadata_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'verified') = (verifier IS NOT NULL)",
            name=op.f("ck_logged_payments_verified_by_someone"),
        ),
        sa.CheckConstraint(
            "instrument IN ('check', 'voucher', 'vendor_payment', 'hotel_night', 'card')",
            name=op.f("ck_logged_payments_instrument_known"),
        ),
        sa.CheckConstraint(
            "state IN ('recorded', 'verified', 'voided')", name=op.f("ck_logged_payments_state_known")
        ),
        sa.CheckConstraint(
            "(verifier IS NULL) = (verified_at IS NULL)", name=op.f("ck_logged_payments_verification_paired")
        ),
        sa.CheckConstraint("verifier <> recorder", name=op.f("ck_logged_payments_verifier_is_another")),
        sa.ForeignKeyConstraint(
            ["instruction_id"], ["instructions.id"], name=op.f("fk_logged_payments_instruction_id")
        ),
        sa.ForeignKeyConstraint(["recorder"], ["staff.id"], name=op.f("fk_logged_payments_recorder")),
        sa.ForeignKeyConstraint(["verifier"], ["staff.id"], name=op.f("fk_logged_payments_verifier")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logged_payments")),
    )
    op.create_index(
        "ix_logged_payments_to_note",
        "logged_payments",
        ["verified_at"],
        unique=False,
        postgresql_where=sa.text("stripe_account IS NOT NULL AND stripe_metadata_at IS NULL"),
    )
    op.create_index(
        "uq_logged_payments_one_live",
        "logged_payments",
        ["instruction_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'voided'"),
    )
    for statement in BALANCED_AT_COMMIT:
        op.execute(statement)
    for statement in guards.statements(TABLES):
        op.execute(statement)
