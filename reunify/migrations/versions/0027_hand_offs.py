"""Sources that are not ours: who was handed to whom, and when we ask again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reunify.migrations import guards

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TABLES = ("hand_offs", "hand_off_consents")


def upgrade() -> None:
    op.create_table(
        "hand_offs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("rule_sha256", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("told", sa.LargeBinary(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("form", sa.Text(), nullable=True),
        sa.Column("deadline", sa.Text(), nullable=False),
        sa.Column("handed_on", sa.Date(), nullable=False),
        sa.Column("follow_up_on", sa.Date(), nullable=True),
        sa.Column("handed_by", sa.Uuid(), nullable=False),
        sa.Column("handed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('did_not_help', 'handed_over', 'helped', 'no_answer')",
            name=op.f("ck_hand_offs_state_known"),
        ),
        sa.CheckConstraint("follow_up_on > handed_on", name=op.f("ck_hand_offs_followed_up_later")),
        sa.CheckConstraint(
            "(state = 'handed_over') = (ended_at IS NULL) AND num_nonnulls(ended_at, ended_by, reason) IN (0, 3)",
            name=op.f("ck_hand_offs_ended_by_somebody_with_a_reason"),
        ),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_hand_offs_request_id")),
        sa.ForeignKeyConstraint(
            ["rule_sha256"], ["rule_files.sha256"], name=op.f("fk_hand_offs_rule_sha256")
        ),
        sa.ForeignKeyConstraint(["handed_by"], ["staff.id"], name=op.f("fk_hand_offs_handed_by")),
        sa.ForeignKeyConstraint(["ended_by"], ["staff.id"], name=op.f("fk_hand_offs_ended_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_offs")),
    )
    still_open = sa.text("state = 'handed_over'")
    op.create_index(op.f("ix_hand_offs_request_id"), "hand_offs", ["request_id"])
    op.create_index(
        "uq_hand_offs_open", "hand_offs", ["request_id", "source"], unique=True, postgresql_where=still_open
    )
    op.create_index("ix_hand_offs_follow_up", "hand_offs", ["follow_up_on"], postgresql_where=still_open)
    op.create_table(
        "hand_off_consents",
        sa.Column("hand_off_id", sa.Uuid(), nullable=False),
        sa.Column("consent_ask_id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["hand_off_id"], ["hand_offs.id"], name=op.f("fk_hand_off_consents_hand_off_id")
        ),
        sa.ForeignKeyConstraint(
            ["consent_ask_id"], ["consent_asks.id"], name=op.f("fk_hand_off_consents_consent_ask_id")
        ),
        sa.PrimaryKeyConstraint("hand_off_id", "consent_ask_id", name=op.f("pk_hand_off_consents")),
    )
    for statement in guards.statements(TABLES):
        op.execute(statement)
