"""What was paid in an outage: its paper, several payments, the rest borne; bills: vendor and days compared."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from reunify.migrations import guards

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_T = "outage_payments"
_CHECKS = {
    "state_known": "state IN ('borne', 'proposed', 'ratified', 'recorded', 'reported', 'struck')",
    "proposed_by_someone": (
        "num_nonnulls(proposer, proposed_at) = "
        "CASE WHEN state IN ('proposed', 'ratified') OR ratifier IS NOT NULL THEN 2 ELSE 0 END"
    ),
    "ratified_by_someone": (
        "num_nonnulls(ratifier, ratified_at) = 2 AND state IN ('ratified', 'reported', 'borne') "
        "OR num_nonnulls(ratifier, ratified_at) = 0 AND state <> 'ratified'"
    ),
    "reported_by_someone": (
        "num_nonnulls(reporter, reported_at, reported_why) = 3 "
        "AND state IN ('proposed', 'reported', 'borne', 'struck') "
        "OR num_nonnulls(reporter, reported_at, reported_why) = 0 "
        "AND state NOT IN ('reported', 'borne', 'struck')"
    ),
}
_NEW_CHECKS = {
    "borne_by_someone": "num_nonnulls(bearer, borne_at) = CASE state WHEN 'borne' THEN 2 ELSE 0 END",
    "proved": "ratifier IS NULL OR proof_id IS NOT NULL OR before_proofs",
    "bearer_is_another": (
        "bearer IS NULL OR NOT (recorded_for || recorder || reported_for || reporter) && (borne_for || bearer)"
    ),
    "striker_is_another": (
        "state <> 'struck' OR NOT (recorded_for || recorder) && (reported_for || reporter)"
    ),
}
# What was ratified stays; what was reported is borne once, and nothing else of it changes.
_KEPT = """
CREATE OR REPLACE FUNCTION outage_payments_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE broken text;
BEGIN
  IF TG_OP = 'DELETE' THEN broken := 'ck_outage_payments_stay';
  ELSIF TG_OP = 'UPDATE' AND (OLD.state IN ('ratified', 'borne', 'struck')
    OR (OLD.request_id, OLD.instrument, OLD.paid_on, OLD.cents, OLD.payee_key, OLD.to_whom, OLD.reference,
        OLD.why, OLD.recorder, OLD.recorded_at, OLD.recorded_for, OLD.before_proofs)
      IS DISTINCT FROM
       (NEW.request_id, NEW.instrument, NEW.paid_on, NEW.cents, NEW.payee_key, NEW.to_whom, NEW.reference,
        NEW.why, NEW.recorder, NEW.recorded_at, NEW.recorded_for, NEW.before_proofs)
    OR OLD.state = 'reported' AND (NEW.state <> 'borne' OR
       (OLD.proposer, OLD.proposed_at, OLD.proposed_for, OLD.ratifier, OLD.ratified_at, OLD.ratified_for,
        OLD.reporter, OLD.reported_at, OLD.reported_for, OLD.reported_why, OLD.proof_id)
      IS DISTINCT FROM
       (NEW.proposer, NEW.proposed_at, NEW.proposed_for, NEW.ratifier, NEW.ratified_at, NEW.ratified_for,
        NEW.reporter, NEW.reported_at, NEW.reported_for, NEW.reported_why, NEW.proof_id)))
    THEN broken := 'ck_outage_payments_stay';
  ELSIF TG_OP = 'INSERT' AND NEW.before_proofs THEN broken := 'ck_outage_payments_proved';
  ELSIF NOT NEW.recorded_for @> stood_for(NEW.recorder, NEW.recorded_at)
    OR NOT NEW.proposed_for @> stood_for(NEW.proposer, NEW.proposed_at)
    OR NOT NEW.ratified_for @> stood_for(NEW.ratifier, NEW.ratified_at)
    OR NEW.bearer IS NOT NULL AND NOT (NEW.borne_for @> stood_for(NEW.bearer, NEW.borne_at)
      AND NEW.reported_for @> stood_for(NEW.reporter, NEW.reported_at))
    OR NEW.state = 'struck' AND NOT NEW.reported_for @> stood_for(NEW.reporter, NEW.reported_at)
    THEN broken := 'ck_outage_payments_people_whole';
  ELSIF EXISTS (
    SELECT wrote FROM (
      SELECT requested_by FROM requests WHERE id = NEW.request_id
      UNION ALL SELECT submitted_by FROM request_versions WHERE request_id = NEW.request_id
    ) authors(wrote) WHERE wrote = ANY (NEW.proposed_for || NEW.proposer || NEW.ratified_for || NEW.ratifier
      || NEW.borne_for || NEW.bearer
      || CASE NEW.state WHEN 'struck' THEN NEW.reported_for || NEW.reporter END)
  ) THEN broken := 'ck_outage_payments_no_author';
  ELSE RETURN NEW;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = broken, TABLE = TG_TABLE_NAME,
    MESSAGE = broken || ': a payment made in an outage stays as written, and two other people ratify it.';
END $$
"""
# A part is written, or goes, only while its payment is still to be ratified.
_PARTS_KEPT = """
CREATE FUNCTION outage_parts_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE part outage_parts := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
BEGIN
  IF TG_OP <> 'UPDATE'
    AND EXISTS (SELECT FROM outage_payments WHERE id = part.outage_id AND state IN ('recorded', 'proposed'))
    THEN RETURN part;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_outage_parts_stay',
    TABLE = TG_TABLE_NAME, MESSAGE = 'ck_outage_parts_stay: what was ratified stays as it is.';
