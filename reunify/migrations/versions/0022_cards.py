"""Virtual cards for the organisation's own bookings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from reunify.migrations import guards

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TABLES = ("card_holders", "travel_cards", "card_authorisations", "card_charges")
_CHECKS = {
    "instructions": {
        "rail_known": "rail IN ('global_payout', 'travel_card', 'logged')",
        "state_known": (
            "state IN ('ready', 'to_log', 'on_card', 'sending', 'failed', 'settled', 'withdrawn', 'returned', "
            "'recorded')"
        ),
    },
    "differences": {
        "kind_known": (
            "kind IN ('payment_not_ours', 'payment_not_in_ledger', 'ledger_without_payment', "
            "'statement_does_not_add_up', 'cash_differs', 'fee_not_coded', 'other_amount', "
            "'returned_after_recovery', 'card_charge_unexplained', 'card_charge_not_ours', 'card_refund')"
        )
    },
}
_FIXED = ("award_id", "number", "idempotency_key", "params", "limit_cents", "first_sent_at")


def _stays_as_written() -> str:
    """As the attempts of a payment: what was asked, and under which key, never changes (0013)."""
    old, new = (", ".join(f"{row}.{column}" for column in _FIXED) for row in ("OLD", "NEW"))
    return (
        "CREATE TRIGGER travel_cards_stay_as_written BEFORE UPDATE ON travel_cards FOR EACH ROW "
        f"WHEN (({old}) IS DISTINCT FROM ({new})) EXECUTE FUNCTION refuse_other_content()"
    )


def upgrade() -> None:
    for table, checks in _CHECKS.items():
        for name, condition in checks.items():
            op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
            op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
    _cards()
    _bought()
    op.execute(_stays_as_written())
    for statement in guards.statements(TABLES):
        op.execute(statement)


def _cards() -> None:
    op.create_table(
        "card_holders",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("params", postgresql.JSONB(), nullable=False),
        sa.Column("stripe_id", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number = 1", name=op.f("ck_card_holders_only_one")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_card_holders")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_card_holders_idempotency_key")),
    )
    op.create_table(
        "travel_cards",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("award_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("params", postgresql.JSONB(), nullable=False),
        sa.Column("limit_cents", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("stripe_id", sa.Text(), nullable=True),
        sa.Column("last4", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("first_sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("calling_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("try_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('opening', 'unknown', 'refused', 'active', 'stuck', 'ending', 'cancelled')",
            name=op.f("ck_travel_cards_state_known"),
        ),
        sa.CheckConstraint("limit_cents > 0", name=op.f("ck_travel_cards_limit_positive")),
        sa.CheckConstraint("last4 ~ '^[0-9]{4}$'", name=op.f("ck_travel_cards_last4_is_four_digits")),
        sa.CheckConstraint(
            "state NOT IN ('active', 'ending', 'cancelled') OR stripe_id IS NOT NULL",
            name=op.f("ck_travel_cards_made_has_its_id"),
        ),
        sa.ForeignKeyConstraint(["award_id"], ["awards.id"], name=op.f("fk_travel_cards_award_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_travel_cards")),
        sa.UniqueConstraint("award_id", "number", name=op.f("uq_travel_cards_award_id_number")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_travel_cards_idempotency_key")),
        sa.UniqueConstraint("stripe_id", name=op.f("uq_travel_cards_stripe_id")),
    )
    op.create_index(
        "uq_travel_cards_one_live",
        "travel_cards",
        ["award_id"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('cancelled', 'refused')"),
    )
    op.create_index("ix_travel_cards_state", "travel_cards", ["state"])


def _bought() -> None:
    op.create_table(
        "card_authorisations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("card_id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("approved", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("authorised_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_cents >= 0", name=op.f("ck_card_authorisations_amount_not_negative")),
        sa.CheckConstraint(
            "state IN ('pending', 'closed', 'reversed', 'expired')",
            name=op.f("ck_card_authorisations_state_known"),
        ),
        sa.ForeignKeyConstraint(
            ["card_id"], ["travel_cards.id"], name=op.f("fk_card_authorisations_card_id")
        ),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["bookings.id"], name=op.f("fk_card_authorisations_booking_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_authorisations")),
    )
    op.create_index(op.f("ix_card_authorisations_card_id"), "card_authorisations", ["card_id"])
    op.create_table(
        "card_charges",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("card_id", sa.Uuid(), nullable=False),
        sa.Column("authorisation_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("instruction_id", sa.Uuid(), nullable=True),
        sa.Column("charged_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_card_charges_amount_positive")),
        sa.CheckConstraint("kind IN ('capture', 'refund')", name=op.f("ck_card_charges_kind_known")),
        sa.CheckConstraint(
            "kind = 'capture' OR instruction_id IS NULL", name=op.f("ck_card_charges_only_a_capture_pays")
        ),
        sa.ForeignKeyConstraint(["card_id"], ["travel_cards.id"], name=op.f("fk_card_charges_card_id")),
        sa.ForeignKeyConstraint(
            ["instruction_id"], ["instructions.id"], name=op.f("fk_card_charges_instruction_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_charges")),
        sa.UniqueConstraint("instruction_id", name=op.f("uq_card_charges_instruction_id")),
    )
    op.create_index(op.f("ix_card_charges_card_id"), "card_charges", ["card_id"])
    op.create_index(
        "ix_card_charges_unexplained",
        "card_charges",
        ["card_id"],
        postgresql_where=sa.text("kind = 'capture' AND instruction_id IS NULL"),
    )
