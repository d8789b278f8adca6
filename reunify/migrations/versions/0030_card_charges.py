"""The answer given to a merchant, refunds placed where the money came from, and a charge in parts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reunify.migrations import guards

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_REASONS = (
    "'approved', 'unreadable', 'card_unknown', 'card_not_active', 'award_not_standing', 'quiet', "
    "'other_currency', 'nothing_asked', 'other_category', 'more_than_held', 'too_slow'"
)


def upgrade() -> None:
    op.create_table(
        "card_answers",
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("authorisation_id", sa.Text(), nullable=True),
        sa.Column("card_id", sa.Uuid(), nullable=True),
        sa.Column("cents", sa.BigInteger(), nullable=True),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("milliseconds", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"reason IN ({_REASONS})", name=op.f("ck_card_answers_reason_known")),
        sa.CheckConstraint("approved = (reason = 'approved')", name=op.f("ck_card_answers_approved_says_so")),
        sa.CheckConstraint(
            "NOT approved OR (card_id IS NOT NULL AND cents > 0)",
            name=op.f("ck_card_answers_approved_is_whole"),
        ),
        sa.CheckConstraint("milliseconds >= 0", name=op.f("ck_card_answers_milliseconds_not_negative")),
        sa.ForeignKeyConstraint(["card_id"], ["travel_cards.id"], name=op.f("fk_card_answers_card_id")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_card_answers")),
    )
    op.create_index(op.f("ix_card_answers_card_id"), "card_answers", ["card_id"])
    op.create_index(op.f("ix_card_answers_authorisation_id"), "card_answers", ["authorisation_id"])
    op.create_table(
        "card_refunds",
        sa.Column("charge_id", sa.Text(), nullable=False),
        sa.Column("instruction_id", sa.Uuid(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["charge_id"], ["card_charges.id"], name=op.f("fk_card_refunds_charge_id")),
        sa.ForeignKeyConstraint(
            ["instruction_id"], ["instructions.id"], name=op.f("fk_card_refunds_instruction_id")
        ),
        sa.PrimaryKeyConstraint("charge_id", name=op.f("pk_card_refunds")),
    )
    op.create_index(op.f("ix_card_refunds_instruction_id"), "card_refunds", ["instruction_id"])
    _parts()
    for statement in guards.statements(("card_answers", "card_refunds", "card_charge_parts")):
        op.execute(statement)


def _parts() -> None:
    """What paid one booking until now paid it whole."""
    op.create_table(
        "card_charge_parts",
        sa.Column("charge_id", sa.Text(), nullable=False),
        sa.Column("instruction_id", sa.Uuid(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cents > 0", name=op.f("ck_card_charge_parts_cents_positive")),
        sa.ForeignKeyConstraint(
            ["charge_id"], ["card_charges.id"], name=op.f("fk_card_charge_parts_charge_id")
        ),
        sa.ForeignKeyConstraint(
            ["instruction_id"], ["instructions.id"], name=op.f("fk_card_charge_parts_instruction_id")
        ),
        sa.PrimaryKeyConstraint("charge_id", "instruction_id", name=op.f("pk_card_charge_parts")),
    )
    op.create_index(op.f("ix_card_charge_parts_instruction_id"), "card_charge_parts", ["instruction_id"])
    op.execute(
        "INSERT INTO card_charge_parts (charge_id, instruction_id, cents, placed_at) "
        "SELECT id, instruction_id, amount_cents, charged_at FROM card_charges WHERE instruction_id IS NOT NULL"
    )
    op.drop_index("ix_card_charges_unexplained", "card_charges")
    op.drop_constraint(op.f("ck_card_charges_only_a_capture_pays"), "card_charges")
    op.drop_column("card_charges", "instruction_id")
    op.add_column("card_charges", sa.Column("original_amount", sa.BigInteger(), nullable=True))
    for name in ("original_currency", "rate", "rate_source"):
        op.add_column("card_charges", sa.Column(name, sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_card_charges_foreign_is_whole"),
        "card_charges",
        "num_nulls(original_amount, original_currency, rate, rate_source) IN (0, 4)",
    )
