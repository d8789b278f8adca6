"""What people found who looked at costs that seemed paid twice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reunify.migrations import guards

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLES = ("duplicate_looks",)


def upgrade() -> None:
    op.create_table(
        "duplicate_looks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("suspicion", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("other_request_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("looked_by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "why IN ('two_requests', 'twice_in_one', 'beyond_the_line', 'in_kind_and_money', 'paid_elsewhere')",
            name=op.f("ck_duplicate_looks_why_known"),
        ),
        sa.CheckConstraint(
            "verdict IN ('no_duplicate', 'look_again')", name=op.f("ck_duplicate_looks_verdict_known")
        ),
        sa.CheckConstraint("other_request_id <> request_id", name=op.f("ck_duplicate_looks_two_requests")),
        sa.CheckConstraint(
            "length(suspicion) = 64", name=op.f("ck_duplicate_looks_suspicion_is_a_fingerprint")
        ),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_duplicate_looks_request_id")),
        sa.ForeignKeyConstraint(
            ["other_request_id"], ["requests.id"], name=op.f("fk_duplicate_looks_other_request_id")
        ),
        sa.ForeignKeyConstraint(["looked_by"], ["staff.id"], name=op.f("fk_duplicate_looks_looked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicate_looks")),
        sa.UniqueConstraint("sequence", name=op.f("uq_duplicate_looks_sequence")),
    )
    op.create_index(op.f("ix_duplicate_looks_suspicion"), "duplicate_looks", ["suspicion"])
    op.create_index(op.f("ix_duplicate_looks_request_id"), "duplicate_looks", ["request_id"])
    for statement in guards.statements(TABLES):
        op.execute(statement)
