"""Papers carry a code that anybody can look up; its files are bound to it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Papers issued before have no code: none was printed on them."""
    op.add_column("documents", sa.Column("code", sa.Text(), nullable=True))
    op.add_column("documents", sa.Column("files_proof", sa.LargeBinary(), nullable=True))
    op.create_unique_constraint("uq_documents_code", "documents", ["code"])
    op.create_check_constraint(
        op.f("ck_documents_code_spelled"), "documents", "code ~ '^[0123456789ABCDEFGHJKMNPQRSTVWXYZ]{12}$'"
    )
    op.create_check_constraint(
        op.f("ck_documents_code_binds_its_files"), "documents", "num_nonnulls(code, files_proof) <> 1"
    )
