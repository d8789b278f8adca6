"""What staff and family are told: an outbox, and the ladder of calls while an emergency award waits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from reunify.migrations import guards

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TABLES = ("escalations", "escalation_events", "notices")


def upgrade() -> None:
    op.create_table(
        "escalations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("award_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'ended')", name=op.f("ck_escalations_state_known")),
        sa.CheckConstraint("stage IN ('approval', 'release')", name=op.f("ck_escalations_stage_known")),
        sa.CheckConstraint(
            "(state = 'ended') = (ended_at IS NOT NULL)", name=op.f("ck_escalations_end_has_a_time")
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_because IS NULL)", name=op.f("ck_escalations_end_has_a_reason")
        ),
        sa.CheckConstraint("ended_because IN ('decided', 'quiet')", name=op.f("ck_escalations_reason_known")),
        sa.ForeignKeyConstraint(["award_id"], ["awards.id"], name=op.f("fk_escalations_award_id")),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_escalations_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalations")),
        sa.UniqueConstraint("award_id", "stage", name=op.f("uq_escalations_award_id_stage")),
    )
    op.create_index(op.f("ix_escalations_request_id"), "escalations", ["request_id"])
    op.create_index(
        "ix_escalations_open", "escalations", ["award_id"], postgresql_where=sa.text("state = 'open'")
    )
    _events()
    _notices()
    for statement in guards.statements(TABLES):
        op.execute(statement)


def _events() -> None:
    op.create_table(
        "escalation_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("escalation_id", sa.Uuid(), nullable=False),
        sa.Column("moved", sa.Text(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(moved = 'tell' AND minutes IS NOT NULL AND staff_id IS NULL) "
            "OR (moved = 'acknowledge' AND minutes IS NULL AND staff_id IS NOT NULL)",
            name=op.f("ck_escalation_events_rung_or_person"),
        ),
        sa.ForeignKeyConstraint(
            ["escalation_id"], ["escalations.id"], name=op.f("fk_escalation_events_escalation_id")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_escalation_events_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_escalation_events")),
    )
    op.create_index(op.f("ix_escalation_events_escalation_id"), "escalation_events", ["escalation_id"])
    op.create_index(
        "uq_escalation_events_rung_once",
        "escalation_events",
        ["escalation_id", "minutes"],
        unique=True,
        postgresql_where=sa.text("moved = 'tell'"),
    )
    op.create_index(
        "uq_escalation_events_person_once",
        "escalation_events",
        ["escalation_id", "staff_id"],
        unique=True,
        postgresql_where=sa.text("moved = 'acknowledge'"),
    )


def _notices() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("move", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("award_id", sa.Uuid(), nullable=True),
        sa.Column("escalation_id", sa.Uuid(), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("about_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("link_hash", sa.Text(), nullable=True),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("useful_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("gateway_id", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "state IN ('planned', 'undelivered', 'sending', 'stopped', 'sent', 'delivered', 'unconfirmed', "
            "'told_otherwise')",
            name=op.f("ck_notices_state_known"),
        ),
        sa.CheckConstraint(
            "kind IN ('award_waits', 'last_call', 'cancel_by', 'arranged', 'booked', 'question')",
            name=op.f("ck_notices_kind_known"),
        ),
        sa.CheckConstraint("channel IN ('text', 'call')", name=op.f("ck_notices_channel_known")),
        sa.CheckConstraint("language IN ('en', 'es')", name=op.f("ck_notices_language_known")),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_notices_tries_not_negative")),
        sa.CheckConstraint(
            "state NOT IN ('sent', 'delivered') OR gateway_id IS NOT NULL",
            name=op.f("ck_notices_sent_has_id"),
        ),
        sa.CheckConstraint(
            "state <> 'sending' OR number IS NOT NULL", name=op.f("ck_notices_sending_is_frozen")
        ),
        sa.CheckConstraint(
            "(state = 'told_otherwise') = (told_by IS NOT NULL)",
            name=op.f("ck_notices_told_otherwise_by_someone"),
        ),
        sa.CheckConstraint(
            "(staff_id IS NULL) = starts_with(person, 'reader:')", name=op.f("ck_notices_staff_or_reader")
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_notices_{column}"))
            for column, table in (
                ("request_id", "requests"),
                ("award_id", "awards"),
                ("escalation_id", "escalations"),
                ("staff_id", "staff"),
                ("told_by", "staff"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint(
            "move", "person", "kind", "channel", name=op.f("uq_notices_move_person_kind_channel")
        ),
        sa.UniqueConstraint("link_hash", name=op.f("uq_notices_link_hash")),
    )
    for column in ("request_id", "award_id", "escalation_id"):
        op.create_index(op.f(f"ix_notices_{column}"), "notices", [column])
    op.create_index(
        "ix_notices_next_at",
        "notices",
        ["next_at"],
        postgresql_where=sa.text("state IN ('planned', 'sending', 'sent')"),
    )
    op.create_index(
        "ix_notices_undelivered",
        "notices",
        ["planned_at"],
        postgresql_where=sa.text("state = 'undelivered'"),
    )
