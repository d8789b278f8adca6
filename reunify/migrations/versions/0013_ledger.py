"""Accounting periods that close, counted trips, costs moved to another fund, and what came back from elsewhere."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reunify.migrations import guards

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TABLES = ("ledger_cost_moves", "ledger_periods", "ledger_uses")
KINDS = (
    "kind IN ('authorise', 'draw_down', 'reserve', 'unreserve', 'obligate', 'unobligate', 'expend', 'fail', "
    "'give_back', 'fee', 'cost_transfer', 'recover', 'correct')"
)
# Postings share the lock, the closing of a period has it alone: it waits for those under way, and those that
# wait for it look again. A trigger function sees what was committed before its own question.
NOT_BACK_DATED = (
    """CREATE FUNCTION ledger_event_in_open_period() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock_shared(83860381975890);
  IF EXISTS (SELECT FROM ledger_periods p WHERE p.through >= NEW.day) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'check_violation',
      MESSAGE = 'Ledger event ' || NEW.id || ' is in a closed accounting period.',
      HINT = 'Post it today, with the day it happened.';
  END IF;
  RETURN NEW;
END $$""",
    "CREATE TRIGGER ledger_events_not_back_dated BEFORE INSERT ON ledger_events "
    "FOR EACH ROW EXECUTE FUNCTION ledger_event_in_open_period()",
)

# What an instruction pays, and what an attempt has sent, is read again each time it is asked for: it never
# changes once it is written, whatever becomes of its state.
_FIXED = {
    "instructions": ("award_id", "award_digest", "payee_id", "unit", "amount", "created_at"),
    "attempts": ("instruction_id", "number", "idempotency_key", "params", "first_sent_at"),
}
STAYS_AS_WRITTEN = """CREATE FUNCTION refuse_other_content() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING
    ERRCODE = 'restrict_violation',
    MESSAGE = 'What a row of ' || TG_TABLE_NAME || ' pays, to whom and under which key, never changes.',
    HINT = 'Withdraw it and make a new one.';
