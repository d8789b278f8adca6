"""Sealed bytes of files and papers are kept in the object store; those in rows open as before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reunify.migrations import guards

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_KEY = "^[0-9a-f]{2}/[0-9a-f]{30}$"
_ONE_PLACE = (
    "num_nonnulls(content, object_key) = 1 AND num_nonnulls(object_key, object_sha256) <> 1 "
    f"AND coalesce(object_key ~ '{_KEY}' AND object_sha256 ~ '^[0-9a-f]{{64}}$', true)"
)
TABLES = ("files_leaving", "files_looks")


def upgrade() -> None:
    """The rows there are stay as they are: `reunify files move` brings their bytes to the store."""
    for table in ("files_blobs", "evidence_bytes"):
        op.alter_column(table, "content", nullable=True)
        op.add_column(table, sa.Column("object_key", sa.Text(), nullable=True))
        op.add_column(table, sa.Column("object_sha256", sa.Text(), nullable=True))
        op.create_unique_constraint(op.f(f"uq_{table}_object_key"), table, ["object_key"])
        op.create_check_constraint(op.f(f"ck_{table}_bytes_in_one_place"), table, _ONE_PLACE)
    op.create_table(
        "files_leaving",
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"object_key ~ '{_KEY}'", name=op.f("ck_files_leaving_key_spelled")),
        sa.PrimaryKeyConstraint("object_key", name=op.f("pk_files_leaving")),
    )
    op.create_table(
        "files_looks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept", sa.BigInteger(), nullable=False),
        sa.Column("lost", sa.BigInteger(), nullable=False),
        sa.Column("without_row", sa.BigInteger(), nullable=False),
        sa.Column("removed", sa.BigInteger(), nullable=False),
        sa.Column("stopped", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "least(kept, lost, without_row, removed) >= 0", name=op.f("ck_files_looks_counts")
        ),
        sa.CheckConstraint(
            "removed <= without_row", name=op.f("ck_files_looks_removes_only_what_has_no_row")
        ),
        sa.CheckConstraint("stopped IN ('not_ours', 'too_many')", name=op.f("ck_files_looks_stopped_known")),
        sa.CheckConstraint(
            "stopped IS NULL OR removed = 0", name=op.f("ck_files_looks_stopped_removes_nothing")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files_looks")),
    )
    op.create_index(op.f("ix_files_looks_at"), "files_looks", ["at"])
    for statement in guards.statements(TABLES):
        op.execute(statement)
