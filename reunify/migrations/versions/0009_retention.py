"""Legal holds, erasures, and the seals over the audit trail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reunify.migrations import guards

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = (
    "audit_seals",
    "booking_facts",
    "legal_holds",
    "retention_periods",
    "final_reports",
    "retention_plans",
    "retention_items",
    "erasures",
)

# A paper of a held case keeps its bytes, whoever asks. The picture drawn again may go once it is quarantined.
HOLD_KEEPS_PAPERS = (
    """CREATE OR REPLACE FUNCTION evidence_held() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.part = 'safe' AND EXISTS (
    SELECT FROM evidence e WHERE e.id = OLD.evidence_id AND e.state = 'quarantined'
  ) THEN
    RETURN OLD;
  END IF;
  IF EXISTS (
    SELECT FROM legal_holds h WHERE h.state <> 'lifted' AND (
      h.request_id = OLD.request_id
      OR h.person_id = (SELECT r.child_person_id FROM requests r WHERE r.id = OLD.request_id)
    )
  ) THEN
    RAISE EXCEPTION USING
      ERRCODE = 'restrict_violation', MESSAGE = 'A legal hold stands: the bytes of this paper are kept.';
  END IF;
  RETURN OLD;
END $$""",
    """CREATE TRIGGER evidence_held BEFORE DELETE ON evidence_bytes FOR EACH ROW EXECUTE FUNCTION evidence_held()""",
)


def upgrade() -> None:
    """Rows written before this version count as written by this transaction: the first seal covers them."""
    op.add_column(
        "audit_entries",
        sa.Column(
            "xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
    )
    op.create_index(op.f("ix_audit_entries_xid"), "audit_entries", ["xid"])
    _seals()
    _booking_facts()
    _holds()
    _what_the_organisation_says()
    _plans()
    _papers()
    for statement in guards.statements(TABLES):
        op.execute(statement)


def _seals() -> None:
    op.create_table(
        "audit_seals",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("from_xid", sa.BigInteger(), nullable=False),
        sa.Column("to_xid", sa.BigInteger(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("leaves", sa.LargeBinary(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=True),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_audit_seals_numbered_from_one")),
        sa.CheckConstraint("to_xid > from_xid", name=op.f("ck_audit_seals_interval_in_order")),
        sa.CheckConstraint("row_count > 0", name=op.f("ck_audit_seals_never_empty")),
        sa.CheckConstraint(
            "octet_length(leaves) = 40 * row_count", name=op.f("ck_audit_seals_leaf_for_each_row")
        ),
        sa.CheckConstraint(
            "(number = 1) = (previous IS NULL)", name=op.f("ck_audit_seals_only_the_first_has_none_before")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_seals")),
        sa.UniqueConstraint("from_xid", name=op.f("uq_audit_seals_from_xid")),
        sa.UniqueConstraint("to_xid", name=op.f("uq_audit_seals_to_xid")),
        sa.UniqueConstraint("hash", name=op.f("uq_audit_seals_hash")),
        sa.UniqueConstraint("previous", name=op.f("uq_audit_seals_previous")),
        sa.ForeignKeyConstraint(["previous"], ["audit_seals.hash"], name=op.f("fk_audit_seals_previous")),
    )


def _booking_facts() -> None:
    op.create_table(
        "booking_facts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("keeper", sa.Uuid(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_facts")),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_booking_facts_request_id")),
    )
    op.create_index(op.f("ix_booking_facts_request_id"), "booking_facts", ["request_id"])


def _holds() -> None:
    op.create_table(
        "legal_holds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("keeper", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("asked_by", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.Uuid(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lift_asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_as", sa.Text(), nullable=True),
        sa.Column("lifted_by", sa.Uuid(), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('placed', 'lift_asked', 'lifted')", name=op.f("ck_legal_holds_state_known")
        ),
        sa.CheckConstraint(
            "(request_id IS NULL) <> (person_id IS NULL)", name=op.f("ck_legal_holds_one_family")
        ),
        sa.CheckConstraint(
            "keeper = COALESCE(request_id, person_id)", name=op.f("ck_legal_holds_keeper_is_the_family")
        ),
        sa.CheckConstraint(
            "asked_as IN ('supervisor', 'administrator')", name=op.f("ck_legal_holds_asked_as_known")
        ),
        sa.CheckConstraint(
            "(state = 'placed') = (lift_asked_by IS NULL) AND (lift_asked_by IS NULL) = (asked_as IS NULL)",
            name=op.f("ck_legal_holds_lift_asked_by_someone"),
        ),
        sa.CheckConstraint(
            "(state = 'lifted') = (lifted_by IS NOT NULL) AND (lifted_by IS NULL) = (lifted_at IS NULL)",
            name=op.f("ck_legal_holds_lifted_by_someone"),
        ),
        sa.CheckConstraint("lifted_by <> lift_asked_by", name=op.f("ck_legal_holds_two_people_lift")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_holds")),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_legal_holds_request_id")),
        sa.ForeignKeyConstraint(["person_id"], ["persons.id"], name=op.f("fk_legal_holds_person_id")),
        sa.ForeignKeyConstraint(["placed_by"], ["staff.id"], name=op.f("fk_legal_holds_placed_by")),
        sa.ForeignKeyConstraint(["lift_asked_by"], ["staff.id"], name=op.f("fk_legal_holds_lift_asked_by")),
        sa.ForeignKeyConstraint(["lifted_by"], ["staff.id"], name=op.f("fk_legal_holds_lifted_by")),
    )
    op.create_index(op.f("ix_legal_holds_request_id"), "legal_holds", ["request_id"])
    op.create_index(op.f("ix_legal_holds_person_id"), "legal_holds", ["person_id"])


def _what_the_organisation_says() -> None:
    op.create_table(
        "retention_periods",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("years", sa.BigInteger(), nullable=False),
        sa.Column("days", sa.BigInteger(), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "years >= 0 AND days >= 0 AND (years = 0 OR days = 0)",
            name=op.f("ck_retention_periods_years_or_days"),
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_retention_periods")),
        sa.ForeignKeyConstraint(["set_by"], ["staff.id"], name=op.f("fk_retention_periods_set_by")),
    )
    op.create_table(
        "final_reports",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("fund_id", sa.Uuid(), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_final_reports")),
        sa.ForeignKeyConstraint(["fund_id"], ["funding_sources.id"], name=op.f("fk_final_reports_fund_id")),
        sa.ForeignKeyConstraint(["set_by"], ["staff.id"], name=op.f("fk_final_reports_set_by")),
    )
    op.create_index(op.f("ix_final_reports_fund_id"), "final_reports", ["fund_id"])


def _papers() -> None:
    """Identity papers get keys of their own; those kept before stay under the family's, and lose it with them."""
    op.add_column("evidence_bytes", sa.Column("keeper", sa.Uuid(), nullable=True))
    op.execute("UPDATE evidence_bytes SET keeper = request_id")
    op.alter_column("evidence_bytes", "keeper", nullable=False)
    op.create_check_constraint(
        op.f("ck_evidence_bytes_keeper_known"), "evidence_bytes", "keeper IN (request_id, evidence_id)"
    )
    for statement in HOLD_KEEPS_PAPERS:
        op.execute(statement)


