"""Payouts: where each attempt goes, and a payment approved anew when the payee's bank changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reunify.migrations import guards

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

TABLE = "payment_reapprovals"
_NOTICES = "kind IN ('award_waits', 'last_call', 'cancel_by', 'arranged', 'booked', 'question', 'came_back')"
_MOMENT = sa.DateTime(timezone=True)
_NOBODY = sa.text("'{}'")


def upgrade() -> None:
    op.drop_constraint(op.f("ck_notices_kind_known"), "notices", type_="check")
    op.create_check_constraint(op.f("ck_notices_kind_known"), "notices", _NOTICES)
    op.add_column("attempts", sa.Column("payout_method", sa.Text(), nullable=True))
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("instruction_id", sa.Uuid(), nullable=False),
        sa.Column("after_attempt", sa.BigInteger(), nullable=False),
        sa.Column("payout_method", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=False),
        *_approver("first"),
        *_approver("second"),
        sa.CheckConstraint(
            "state IN ('asked', 'half_approved', 'approved')", name=op.f("ck_payment_reapprovals_state_known")
        ),
        sa.CheckConstraint(
            "num_nonnulls(first_by, first_at) = CASE state WHEN 'asked' THEN 0 ELSE 2 END",
            name=op.f("ck_payment_reapprovals_first_is_whole"),
        ),
        sa.CheckConstraint(
            "num_nonnulls(second_by, second_at) = CASE state WHEN 'approved' THEN 2 ELSE 0 END",
            name=op.f("ck_payment_reapprovals_second_is_whole"),
        ),
        sa.CheckConstraint(
            "second_by IS NULL OR NOT (first_for || first_by) && (second_for || second_by)",
            name=op.f("ck_payment_reapprovals_second_is_another"),
        ),
        sa.ForeignKeyConstraint(
            ["instruction_id"],
            ["instructions.id"],
            name=op.f("fk_payment_reapprovals_instruction_id_instructions"),
        ),
        sa.ForeignKeyConstraint(
            ["first_by"], ["staff.id"], name=op.f("fk_payment_reapprovals_first_by_staff")
        ),
        sa.ForeignKeyConstraint(
            ["second_by"], ["staff.id"], name=op.f("fk_payment_reapprovals_second_by_staff")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_reapprovals")),
        sa.UniqueConstraint(
            "instruction_id", "digest", name=op.f("uq_payment_reapprovals_instruction_id_digest")
        ),
    )
    for statement in guards.statements((TABLE,)):
        op.execute(statement)


def _approver(which: str) -> tuple[sa.Column[object], ...]:
    return (
        sa.Column(f"{which}_by", sa.Uuid(), nullable=True),
        sa.Column(f"{which}_for", sa.ARRAY(sa.Uuid()), server_default=_NOBODY, nullable=False),
        sa.Column(f"{which}_at", _MOMENT, nullable=True),
    )
