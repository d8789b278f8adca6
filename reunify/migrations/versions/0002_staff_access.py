"""Staff: factors, sessions that can be listed and ended, recovery."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from reunify.migrations import guards

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    "staff_sessions",
    "half_ways",
    "passkey_challenges",
    "passkeys",
    "totp_secrets",
    "enrolment_codes",
    "recoveries",
)
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.alter_column("staff", "password_hash", existing_type=sa.Text(), nullable=True)
    op.add_column("staff", sa.Column("enrolled_at", MOMENT, nullable=True))
    op.alter_column("sign_in_failures", "username_hash", new_column_name="who_hash")
    _sessions()
    _half_ways()
    _factors()
    _beginnings()
    for statement in guards.statements(TABLES):
        op.execute(statement)


def _sessions() -> None:
    op.drop_table("staff_sessions")  # everybody signs in again, with two factors
    op.create_table(
        "staff_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("ways", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.Column("proved_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_sessions_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_staff_sessions_token_hash")),
    )
    op.create_index(op.f("ix_staff_sessions_staff_id"), "staff_sessions", ["staff_id"], unique=False)


def _half_ways() -> None:
    op.create_table(
        "half_ways",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("provider", sa.Boolean(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("tries_left", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "purpose IN ('passkey', 'second_factor', 'set_up')", name=op.f("ck_half_ways_purpose_known")
        ),
        sa.CheckConstraint(
            "(purpose = 'passkey') = (staff_id IS NULL)",
            name=op.f("ck_half_ways_nobody_yet_only_for_passkey"),
        ),
        sa.CheckConstraint(
            "NOT provider OR purpose = 'second_factor'", name=op.f("ck_half_ways_provider_comes_first")
        ),
        sa.CheckConstraint("tries_left >= 0", name=op.f("ck_half_ways_tries_not_negative")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_half_ways_staff_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_half_ways")),
    )
    op.create_index(op.f("ix_half_ways_staff_id"), "half_ways", ["staff_id"], unique=False)
    op.create_index(op.f("ix_half_ways_ends_at"), "half_ways", ["ends_at"], unique=False)
    op.create_table(
        "passkey_challenges",
        sa.Column("owner_hash", sa.Text(), nullable=False),
        sa.Column("use", sa.Text(), nullable=False),
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("owner_hash", "use", name=op.f("pk_passkey_challenges")),
    )
    op.create_index(op.f("ix_passkey_challenges_ends_at"), "passkey_challenges", ["ends_at"], unique=False)


def _factors() -> None:
    op.create_table(
        "passkeys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("trusted_from", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_passkeys_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
    )
    op.create_index(op.f("ix_passkeys_staff_id"), "passkeys", ["staff_id"], unique=False)
    op.create_table(
        "totp_secrets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_totp_secrets_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_totp_secrets")),
        sa.UniqueConstraint("staff_id", name=op.f("uq_totp_secrets_staff_id")),
    )


def _beginnings() -> None:
    op.create_table(
        "enrolment_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("by_operator", sa.Boolean(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("tries_left", sa.BigInteger(), nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.CheckConstraint("tries_left >= 0", name=op.f("ck_enrolment_codes_tries_not_negative")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_enrolment_codes_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enrolment_codes")),
    )
    op.create_index(op.f("ix_enrolment_codes_staff_id"), "enrolment_codes", ["staff_id"], unique=False)
    op.create_table(
        "recoveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("first_hash", sa.Text(), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.Column("second_hash", sa.Text(), nullable=True),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("tries_left", sa.BigInteger(), nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.CheckConstraint("opened_by <> staff_id", name=op.f("ck_recoveries_opener_is_not_the_person")),
        sa.CheckConstraint(
            "confirmed_by <> staff_id", name=op.f("ck_recoveries_confirmer_is_not_the_person")
        ),
        sa.CheckConstraint("confirmed_by <> opened_by", name=op.f("ck_recoveries_two_people_vouch")),
        sa.CheckConstraint(
            "(confirmed_by IS NULL) = (confirmed_at IS NULL)", name=op.f("ck_recoveries_confirmation_paired")
        ),
        sa.CheckConstraint(
            "(confirmed_by IS NULL) = (second_hash IS NULL)", name=op.f("ck_recoveries_second_half_paired")
        ),
        sa.CheckConstraint(
            "used_at IS NULL OR confirmed_by IS NOT NULL", name=op.f("ck_recoveries_used_with_both_halves")
        ),
        sa.CheckConstraint("tries_left >= 0", name=op.f("ck_recoveries_tries_not_negative")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_recoveries_staff_id")),
        sa.ForeignKeyConstraint(["opened_by"], ["staff.id"], name=op.f("fk_recoveries_opened_by")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["staff.id"], name=op.f("fk_recoveries_confirmed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recoveries")),
    )
    for column in ("staff_id", "opened_by", "confirmed_by"):
        op.create_index(op.f(f"ix_recoveries_{column}"), "recoveries", [column], unique=False)