END $$
"""
_BILLS = {
    "verdict_known": (
        "verdict IN ('matched', 'other_amount', 'other_vendor', 'other_days', 'billed_twice', 'unknown', "
        "'cancelled_booking')"
    ),
    "acceptance_is_whole": "num_nonnulls(accepted_by, accepted_at, accepted_why) IN (0, 3)",
}
_KEYS = (
    "key IN ('name', 'time_zone', 'letterhead', 'day_phone', 'night_phone', 'email', "
    "'small_amount_limit_cents', 'guideline_limit_percent', 'fare_contingency_percent', "
    "'funder_answer_working_days', 'reservation_days', 'check_stale_after_days', "
    "'check_void_after_days', 'suspense_fund', 'unallowable_costs', 'fees_cash_stripe', 'fees_cash_card', "
    "'payout_fee_standard', 'payout_fee_wire', 'payout_fee_instant', "
    "'obligates_vendor_billed', 'obligates_repaid', 'obligates_advance', 'obligates_partner_gives', "
    "'obligates_organisation_books')"
)


def upgrade() -> None:
    _replaced("organisation_settings", "key_known", _KEYS)
    _parts_and_proofs()
    _payments()
    _bills()
    for statement in guards.statements(("outage_parts", "outage_proofs")):
        op.execute(statement)
    op.execute(_KEPT)
    op.execute(_PARTS_KEPT)
    op.execute(
        "CREATE TRIGGER outage_parts_kept BEFORE INSERT OR UPDATE OR DELETE ON outage_parts "
        "FOR EACH ROW EXECUTE FUNCTION outage_parts_kept()"
    )


def _parts_and_proofs() -> None:
    op.create_table(
        "outage_parts",
        _column("id", sa.Uuid()),
        _column("outage_id", sa.Uuid()),
        _column("instruction_id", sa.Uuid()),
        _column("cents", sa.BigInteger()),
        sa.CheckConstraint("cents > 0", name=op.f("ck_outage_parts_cents_positive")),
        _link("outage_parts", "outage_id", _T),
        _link("outage_parts", "instruction_id", "instructions"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage_parts")),
        sa.UniqueConstraint("instruction_id", name=op.f("uq_outage_parts_instruction_id")),
    )
    op.create_index(op.f("ix_outage_parts_outage_id"), "outage_parts", ["outage_id"])
    op.create_table(
        "outage_proofs",
        _column("id", sa.Uuid()),
        _column("outage_id", sa.Uuid()),
        _column("evidence_id", sa.Uuid()),
        _column("added_by", sa.Uuid()),
        _column("added_at", sa.DateTime(timezone=True)),
        _link("outage_proofs", "outage_id", _T),
        _link("outage_proofs", "evidence_id", "evidence"),
        _link("outage_proofs", "added_by", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outage_proofs")),
        sa.UniqueConstraint("id", "outage_id", name=op.f("uq_outage_proofs_id_outage_id")),
        sa.UniqueConstraint("outage_id", "evidence_id", name=op.f("uq_outage_proofs_outage_id_evidence_id")),
    )


def _payments() -> None:
    """What was ratified before there were papers keeps its reference in the books, as its one part."""
    op.execute(
        "INSERT INTO outage_parts (id, outage_id, instruction_id, cents) "
        "SELECT id, id, instruction_id, cents FROM outage_payments WHERE instruction_id IS NOT NULL"
    )
    for column in (
        _column("reported_for", postgresql.ARRAY(sa.Uuid()), server_default="{}"),
        _column("bearer", sa.Uuid(), nullable=True),
        _column("borne_at", sa.DateTime(timezone=True), nullable=True),
        _column("borne_for", postgresql.ARRAY(sa.Uuid()), server_default="{}"),
        _column("proof_id", sa.Uuid(), nullable=True),
        _column("before_proofs", sa.Boolean(), server_default=sa.false()),
    ):
        op.add_column(_T, column)
    op.execute(f"ALTER TABLE {_T} DISABLE TRIGGER outage_payments_kept")
    op.execute("UPDATE outage_payments SET before_proofs = true WHERE ratifier IS NOT NULL")
    op.execute(
        "UPDATE outage_payments SET reported_for = coalesce(stood_for(reporter, reported_at), '{}') "
        "WHERE reporter IS NOT NULL"
    )
    op.execute(f"ALTER TABLE {_T} ENABLE TRIGGER outage_payments_kept")
    for name in _CHECKS:
        op.drop_constraint(op.f(f"ck_{_T}_{name}"), _T, type_="check")
    op.drop_index("uq_outage_payments_one_for_each", _T)
    op.drop_column(_T, "instruction_id")
    for name, condition in (_CHECKS | _NEW_CHECKS).items():
        op.create_check_constraint(op.f(f"ck_{_T}_{name}"), _T, condition)
    op.create_foreign_key(op.f("fk_outage_payments_bearer_staff"), _T, "staff", ["bearer"], ["id"])
    op.create_foreign_key(
        "fk_outage_payments_its_own_proof",
        _T,
        "outage_proofs",
        ["proof_id", "id"],
        ["id", "outage_id"],
    )


def _bills() -> None:
    table = "statement_lines"
    op.add_column(table, _column("accepted_by", sa.Uuid(), nullable=True))
    op.add_column(table, _column("accepted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(table, _column("accepted_why", sa.LargeBinary(), nullable=True))
    op.create_foreign_key(
        op.f("fk_statement_lines_accepted_by_staff"), table, "staff", ["accepted_by"], ["id"]
    )
    op.drop_constraint(op.f(f"ck_{table}_verdict_known"), table, type_="check")
    for name, condition in _BILLS.items():
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def _replaced(table: str, name: str, condition: str) -> None:
    op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)


def _column(
    name: str, kind: sa.types.TypeEngine[Any], *, nullable: bool = False, server_default: Any = None
) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable, server_default=server_default)


def _link(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}_{to}"))
