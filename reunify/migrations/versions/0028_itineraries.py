"""The plan is made again when a booking changes: a document says up to which change of them it holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reunify.migrations import guards

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

TABLES = ("plans_followed",)
_ONCE = ["request_id", "number", "kind", "language", "award_digest", "household", "revision"]


def upgrade() -> None:
    op.add_column("documents", sa.Column("revision", sa.BigInteger(), nullable=False, server_default="0"))
    op.drop_constraint("uq_documents_once", "documents", type_="unique")
    op.create_unique_constraint("uq_documents_once", "documents", _ONCE, postgresql_nulls_not_distinct=True)
    op.create_check_constraint(
        op.f("ck_documents_only_the_plan_is_revised"),
        "documents",
        "revision = 0 OR (revision > 0 AND kind = 'itinerary')",
    )
    op.create_table(
        "plans_followed",
        sa.Column("award_id", sa.Uuid(), nullable=False),
        sa.Column("award_digest", sa.Text(), nullable=False),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["award_id"], ["awards.id"], name=op.f("fk_plans_followed_award_id")),
        sa.PrimaryKeyConstraint("award_id", name=op.f("pk_plans_followed")),
    )
    for statement in guards.statements(TABLES):
        op.execute(statement)
