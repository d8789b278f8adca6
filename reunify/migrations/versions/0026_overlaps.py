"""The same child, traveler or night in another request."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reunify.migrations import guards

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

TABLES = ("overlap_items", "overlap_reasons")


def upgrade() -> None:
    op.create_table(
        "overlap_items",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("version_number", sa.BigInteger(), nullable=False),
        sa.Column("person", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("item_number", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("item IN ('child', 'leg', 'night')", name=op.f("ck_overlap_items_item_known")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_overlap_items_begins_before_it_ends")),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_overlap_items_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_overlap_items")),
    )
    op.create_index(op.f("ix_overlap_items_request_id"), "overlap_items", ["request_id"])
    op.create_index("ix_overlap_items_person", "overlap_items", ["person", "starts_at", "ends_at"])
    op.create_table(
        "overlap_reasons",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("version_number", sa.BigInteger(), nullable=False),
        sa.Column("other_request_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("request_id <> other_request_id", name=op.f("ck_overlap_reasons_of_another")),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_overlap_reasons_request_id")),
        sa.ForeignKeyConstraint(
            ["other_request_id"], ["requests.id"], name=op.f("fk_overlap_reasons_other_request_id")
        ),
        sa.ForeignKeyConstraint(["by"], ["staff.id"], name=op.f("fk_overlap_reasons_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_overlap_reasons")),
        sa.UniqueConstraint(
            "request_id",
            "version_number",
            "other_request_id",
            name=op.f("uq_overlap_reasons_request_id_version_number_other_request_id"),
        ),
    )
    op.create_index(op.f("ix_overlap_reasons_request_id"), "overlap_reasons", ["request_id"])
    op.create_index(op.f("ix_overlap_reasons_other_request_id"), "overlap_reasons", ["other_request_id"])
    for statement in guards.statements(TABLES):
        op.execute(statement)
