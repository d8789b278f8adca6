"""Rate limits that hold over several processes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reunify.migrations import guards

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One row for each kind of call and place. Unlogged: a crash may forget it."""
    op.create_table(
        "call_counts",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("place", sa.LargeBinary(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("calls > 0", name=op.f("ck_call_counts_calls_positive")),
        sa.PrimaryKeyConstraint("kind", "place", name=op.f("pk_call_counts")),
        prefixes=["UNLOGGED"],
    )
    op.create_index(op.f("ix_call_counts_ends_at"), "call_counts", ["ends_at"])
    for statement in guards.statements(["call_counts"]):
        op.execute(statement)
