"""Splits that wait for a later part of a source, splits that pay nothing, and reservations that run out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from reunify.migrations import guards

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLES = ("allocation_waits", "allocation_warnings", "empty_splits")
_AWARD_STATES = "'approved', 'awaiting_approval', 'declined', 'lapsed', 'released', 'replaced'"


def upgrade() -> None:
    _again()
    _waits()
    _empty()
    _warnings()
    for statement in guards.statements(TABLES):
        op.execute(statement)


def _again() -> None:
    """A version may be split again; an award may lapse with its reservation."""
    op.drop_constraint(op.f("uq_allocations_version_id"), "allocations", type_="unique")
    op.create_index(op.f("ix_allocations_version_id"), "allocations", ["version_id"])
    name = op.f("ck_awards_state_known")
    op.drop_constraint(name, "awards", type_="check")
    op.create_check_constraint(name, "awards", f"state IN ({_AWARD_STATES})")


def _waits() -> None:
    op.create_table(
        "allocation_waits",
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=False),
        sa.Column("departs_on", sa.Date(), nullable=True),
        sa.Column("points", sa.BigInteger(), nullable=True),
        sa.Column("plan", postgresql.JSONB(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'over')", name=op.f("ck_allocation_waits_state_known")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["request_versions.id"], name=op.f("fk_allocation_waits_version_id")
        ),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_allocation_waits_request_id")),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_allocation_waits")),
    )
    op.create_index(op.f("ix_allocation_waits_request_id"), "allocation_waits", ["request_id"])
    op.create_index(
        op.f("ix_allocation_waits_waiting"),
        "allocation_waits",
        ["next_on"],
        postgresql_where=sa.text("state = 'waiting'"),
    )


def _empty() -> None:
    op.create_table(
        "empty_splits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("certificate", postgresql.JSONB(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_empty_splits_request_id")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["request_versions.id"], name=op.f("fk_empty_splits_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_empty_splits")),
    )
    op.create_index(op.f("ix_empty_splits_request_id"), "empty_splits", ["request_id"])


def _warnings() -> None:
    op.create_table(
        "allocation_warnings",
        sa.Column("allocation_id", sa.Uuid(), nullable=False),
        sa.Column("runs_out_on", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["allocation_id"], ["allocations.id"], name=op.f("fk_allocation_warnings_allocation_id")
        ),
        sa.PrimaryKeyConstraint("allocation_id", "runs_out_on", name=op.f("pk_allocation_warnings")),
    )
