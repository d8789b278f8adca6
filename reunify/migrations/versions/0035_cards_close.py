"""Cards closed by a person, limits lowered, what a merchant took in all and in which order, refunds of what was
taken over; another key for the cardholder, and of which card an event speaks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from reunify.migrations import guards

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_STATES = "'opening', 'unknown', 'refused', 'active', 'stuck', 'closed', 'ending', 'cancelled'"
_KINDS = (
    "'payment_not_ours', 'payment_not_in_ledger', 'ledger_without_payment', 'statement_does_not_add_up', "
    "'cash_differs', 'fee_not_coded', 'other_amount', 'returned_after_recovery', 'card_charge_unexplained', "
    "'card_charge_not_ours', 'card_refund', 'card_approved_without_us', 'card_changed_past_us', "
    "'card_drift', 'top_up_not_posted'"
)
_FIXED = ("card_id", "number", "idempotency_key", "params", "limit_cents", "made_at")


def upgrade() -> None:
    op.drop_constraint(op.f("ck_travel_cards_state_known"), "travel_cards", type_="check")
    op.create_check_constraint(op.f("ck_travel_cards_state_known"), "travel_cards", f"state IN ({_STATES})")
    op.drop_index("uq_travel_cards_one_live", "travel_cards")
    op.create_index(
        "uq_travel_cards_one_live",
        "travel_cards",
        ["award_id"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('cancelled', 'refused', 'closed')"),
    )
    op.add_column("card_authorisations", sa.Column("taken_cents", sa.BigInteger(), nullable=True))
    op.create_check_constraint(
        op.f("ck_card_authorisations_taken_not_negative"), "card_authorisations", "taken_cents >= 0"
    )
    op.add_column("card_charges", sa.Column("place", sa.BigInteger(), nullable=True))
    op.add_column("webhook_inbox", sa.Column("card", sa.Text(), nullable=True))
    op.drop_constraint(op.f("ck_differences_kind_known"), "differences", type_="check")
    op.create_check_constraint(op.f("ck_differences_kind_known"), "differences", f"kind IN ({_KINDS})")
    op.drop_constraint(op.f("ck_card_holders_only_one"), "card_holders", type_="check")
    op.create_check_constraint(op.f("ck_card_holders_numbered_from_one"), "card_holders", "number >= 1")
    _limits()
    _excess_refunds()
    for statement in guards.statements(("card_limits", "card_excess_refunds")):
        op.execute(statement)


def _limits() -> None:
    """As the cards: what was asked, and under which key, never changes (0022)."""
    op.create_table(
        "card_limits",
        sa.Column("card_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("params", postgresql.JSONB(), nullable=False),
        sa.Column("limit_cents", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("limit_cents > 0", name=op.f("ck_card_limits_limit_positive")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_card_limits_numbered_from_one")),
        sa.ForeignKeyConstraint(["card_id"], ["travel_cards.id"], name=op.f("fk_card_limits_card_id")),
        sa.PrimaryKeyConstraint("card_id", "number", name=op.f("pk_card_limits")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_card_limits_idempotency_key")),
    )
    old, new = (", ".join(f"{row}.{column}" for column in _FIXED) for row in ("OLD", "NEW"))
    op.execute(
        "CREATE TRIGGER card_limits_stay_as_written BEFORE UPDATE ON card_limits FOR EACH ROW "
        f"WHEN (({old}) IS DISTINCT FROM ({new})) EXECUTE FUNCTION refuse_other_content()"
    )


def _excess_refunds() -> None:
    op.create_table(
        "card_excess_refunds",
        sa.Column("refund_id", sa.Text(), nullable=False),
        sa.Column("charge_id", sa.Text(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("paired_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cents > 0", name=op.f("ck_card_excess_refunds_cents_positive")),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["card_charges.id"], name=op.f("fk_card_excess_refunds_refund_id")
        ),
        sa.ForeignKeyConstraint(
            ["charge_id"], ["card_charges.id"], name=op.f("fk_card_excess_refunds_charge_id")
        ),
        sa.PrimaryKeyConstraint("refund_id", "charge_id", name=op.f("pk_card_excess_refunds")),
    )
    op.create_index(op.f("ix_card_excess_refunds_charge_id"), "card_excess_refunds", ["charge_id"])
