"""Replays of rules half-way, the yeses they found, and the families owed a second look."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from reunify.migrations import guards

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TABLES = ("replay_progress", "replay_yeses", "look_backs")


def upgrade() -> None:
    op.create_table(
        "replay_progress",
        sa.Column("replay_id", sa.Uuid(), nullable=False),
        sa.Column("after", sa.Uuid(), nullable=True),
        sa.Column("tally", postgresql.JSONB(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["replay_id"], ["rule_replays.id"], name=op.f("fk_replay_progress_replay_id")
        ),
        sa.PrimaryKeyConstraint("replay_id", name=op.f("pk_replay_progress")),
    )
    op.create_table(
        "replay_yeses",
        sa.Column("replay_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("determination_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("answer_before", sa.Text(), nullable=False),
        sa.Column("answer_after", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["replay_id", "sha256"],
            ["rule_replays.id", "rule_replays.sha256"],
            name=op.f("fk_replay_yeses_replay_id_sha256"),
        ),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_replay_yeses_request_id")),
        sa.ForeignKeyConstraint(
            ["determination_id"], ["determinations.id"], name=op.f("fk_replay_yeses_determination_id")
        ),
        sa.PrimaryKeyConstraint("replay_id", "request_id", name=op.f("pk_replay_yeses")),
    )
    op.create_index(op.f("ix_replay_yeses_sha256"), "replay_yeses", ["sha256"])
    _look_backs()
    for statement in guards.statements(TABLES):
        op.execute(statement)


def _look_backs() -> None:
    op.create_table(
        "look_backs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("determination_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("answer_before", sa.Text(), nullable=False),
        sa.Column("answer_after", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("owed_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('open', 'done')", name=op.f("ck_look_backs_state_known")),
        sa.CheckConstraint(
            "outcome IN ('checked_again', 'not_needed')", name=op.f("ck_look_backs_outcome_known")
        ),
        sa.CheckConstraint(
            "num_nonnulls(outcome, settled_by, settled_at) = CASE state WHEN 'done' THEN 3 ELSE 0 END",
            name=op.f("ck_look_backs_settled_when_done"),
        ),
        sa.CheckConstraint(
            "outcome <> 'not_needed' OR reason IS NOT NULL",
            name=op.f("ck_look_backs_reason_where_not_needed"),
        ),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_look_backs_request_id")),
        sa.ForeignKeyConstraint(["sha256"], ["rule_versions.sha256"], name=op.f("fk_look_backs_sha256")),
        sa.ForeignKeyConstraint(
            ["determination_id"], ["determinations.id"], name=op.f("fk_look_backs_determination_id")
        ),
        sa.ForeignKeyConstraint(["settled_by"], ["staff.id"], name=op.f("fk_look_backs_settled_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_look_backs")),
        sa.UniqueConstraint("request_id", "sha256", name=op.f("uq_look_backs_request_id_sha256")),
    )
    op.create_index(
        "ix_look_backs_open", "look_backs", ["request_id"], postgresql_where=sa.text("state = 'open'")
    )
