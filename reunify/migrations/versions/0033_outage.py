"""Payments made in an outage, without prior approval: two other people ratify each, or it is reported."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from reunify.migrations import guards

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_T = "outage_payments"
_CHECKS = {
    "state_known": "state IN ('recorded', 'proposed', 'ratified', 'reported')",
    "instrument_known": (
        "instrument IN ('check', 'voucher', 'vendor_payment', 'organisation_card', 'petty_cash')"
    ),
    "cents_positive": "cents > 0",
    "one_payee": "(payee_key IS NULL) <> (to_whom IS NULL)",
    "proposed_by_someone": (
        "num_nonnulls(instruction_id, proposer, proposed_at) = "
        "CASE WHEN state IN ('proposed', 'ratified') THEN 3 ELSE 0 END"
    ),
    "ratified_by_someone": (
        "num_nonnulls(ratifier, ratified_at) = CASE state WHEN 'ratified' THEN 2 ELSE 0 END"
    ),
    "reported_by_someone": (
        "num_nonnulls(reporter, reported_at, reported_why) = CASE state WHEN 'reported' THEN 3 ELSE 0 END"
    ),
    "proposer_is_another": "proposer IS NULL OR NOT (recorded_for || recorder) && (proposed_for || proposer)",
    "ratifier_is_another": (
        "ratifier IS NULL OR NOT (recorded_for || recorder || proposed_for || proposer) "
        "&& (ratified_for || ratifier)"
    ),
}
# A CHECK cannot look into other tables: whom each of them stood for, and who wrote the request.
_KEPT = """
CREATE FUNCTION outage_payments_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE broken text;
BEGIN
  IF TG_OP = 'DELETE' THEN broken := 'ck_outage_payments_stay';
  ELSIF TG_OP = 'UPDATE' AND (OLD.state IN ('ratified', 'reported')
    OR (OLD.request_id, OLD.instrument, OLD.paid_on, OLD.cents, OLD.payee_key, OLD.to_whom, OLD.reference,
        OLD.why, OLD.recorder, OLD.recorded_at, OLD.recorded_for)
      IS DISTINCT FROM
       (NEW.request_id, NEW.instrument, NEW.paid_on, NEW.cents, NEW.payee_key, NEW.to_whom, NEW.reference,
        NEW.why, NEW.recorder, NEW.recorded_at, NEW.recorded_for))
    THEN broken := 'ck_outage_payments_stay';
  ELSIF NOT NEW.recorded_for @> stood_for(NEW.recorder, NEW.recorded_at)
    OR NOT NEW.proposed_for @> stood_for(NEW.proposer, NEW.proposed_at)
    OR NOT NEW.ratified_for @> stood_for(NEW.ratifier, NEW.ratified_at)
    THEN broken := 'ck_outage_payments_people_whole';
  ELSIF EXISTS (
    SELECT requested_by FROM requests WHERE id = NEW.request_id
      AND requested_by = ANY (NEW.proposed_for || NEW.proposer || NEW.ratified_for || NEW.ratifier)
    UNION ALL
    SELECT submitted_by FROM request_versions WHERE request_id = NEW.request_id
      AND submitted_by = ANY (NEW.proposed_for || NEW.proposer || NEW.ratified_for || NEW.ratifier)
  ) THEN broken := 'ck_outage_payments_no_author';
  ELSE RETURN NEW;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = broken, TABLE = TG_TABLE_NAME,
    MESSAGE = broken || ': a payment made in an outage stays as written, and two other people ratify it.';
END $$
"""


def upgrade() -> None:
    op.create_table(
        _T,
        _column("id", sa.Uuid()),
        _column("request_id", sa.Uuid()),
        _column("instrument", sa.Text()),
        _column("paid_on", sa.Date()),
        _column("cents", sa.BigInteger()),
        _column("payee_key", sa.Text(), nullable=True),
        _column("to_whom", sa.LargeBinary(), nullable=True),
        _column("reference", sa.LargeBinary()),
        _column("why", sa.LargeBinary()),
        _column("recorder", sa.Uuid()),
        _column("recorded_at", sa.DateTime(timezone=True)),
        _people("recorded_for"),
        _column("state", sa.Text()),
        _column("instruction_id", sa.Uuid(), nullable=True),
        _column("proposer", sa.Uuid(), nullable=True),
        _column("proposed_at", sa.DateTime(timezone=True), nullable=True),
        _people("proposed_for"),
        _column("ratifier", sa.Uuid(), nullable=True),
        _column("ratified_at", sa.DateTime(timezone=True), nullable=True),
        _people("ratified_for"),
        _column("reporter", sa.Uuid(), nullable=True),
        _column("reported_at", sa.DateTime(timezone=True), nullable=True),
        _column("reported_why", sa.LargeBinary(), nullable=True),
        *(sa.CheckConstraint(said, name=op.f(f"ck_{_T}_{name}")) for name, said in _CHECKS.items()),
        _link("request_id", "requests"),
        _link("instruction_id", "instructions"),
        *(_link(person, "staff") for person in ("recorder", "proposer", "ratifier", "reporter")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{_T}")),
    )
    op.create_index(
        "uq_outage_payments_one_for_each",
        _T,
        ["instruction_id"],
        unique=True,
        postgresql_where=sa.text("instruction_id IS NOT NULL"),
    )
    op.create_index(
        "ix_outage_payments_open",
        _T,
        ["request_id"],
        postgresql_where=sa.text("state IN ('recorded', 'proposed')"),
    )
    op.execute(_KEPT)
    op.execute(
        f"CREATE TRIGGER outage_payments_kept BEFORE INSERT OR UPDATE OR DELETE ON {_T} "
        "FOR EACH ROW EXECUTE FUNCTION outage_payments_kept()"
    )
    for statement in guards.statements((_T,)):
        op.execute(statement)


def _column(name: str, kind: sa.types.TypeEngine[Any], *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable)


def _people(name: str) -> sa.Column[object]:
    return sa.Column(name, postgresql.ARRAY(sa.Uuid()), server_default="{}", nullable=False)


def _link(column: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_{_T}_{column}_{table}"))
