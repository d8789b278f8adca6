"""Accounting periods that close, counted uses, costs moved to another fund, and what came back from elsewhere."""

from __future__ import annotations

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
