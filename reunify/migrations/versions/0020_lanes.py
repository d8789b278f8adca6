"""Which lane a request takes: the ordinary one, or the one of an emergency."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("requests", sa.Column("lane", sa.Text(), nullable=False, server_default="ordinary"))
    op.create_check_constraint(
        op.f("ck_requests_lane_known"), "requests", "lane IN ('ordinary', 'emergency')"
    )
