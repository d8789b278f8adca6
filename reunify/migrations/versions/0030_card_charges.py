"""Charges divided over bookings, refunds placed, and the answer given to a merchant."""

from __future__ import annotations

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