END $$"""
_EVENT_FINGERPRINT = """
UPDATE ledger_events SET fingerprint = encode(sha256(convert_to(concat_ws('|', id, kind, external_ref,
  content_hash, day, (extract(epoch FROM at) * 1000000)::bigint, by, happened_on,
  coalesce(corrects::text, '')), 'UTF8')), 'hex')"""
_DIFFERENCES = (
    "kind IN ('payment_not_ours', 'payment_not_in_ledger', 'ledger_without_payment', "
    "'statement_does_not_add_up', 'cash_differs', 'fee_not_coded', 'other_amount', "
    "'returned_after_recovery')"
)


def _fixed(table: str, columns: tuple[str, ...]) -> str:
    old, new = (", ".join(f"{row}.{c}" for c in columns) for row in ("OLD", "NEW"))
    return (
        f"CREATE TRIGGER {table}_stay_as_written BEFORE UPDATE ON {table} FOR EACH ROW "
        f"WHEN (({old}) IS DISTINCT FROM ({new})) EXECUTE FUNCTION refuse_other_content()"
    )


def upgrade() -> None:
    _events()
    _indexes()
    op.drop_constraint(op.f("ck_differences_kind_known"), "differences", type_="check")
    op.create_check_constraint(op.f("ck_differences_kind_known"), "differences", _DIFFERENCES)
    for statement in (STAYS_AS_WRITTEN, *(_fixed(table, columns) for table, columns in _FIXED.items())):
        op.execute(statement)
    op.add_column("ledger_holds", sa.Column("use_ref", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "ledger_uses",
        sa.Column("cap_id", sa.Uuid(), nullable=False),
        sa.Column("use_ref", sa.Text(), nullable=False),
        sa.Column("live", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("live >= 0", name=op.f("ck_ledger_uses_live_not_negative")),
        sa.CheckConstraint("use_ref <> ''", name=op.f("ck_ledger_uses_trip_named")),
        sa.ForeignKeyConstraint(["cap_id"], ["ledger_caps.id"], name=op.f("fk_ledger_uses_cap_id")),
        sa.PrimaryKeyConstraint("cap_id", "use_ref", name=op.f("pk_ledger_uses")),
    )
    op.create_table(
        "ledger_cost_moves",
        sa.Column("to_hold", sa.Uuid(), nullable=False),
        sa.Column("from_hold", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_ledger_cost_moves_amount_positive")),
        sa.CheckConstraint("from_hold <> to_hold", name=op.f("ck_ledger_cost_moves_moves_somewhere")),
        sa.ForeignKeyConstraint(
            ["event_id"], ["ledger_events.id"], name=op.f("fk_ledger_cost_moves_event_id")
        ),
        sa.ForeignKeyConstraint(
            ["from_hold"], ["ledger_holds.id"], name=op.f("fk_ledger_cost_moves_from_hold")
        ),
        sa.ForeignKeyConstraint(["to_hold"], ["ledger_holds.id"], name=op.f("fk_ledger_cost_moves_to_hold")),
        sa.PrimaryKeyConstraint("to_hold", name=op.f("pk_ledger_cost_moves")),
    )
    op.create_index(op.f("ix_ledger_cost_moves_from_hold"), "ledger_cost_moves", ["from_hold"])
    op.create_index(op.f("ix_ledger_cost_moves_event_id"), "ledger_cost_moves", ["event_id"])
    op.create_table(
        "ledger_periods",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("through", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_ledger_periods_reason_given")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_periods")),
        sa.UniqueConstraint("through", name=op.f("uq_ledger_periods_through")),
    )
    for statement in (*NOT_BACK_DATED, *guards.statements(TABLES)):
        op.execute(statement)


def _indexes() -> None:
    """Periods are read by day, a source's accounts by account and source, its open holds by source."""
    op.create_index(op.f("ix_ledger_events_day"), "ledger_events", ["day"])
    op.drop_index(op.f("ix_ledger_entries_account"), "ledger_entries")
    op.create_index(op.f("ix_ledger_entries_account_fund_id"), "ledger_entries", ["account", "fund_id"])
    op.create_index(
        op.f("ix_ledger_holds_open"),
        "ledger_holds",
        ["fund_id"],
        postgresql_where=sa.text("reserved + obligated > 0"),
    )


def _events() -> None:
    """What was posted so far happened on its day: the rows are told so once, with their guard off."""
    name = op.f("ck_ledger_events_kind_known")
    op.drop_constraint(name, "ledger_events", type_="check")
    op.create_check_constraint(name, "ledger_events", KINDS)
    op.add_column("ledger_events", sa.Column("happened_on", sa.Date(), nullable=True))
    op.add_column("ledger_events", sa.Column("corrects", sa.Uuid(), nullable=True))
    op.add_column("ledger_events", sa.Column("fingerprint", sa.Text(), nullable=True))
    op.execute("ALTER TABLE ledger_events DISABLE TRIGGER ledger_events_append_only")
    op.execute("UPDATE ledger_events SET happened_on = day")
    op.execute(_EVENT_FINGERPRINT)
    op.execute("ALTER TABLE ledger_events ENABLE TRIGGER ledger_events_append_only")
    op.alter_column("ledger_events", "happened_on", nullable=False)
    op.alter_column("ledger_events", "fingerprint", nullable=False)
    op.create_foreign_key(
        op.f("fk_ledger_events_corrects"), "ledger_events", "ledger_events", ["corrects"], ["id"]
    )
    op.create_unique_constraint(op.f("uq_ledger_events_corrects"), "ledger_events", ["corrects"])
    op.create_check_constraint(
        op.f("ck_ledger_events_happened_before_posted"), "ledger_events", "happened_on <= day"
    )
    op.create_check_constraint(
        op.f("ck_ledger_events_correction_of_an_event"),
        "ledger_events",
        "(kind = 'correct') = (corrects IS NOT NULL)",
    )
