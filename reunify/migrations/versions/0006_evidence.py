"""Papers families and staff send in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reunify.migrations import guards

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = ("evidence", "evidence_bytes", "evidence_hand_overs")

# What is quarantined stays: 18 U.S.C. 2258A(h) asks that it be preserved. Nothing brings it back into view.
QUARANTINE_HOLDS = (
    """CREATE OR REPLACE FUNCTION evidence_quarantine_holds() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = 'quarantined' AND (TG_OP = 'DELETE' OR NEW.state <> 'quarantined') THEN
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'A quarantined paper stays quarantined.';
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$""",
    """CREATE TRIGGER evidence_quarantine_holds BEFORE UPDATE OR DELETE ON evidence FOR EACH ROW EXECUTE FUNCTION evidence_quarantine_holds()""",
    """CREATE OR REPLACE FUNCTION evidence_original_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.part = 'original' AND EXISTS (
    SELECT FROM evidence e WHERE e.id = OLD.evidence_id AND e.state = 'quarantined'
  ) THEN
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'The bytes of a quarantined paper are kept.';
  END IF;
  RETURN OLD;
END $$""",
    """CREATE TRIGGER evidence_original_stays BEFORE DELETE ON evidence_bytes FOR EACH ROW EXECUTE FUNCTION evidence_original_stays()""",
)


def upgrade() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("sender_id", sa.Uuid(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("file_name", sa.LargeBinary(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("safe_type", sa.Text(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("original_mark", sa.LargeBinary(), nullable=True),
        sa.Column("safe_mark", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("finding", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("quarantined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("quarantined_by", sa.Uuid(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('police_report', 'court_order', 'custody_paper', 'identity', 'receipt', 'consent_paper', 'other')",
            name=op.f("ck_evidence_kind_known"),
        ),
        sa.CheckConstraint(
            "state IN ('not_scanned', 'refused', 'quarantined', 'clean', 'infected', 'removed')",
            name=op.f("ck_evidence_state_known"),
        ),
        sa.CheckConstraint("sender IN ('staff', 'family')", name=op.f("ck_evidence_sender_known")),
        sa.CheckConstraint("size >= 0", name=op.f("ck_evidence_size_not_negative")),
        sa.CheckConstraint(
            "(state = 'refused') = (reason IS NOT NULL) AND (reason IS NULL OR reason IN ('empty', 'too_large', 'not_a_paper', 'heic', 'too_many_pixels', 'moving', 'broken_image', 'password', 'broken_pdf', 'active', 'attachments', 'too_many_pages', 'more_inside', 'too_slow'))",
            name=op.f("ck_evidence_refused_says_why"),
        ),
        sa.CheckConstraint(
            "state = 'refused' OR original_mark IS NOT NULL", name=op.f("ck_evidence_kept_has_mark")
        ),
        sa.CheckConstraint(
            "(state = 'quarantined') = (quarantined_at IS NOT NULL)",
            name=op.f("ck_evidence_quarantined_says_when"),
        ),
        sa.CheckConstraint(
            "(state = 'infected') <= (finding IS NOT NULL)", name=op.f("ck_evidence_infected_says_what")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
    )
    for column in ("request_id", "original_mark", "safe_mark"):
        op.create_index(op.f(f"ix_evidence_{column}"), "evidence", [column])
    op.create_index(
        "ix_evidence_waiting", "evidence", ["sent_at"], postgresql_where=sa.text("state = 'not_scanned'")
    )
    op.create_table(
        "evidence_bytes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("part IN ('original', 'safe')", name=op.f("ck_evidence_bytes_part_known")),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name=op.f("fk_evidence_bytes_evidence_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_bytes")),
        sa.UniqueConstraint("evidence_id", "part", name=op.f("uq_evidence_bytes_evidence_id_part")),
    )
    op.create_index(op.f("ix_evidence_bytes_request_id"), "evidence_bytes", ["request_id"])
    op.create_table(
        "evidence_hand_overs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("evidence_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("handed_to", sa.LargeBinary(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agreed_by", sa.Uuid(), nullable=True),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("agreed_by <> asked_by", name=op.f("ck_evidence_hand_overs_two_people")),
        sa.CheckConstraint(
            "(agreed_by IS NULL) = (agreed_at IS NULL)", name=op.f("ck_evidence_hand_overs_agreed_says_when")
        ),
        sa.CheckConstraint(
            "taken_at IS NULL OR agreed_at IS NOT NULL",
            name=op.f("ck_evidence_hand_overs_taken_after_agreed"),
        ),
        sa.CheckConstraint("ends_at > asked_at", name=op.f("ck_evidence_hand_overs_ends_later")),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["evidence.id"], name=op.f("fk_evidence_hand_overs_evidence_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_hand_overs")),
    )
    op.create_index(op.f("ix_evidence_hand_overs_evidence_id"), "evidence_hand_overs", ["evidence_id"])
    for statement in (*QUARANTINE_HOLDS, *guards.statements(TABLES)):
        op.execute(statement)