def _plans() -> None:
    op.create_table(
        "retention_plans",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("schedule_digest", sa.Text(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("planned_by", sa.Uuid(), nullable=True),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('planned', 'approved', 'discarded', 'done')",
            name=op.f("ck_retention_plans_state_known"),
        ),
        sa.CheckConstraint(
            "approved_by <> planned_by", name=op.f("ck_retention_plans_planner_never_approves")
        ),
        sa.CheckConstraint(
            "(approved_by IS NULL) = (approved_at IS NULL)", name=op.f("ck_retention_plans_approval_paired")
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'done') OR (approved_by IS NOT NULL AND planned_by IS NOT NULL)",
            name=op.f("ck_retention_plans_approved_first"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_plans")),
        sa.UniqueConstraint("number", name=op.f("uq_retention_plans_number")),
        sa.ForeignKeyConstraint(["planned_by"], ["staff.id"], name=op.f("fk_retention_plans_planned_by")),
        sa.ForeignKeyConstraint(["approved_by"], ["staff.id"], name=op.f("fk_retention_plans_approved_by")),
    )
    op.create_table(
        "retention_items",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("version_number", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "part IN ('case', 'booking_facts', 'identity_papers')", name=op.f("ck_retention_items_part_known")
        ),
        sa.CheckConstraint(
            "outcome IN ('erased', 'held', 'changed', 'erased_before')",
            name=op.f("ck_retention_items_outcome_known"),
        ),
        sa.CheckConstraint(
            "(outcome IS NULL) = (done_at IS NULL)", name=op.f("ck_retention_items_outcome_paired")
        ),
        sa.PrimaryKeyConstraint("plan_id", "request_id", "part", name=op.f("pk_retention_items")),
        sa.ForeignKeyConstraint(["plan_id"], ["retention_plans.id"], name=op.f("fk_retention_items_plan_id")),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_retention_items_request_id")),
    )
    op.create_table(
        "erasures",
        sa.Column("keeper", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('request', 'person', 'booking_facts', 'identity_papers')",
            name=op.f("ck_erasures_kind_known"),
        ),
        sa.PrimaryKeyConstraint("keeper", "kind", name=op.f("pk_erasures")),
        sa.ForeignKeyConstraint(["plan_id"], ["retention_plans.id"], name=op.f("fk_erasures_plan_id")),
    )
    op.create_index(op.f("ix_erasures_plan_id"), "erasures", ["plan_id"])
