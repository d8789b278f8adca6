"""Payments made elsewhere: evidence, what became of them, and bills matched to bookings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reunify.migrations import guards

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_CHECKS = {
    "state_known": "state IN ('recorded', 'verified', 'voided', 'cleared', 'stale')",
    "verified_by_someone": (
        "CASE WHEN state IN ('verified', 'cleared', 'stale') THEN verifier IS NOT NULL "
        "ELSE state = 'voided' OR verifier IS NULL END"
    ),
}
_NEW_CHECKS = {
    "proved": "verifier IS NULL OR proof_id IS NOT NULL OR before_proofs",
    "ended_by_someone": (
        "num_nonnulls(ended_how, ended_on, ended_by, ended_at) = "
        "CASE WHEN state = 'voided' AND verifier IS NOT NULL THEN 4 ELSE 0 END"
    ),
    "ended_how_known": "ended_how IN ('bank_stopped', 'came_back')",
    "cleared_by_someone": (
        "num_nonnulls(cleared_on, cleared_by, cleared_at) = CASE state WHEN 'cleared' THEN 3 ELSE 0 END"
    ),
}

# Only this migration marks what was verified before proofs were asked for: nobody leaves a proof out by it.
_BEFORE = """
CREATE FUNCTION logged_before_proofs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.before_proofs AND (TG_OP = 'INSERT' OR NOT OLD.before_proofs) THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation',
      MESSAGE = 'ck_logged_payments_before_proofs_kept: only what was verified before proofs goes without one',
      CONSTRAINT = 'ck_logged_payments_before_proofs_kept';
  END IF;
  RETURN NEW;
END $$
"""


def upgrade() -> None:
    _proofs()
    _columns()
    for name in _CHECKS:
        op.drop_constraint(op.f(f"ck_logged_payments_{name}"), "logged_payments", type_="check")
    for name, condition in (_CHECKS | _NEW_CHECKS).items():
        op.create_check_constraint(op.f(f"ck_logged_payments_{name}"), "logged_payments", condition)
    op.execute(_BEFORE)
    op.execute(
        "CREATE TRIGGER logged_before_proofs BEFORE INSERT OR UPDATE ON logged_payments "
        "FOR EACH ROW EXECUTE FUNCTION logged_before_proofs()"
    )
    for statement in guards.statements(("logged_proofs",)):
        op.execute(statement)


def _proofs() -> None:
    op.create_table(
        "logged_proofs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("logged_payment_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=True),
        sa.Column("organisation", sa.LargeBinary(), nullable=True),
        sa.Column("said_on", sa.Date(), nullable=True),
        sa.Column("message", sa.LargeBinary(), nullable=True),
        sa.Column("added_by", sa.Uuid(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('paper', 'confirmation')", name=op.f("ck_logged_proofs_kind_known")),
        sa.CheckConstraint(
            "(kind = 'paper') = (evidence_id IS NOT NULL)", name=op.f("ck_logged_proofs_paper_is_a_file")
        ),
        sa.CheckConstraint(
            "num_nonnulls(organisation, said_on, message) = CASE kind WHEN 'confirmation' THEN 3 ELSE 0 END",
            name=op.f("ck_logged_proofs_confirmation_is_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["logged_payment_id"],
            ["logged_payments.id"],
            name=op.f("fk_logged_proofs_logged_payment_id_logged_payments"),
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["requests.id"], name=op.f("fk_logged_proofs_request_id_requests")
        ),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["evidence.id"], name=op.f("fk_logged_proofs_evidence_id_evidence")
        ),
        sa.ForeignKeyConstraint(["added_by"], ["staff.id"], name=op.f("fk_logged_proofs_added_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logged_proofs")),
        sa.UniqueConstraint("id", "logged_payment_id", name=op.f("uq_logged_proofs_id_logged_payment_id")),
    )
    op.create_index(op.f("ix_logged_proofs_logged_payment_id"), "logged_proofs", ["logged_payment_id"])


def _columns() -> None:
    table = "logged_payments"
    op.add_column(table, sa.Column("proof_id", sa.Uuid(), nullable=True))
    # What two people verified before proofs were asked for stays verified, and says so.
    op.add_column(table, sa.Column("before_proofs", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute("UPDATE logged_payments SET before_proofs = true WHERE verifier IS NOT NULL")
    op.add_column(table, sa.Column("cleared_on", sa.Date(), nullable=True))
    op.add_column(table, sa.Column("cleared_by", sa.Uuid(), nullable=True))
    op.add_column(table, sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(table, sa.Column("cleared_reference", sa.LargeBinary(), nullable=True))
    op.add_column(table, sa.Column("ended_how", sa.Text(), nullable=True))
    op.add_column(table, sa.Column("ended_on", sa.Date(), nullable=True))
    op.add_column(table, sa.Column("ended_by", sa.Uuid(), nullable=True))
    op.add_column(table, sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(op.f("fk_logged_payments_ended_by_staff"), table, "staff", ["ended_by"], ["id"])
    op.create_foreign_key(op.f("fk_logged_payments_cleared_by_staff"), table, "staff", ["cleared_by"], ["id"])
    op.create_foreign_key(
        "fk_logged_payments_its_own_proof",
        table,
        "logged_proofs",
        ["proof_id", "id"],
        ["id", "logged_payment_id"],
    )
    op.create_index(
        "ix_logged_payments_may_age",
        table,
        ["paid_on"],
        postgresql_where=sa.text("state IN ('verified', 'stale')"),
    )
