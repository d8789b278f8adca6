"""Versions of Word templates, proposed by one person and approved by another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from reunify.migrations import guards

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

TABLES = ("template_files", "template_versions", "template_decisions")
_MOMENT = sa.DateTime(timezone=True)
_NOBODY = sa.text("'{}'")
_KEPT = (
    "kind IN ('approval_letter', 'refusal_letter', 'information_request', 'itinerary', 'payment_advice', "
    "'closeout_letter', 'funder_request', 'partner_request', 'minor_request', 'supervision_request')"
)

# A CHECK sees one row. These look at the others: one version at a time, decided on by people named whole.
_VERSION_HOLDS = """
CREATE FUNCTION template_version_holds() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE broken text;
BEGIN
  PERFORM pg_advisory_xact_lock(20040);
  IF NOT NEW.proposed_for @> stood_for(NEW.proposed_by, NEW.proposed_at)
    THEN broken := 'ck_template_versions_people_whole';
  ELSIF NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM template_versions WHERE kind = NEW.kind)
    THEN broken := 'ck_template_versions_numbered_in_order';
  ELSIF EXISTS (SELECT FROM template_versions v WHERE v.kind = NEW.kind
    AND NOT EXISTS (SELECT FROM template_decisions d WHERE d.version_id = v.id))
    THEN broken := 'ck_template_versions_one_at_a_time';
  ELSE RETURN NEW;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = broken, TABLE = TG_TABLE_NAME,
    MESSAGE = broken || ': a template waits alone, under the next number, for a person other than who brought it.';
END $$
"""
_DECISION_HOLDS = """
CREATE FUNCTION template_decision_holds() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  broken text;
  version template_versions;
BEGIN
  SELECT * INTO version FROM template_versions WHERE id = NEW.version_id;
  IF (NEW.proposed_by, NEW.proposed_for) IS DISTINCT FROM (version.proposed_by, version.proposed_for)
    THEN broken := 'ck_template_decisions_names_who_proposed';
  ELSIF NEW.decided_at < version.proposed_at
    THEN broken := 'ck_template_decisions_in_order';
  ELSIF NOT NEW.decided_for @> stood_for(NEW.decided_by, NEW.decided_at)
    THEN broken := 'ck_template_decisions_people_whole';
  ELSIF NEW.state = 'withdrawn' AND NEW.decided_by <> version.proposed_by
    THEN broken := 'ck_template_decisions_withdrawn_by_who_proposed';
  ELSE RETURN NEW;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = broken, TABLE = TG_TABLE_NAME,
    MESSAGE = broken || ': a decision on a template names whole who brought it in and who decides.';
END $$
"""


def upgrade() -> None:
    """What a release ships is version 0 and has no row."""
    _files()
    _versions()
    _decisions()
    for function, table in (("version", "template_versions"), ("decision", "template_decisions")):
        op.execute(_VERSION_HOLDS if function == "version" else _DECISION_HOLDS)
        op.execute(
            f"CREATE TRIGGER template_{function}_holds BEFORE INSERT ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION template_{function}_holds()"
        )
    for statement in guards.statements(TABLES):
        op.execute(statement)


def _files() -> None:
    op.create_table(
        "template_files",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "sha256 = encode(sha256(content), 'hex')", name=op.f("ck_template_files_named_by_its_bytes")
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_template_files")),
    )


def _versions() -> None:
    op.create_table(
        "template_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("en_sha256", sa.Text(), nullable=True),
        sa.Column("es_sha256", sa.Text(), nullable=True),
        sa.Column("what_changed", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_for", postgresql.ARRAY(sa.Uuid()), server_default=_NOBODY, nullable=False),
        sa.Column("proposed_at", _MOMENT, nullable=False),
        sa.CheckConstraint(_KEPT, name=op.f("ck_template_versions_kind_known")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_template_versions_numbered_from_one")),
        sa.CheckConstraint(
            "length(what_changed) BETWEEN 3 AND 2000", name=op.f("ck_template_versions_says_what_changed")
        ),
        *(
            sa.ForeignKeyConstraint(
                [f"{language}_sha256"],
                ["template_files.sha256"],
                name=op.f(f"fk_template_versions_{language}_sha256_template_files"),
            )
            for language in ("en", "es")
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["staff.id"], name=op.f("fk_template_versions_proposed_by_staff")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template_versions")),
        sa.UniqueConstraint("kind", "number", name=op.f("uq_template_versions_kind_number")),
    )


def _decisions() -> None:
    op.create_table(
        "template_decisions",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_for", postgresql.ARRAY(sa.Uuid()), server_default=_NOBODY, nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=False),
        sa.Column("decided_for", postgresql.ARRAY(sa.Uuid()), server_default=_NOBODY, nullable=False),
        sa.Column("decided_at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "state IN ('approved', 'declined', 'withdrawn')", name=op.f("ck_template_decisions_state_known")
        ),
        sa.CheckConstraint(
            "state <> 'approved' OR NOT (proposed_for || proposed_by) && (decided_for || decided_by)",
            name=op.f("ck_template_decisions_approved_by_another"),
        ),
        sa.CheckConstraint(
            "state = 'approved' OR length(reason) >= 3",
            name=op.f("ck_template_decisions_no_carries_its_reason"),
        ),
        *(
            sa.ForeignKeyConstraint([who], ["staff.id"], name=op.f(f"fk_template_decisions_{who}_staff"))
            for who in ("proposed_by", "decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["template_versions.id"],
            name=op.f("fk_template_decisions_version_id_template_versions"),
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_template_decisions")),
    )
