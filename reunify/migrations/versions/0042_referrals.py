"""Whom a family can turn to beside us, each with the day somebody checked it; words staff avoid."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from reunify.migrations import guards

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

_KINDS = "'hotline', 'peer_support', 'counselling', 'legal_help', 'food', 'lodging'"


def upgrade() -> None:
    op.create_table(
        "referrals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("neutral", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("what_en", "what_es", "phone")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("hours_en", "hours_es", "area")),
        sa.Column("speaks", postgresql.JSONB(), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_referrals_kind_known")),
        sa.CheckConstraint("area ~ '^([A-Z]{2})?$'", name=op.f("ck_referrals_area_is_a_state")),
        sa.CheckConstraint(
            "what_en <> '' AND what_es <> '' AND hours_en <> '' AND hours_es <> ''",
            name=op.f("ck_referrals_in_both_languages"),
        ),
        sa.CheckConstraint(
            "phone ~ '^[+]?[0-9][0-9 ()-]*[0-9]$'", name=op.f("ck_referrals_phone_can_be_dialled")
        ),
        sa.CheckConstraint(
            """speaks IN ('["en"]', '["es"]', '["en", "es"]')""", name=op.f("ck_referrals_speaks_known")
        ),
        sa.ForeignKeyConstraint(["added_by"], ["staff.id"], name=op.f("fk_referrals_added_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referrals")),
    )
    _checks()
    _words()
    for statement in guards.statements(("referrals", "referral_checks", "avoided_words")):
        op.execute(statement)


def _checks() -> None:
    op.create_table(
        "referral_checks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("checked_by", sa.Uuid(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('verified', 'retired')", name=op.f("ck_referral_checks_outcome_known")
        ),
        sa.CheckConstraint("note <> ''", name=op.f("ck_referral_checks_says_how")),
        sa.ForeignKeyConstraint(
            ["checked_by"], ["staff.id"], name=op.f("fk_referral_checks_checked_by_staff")
        ),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referrals.id"], name=op.f("fk_referral_checks_referral_id_referrals")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral_checks")),
    )
    op.create_index(op.f("ix_referral_checks_referral_id"), "referral_checks", ["referral_id"])
    op.create_index(
        "uq_referral_checks_one_end",
        "referral_checks",
        ["referral_id"],
        unique=True,
        postgresql_where=sa.text("outcome = 'retired'"),
    )


def _words() -> None:
    op.create_table(
        "avoided_words",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("avoided", sa.Boolean(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("say", sa.Text(), nullable=False),
        sa.Column("said_by", sa.Uuid(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("language IN ('en', 'es')", name=op.f("ck_avoided_words_language_known")),
        sa.CheckConstraint("word <> '' AND because <> ''", name=op.f("ck_avoided_words_says_why")),
        sa.CheckConstraint("avoided = (say <> '')", name=op.f("ck_avoided_words_says_what_instead")),
        sa.ForeignKeyConstraint(["said_by"], ["staff.id"], name=op.f("fk_avoided_words_said_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_avoided_words")),
    )
