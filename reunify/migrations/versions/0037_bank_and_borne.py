"""A family is told of a payment that waits for bank details; what no booking explains may be borne by us.

What came back of that, and an index for the payments that need somebody.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from reunify.migrations import guards

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_NOBODY = sa.text("'{}'")
_NOTICES = (
    "kind IN ('award_waits', 'last_call', 'cancel_by', 'arranged', 'booked', 'question', 'came_back', "
    "'bank_details')"
)

# What a person reported stays; another bears it once.
_KEPT = """
CREATE FUNCTION suspense_findings_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE broken text;
BEGIN
  IF TG_OP = 'DELETE' OR TG_OP = 'UPDATE' AND (OLD.state = 'borne'
    OR (OLD.item_id, OLD.reporter, OLD.reported_for, OLD.reported_at, OLD.why)
      IS DISTINCT FROM (NEW.item_id, NEW.reporter, NEW.reported_for, NEW.reported_at, NEW.why))
    THEN broken := 'ck_suspense_findings_stay';
  ELSIF NOT NEW.reported_for @> stood_for(NEW.reporter, NEW.reported_at)
    OR NEW.bearer IS NOT NULL AND NOT NEW.borne_for @> stood_for(NEW.bearer, NEW.borne_at)
    THEN broken := 'ck_suspense_findings_people_whole';
  ELSE RETURN NEW;
  END IF;
  RAISE EXCEPTION USING ERRCODE = 'check_violation', CONSTRAINT = broken, TABLE = TG_TABLE_NAME,
    MESSAGE = broken || ': what was said of money in suspense stays as written, by two people.';
END $$
"""


def upgrade() -> None:
    op.drop_constraint(op.f("ck_notices_kind_known"), "notices", type_="check")
    op.create_check_constraint(op.f("ck_notices_kind_known"), "notices", _NOTICES)
    _borne()
    _findings()
    kinds = (
        "kind IN ('card_charge', 'card_over_capture', 'card_refund', 'outage_payment', 'payment_not_ours', "
        "'other')"
    )
    op.drop_constraint(op.f("ck_suspense_items_kind_known"), "suspense_items", type_="check")
    op.create_check_constraint(op.f("ck_suspense_items_kind_known"), "suspense_items", kinds)
    op.create_index(
        "ix_instructions_trouble",
        "instructions",
        ["trouble"],
        postgresql_where=sa.text("trouble IS NOT NULL"),
    )
    for statement in guards.statements(("card_charges_borne", "card_borne_refunds", "suspense_findings")):
        op.execute(statement)
    op.execute(_KEPT)
    op.execute(
        "CREATE TRIGGER suspense_findings_kept BEFORE INSERT OR UPDATE OR DELETE ON suspense_findings "
        "FOR EACH ROW EXECUTE FUNCTION suspense_findings_kept()"
    )


def _borne() -> None:
    op.create_table(
        "card_charges_borne",
        sa.Column("charge_id", sa.Text(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("borne_at", _MOMENT, nullable=False),
        sa.CheckConstraint("cents > 0", name=op.f("ck_card_charges_borne_cents_positive")),
        sa.ForeignKeyConstraint(
            ["charge_id"], ["card_charges.id"], name=op.f("fk_card_charges_borne_charge_id_card_charges")
        ),
        sa.PrimaryKeyConstraint("charge_id", name=op.f("pk_card_charges_borne")),
    )
    op.create_table(
        "card_borne_refunds",
        sa.Column("refund_id", sa.Text(), nullable=False),
        sa.Column("charge_id", sa.Text(), nullable=False),
        sa.Column("placed_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["card_charges.id"], name=op.f("fk_card_borne_refunds_refund_id_card_charges")
        ),
        sa.ForeignKeyConstraint(
            ["charge_id"],
            ["card_charges_borne.charge_id"],
            name=op.f("fk_card_borne_refunds_charge_id_card_charges_borne"),
        ),
        sa.PrimaryKeyConstraint("refund_id", name=op.f("pk_card_borne_refunds")),
    )
    op.create_index(op.f("ix_card_borne_refunds_charge_id"), "card_borne_refunds", ["charge_id"])


def _findings() -> None:
    people = postgresql.ARRAY(sa.Uuid())
    op.create_table(
        "suspense_findings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reporter", sa.Uuid(), nullable=False),
        sa.Column("reported_for", people, server_default=_NOBODY, nullable=False),
        sa.Column("reported_at", _MOMENT, nullable=False),
        sa.Column("why", sa.LargeBinary(), nullable=False),
        sa.Column("bearer", sa.Uuid(), nullable=True),
        sa.Column("borne_for", people, server_default=_NOBODY, nullable=False),
        sa.Column("borne_at", _MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('borne', 'reported')", name=op.f("ck_suspense_findings_state_known")),
        sa.CheckConstraint(
            "num_nonnulls(bearer, borne_at) = CASE state WHEN 'borne' THEN 2 ELSE 0 END",
            name=op.f("ck_suspense_findings_bearer_is_whole"),
        ),
        sa.CheckConstraint(
            "bearer IS NULL OR NOT (reported_for || reporter) && (borne_for || bearer)",
            name=op.f("ck_suspense_findings_bearer_is_another"),
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["suspense_items.id"], name=op.f("fk_suspense_findings_item_id_suspense_items")
        ),
        sa.ForeignKeyConstraint(["reporter"], ["staff.id"], name=op.f("fk_suspense_findings_reporter_staff")),
        sa.ForeignKeyConstraint(["bearer"], ["staff.id"], name=op.f("fk_suspense_findings_bearer_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suspense_findings")),
        sa.UniqueConstraint("item_id", name=op.f("uq_suspense_findings_item_id")),
    )
