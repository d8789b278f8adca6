"""How a journey ended, where it ended badly: everything automatic is quiet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reunify.migrations import guards

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

TABLES = ("quiet_outcomes", "payments_let_go")
# An outcome is recorded once and corrected once; sealed words may be sealed again under another key.
_KEPT = """
CREATE FUNCTION quiet_outcomes_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  free text[] := '{reason,correction}';
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.state = 'standing' THEN RETURN NEW; END IF;
  ELSE
    IF OLD.state = 'standing' AND NEW.state = 'corrected' THEN
      free := free || '{state,corrected_by,corrected_at}'::text[];
    END IF;
    IF to_jsonb(OLD) - free = to_jsonb(NEW) - free
      AND ((OLD.correction IS NULL) = (NEW.correction IS NULL) OR OLD.state <> NEW.state)
    THEN RETURN NEW; END IF;
  END IF;
  RAISE EXCEPTION 'quiet_outcomes: recorded once, corrected once by another, never removed'
    USING ERRCODE = 'check_violation';
END $$"""


def upgrade() -> None:
    op.create_table(
        "quiet_outcomes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("receipts_waived_under", sa.Text(), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("correction", sa.LargeBinary(), nullable=True),
        sa.Column("corrected_by", sa.Uuid(), nullable=True),
        sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('child_died', 'missing_again', 'return_stopped')",
            name=op.f("ck_quiet_outcomes_outcome_known"),
        ),
        sa.CheckConstraint("state IN ('standing', 'corrected')", name=op.f("ck_quiet_outcomes_state_known")),
        sa.CheckConstraint(
            "num_nonnulls(corrected_by, corrected_at, correction) IN (0, 3) "
            "AND (state = 'corrected') = (corrected_by IS NOT NULL)",
            name=op.f("ck_quiet_outcomes_corrected_whole"),
        ),
        sa.CheckConstraint(
            "corrected_by <> recorded_by", name=op.f("ck_quiet_outcomes_corrected_by_another")
        ),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_quiet_outcomes_request_id")),
        sa.ForeignKeyConstraint(["recorded_by"], ["staff.id"], name=op.f("fk_quiet_outcomes_recorded_by")),
        sa.ForeignKeyConstraint(["corrected_by"], ["staff.id"], name=op.f("fk_quiet_outcomes_corrected_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiet_outcomes")),
    )
    op.create_index(op.f("ix_quiet_outcomes_request_id"), "quiet_outcomes", ["request_id"])
    op.create_index(
        "uq_quiet_outcomes_standing",
        "quiet_outcomes",
        ["request_id"],
        unique=True,
        postgresql_where=sa.text("state = 'standing'"),
    )
    op.create_table(
        "payments_let_go",
        sa.Column("outcome_id", sa.Uuid(), nullable=False),
        sa.Column("instruction_id", sa.Uuid(), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["outcome_id"], ["quiet_outcomes.id"], name=op.f("fk_payments_let_go_outcome_id")
        ),
        sa.ForeignKeyConstraint(
            ["instruction_id"], ["instructions.id"], name=op.f("fk_payments_let_go_instruction_id")
        ),
        sa.ForeignKeyConstraint(["by"], ["staff.id"], name=op.f("fk_payments_let_go_by")),
        sa.PrimaryKeyConstraint("outcome_id", "instruction_id", name=op.f("pk_payments_let_go")),
    )
    op.create_index(op.f("ix_payments_let_go_instruction_id"), "payments_let_go", ["instruction_id"])
    op.execute(_KEPT)
    op.execute(
        "CREATE TRIGGER quiet_outcomes_kept BEFORE INSERT OR UPDATE OR DELETE ON quiet_outcomes "
        "FOR EACH ROW EXECUTE FUNCTION quiet_outcomes_kept()"
    )
    for statement in guards.statements(TABLES):
        op.execute(statement)
    op.execute(f"REVOKE DELETE ON quiet_outcomes FROM {guards.APP_ROLE}")
