"""What is true: staff, the ways they prove who they are, and their sessions. No secret is kept readable."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.identity import roles
from reunify.kernel.ids import new_id
from reunify.vault.columns import sealed_text


class StaffRecord(Base):
    """`enrolled_at`: the first session; from then on no single colleague can hand out a new beginning.

    `oidc_email`: the address an administrator entered; the first sign-in with it binds issuer and subject.
    """

    __tablename__ = "staff"
    __table_args__ = (
        sa.UniqueConstraint("oidc_issuer", "oidc_subject"),
        sa.CheckConstraint(roles.known_sql(), name="roles_known"),
        *(sa.CheckConstraint(roles.apart_sql(apart), name=apart.name) for apart in roles.APART),
        sa.CheckConstraint("(oidc_issuer IS NULL) = (oidc_subject IS NULL)", name="bound_to_one_subject"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    username: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str | None]
    roles: Mapped[list[str]]
    active: Mapped[bool] = mapped_column(default=True)
    enrolled_at: Mapped[datetime | None]
    team: Mapped[str | None] = mapped_column(index=True)
    phone_on_file = sealed_text(optional=True)
    oidc_email = sealed_text(optional=True)
    oidc_email_index: Mapped[bytes | None] = mapped_column(sa.LargeBinary, unique=True)
    oidc_issuer: Mapped[str | None]
    oidc_subject: Mapped[str | None]


class StaffSession(Base):
    """The token changes at sign-in and at every step-up; the id, for lists, stays. Ended means deleted."""

    __tablename__ = "staff_sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    token_hash: Mapped[str] = mapped_column(unique=True)
    staff_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ways: Mapped[list[str]]  # how the person proved who they are: password, totp, passkey, oidc
    browser: Mapped[str]  # two or three words from a closed list, such as `Firefox on Windows`
    proved_at: Mapped[datetime | None]  # the last passkey


class HalfWay(Base):
    """Somebody between the first proof and a session; it opens nothing but the next step.

    `provider`: the first proof came from the organisation's identity provider, not from a password.
    """

    __tablename__ = "half_ways"
    __table_args__ = (
        sa.CheckConstraint("purpose IN ('passkey', 'second_factor', 'set_up')", name="purpose_known"),
        sa.CheckConstraint("(purpose = 'passkey') = (staff_id IS NULL)", name="nobody_yet_only_for_passkey"),
        sa.CheckConstraint("NOT provider OR purpose = 'second_factor'", name="provider_comes_first"),
        sa.CheckConstraint("tries_left >= 0", name="tries_not_negative"),
    )

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    provider: Mapped[bool] = mapped_column(default=False)
    staff_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"), index=True)
    tries_left: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(index=True)


class PasskeyChallenge(Base):
    """What a passkey is to sign, once. `owner_hash`: the session or the half-way state that asked."""

    __tablename__ = "passkey_challenges"

    owner_hash: Mapped[str] = mapped_column(primary_key=True)
    use: Mapped[str] = mapped_column(primary_key=True)
    challenge: Mapped[bytes] = mapped_column(sa.LargeBinary)
    ends_at: Mapped[datetime] = mapped_column(index=True)


class Passkey(Base):
    """It signs in at once; as proof for acts of weight it counts from `trusted_from` on."""

    __tablename__ = "passkeys"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    staff_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"), index=True)
    credential_id: Mapped[bytes] = mapped_column(sa.LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(sa.LargeBinary)
    sign_count: Mapped[int]
    name: Mapped[str]
    made_at: Mapped[datetime]
    trusted_from: Mapped[datetime]
    used_at: Mapped[datetime | None]


class TotpSecret(Base):
    """Counts only once `confirmed_at`; `last_step` is the newest step accepted (ASVS 6.5.1)."""

    __tablename__ = "totp_secrets"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    staff_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"), unique=True)
    secret = sealed_text()
    made_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int | None]


class SignInFailure(Base):
    """Counts wrong passwords and codes per name, so that guessing stops after a few tries."""

    __tablename__ = "sign_in_failures"

    who_hash: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    since: Mapped[datetime]


class EnrolmentCode(Base):
    """A beginning, once: told to a new person, or made by an operator when nobody can sign in."""

    __tablename__ = "enrolment_codes"
    __table_args__ = (sa.CheckConstraint("tries_left >= 0", name="tries_not_negative"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    staff_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"), index=True)
    code_hash: Mapped[str]
    by_operator: Mapped[bool]
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    tries_left: Mapped[int]
    used_at: Mapped[datetime | None]


class Recovery(Base):
    """Two colleagues vouch for a third; each reads out one half of the code. Three different people."""

    __tablename__ = "recoveries"
    __table_args__ = (
        sa.CheckConstraint("opened_by <> staff_id", name="opener_is_not_the_person"),
        sa.CheckConstraint("confirmed_by <> staff_id", name="confirmer_is_not_the_person"),
        sa.CheckConstraint("confirmed_by <> opened_by", name="two_people_vouch"),
        sa.CheckConstraint("(confirmed_by IS NULL) = (confirmed_at IS NULL)", name="confirmation_paired"),
        sa.CheckConstraint("(confirmed_by IS NULL) = (second_hash IS NULL)", name="second_half_paired"),
        sa.CheckConstraint("used_at IS NULL OR confirmed_by IS NOT NULL", name="used_with_both_halves"),
        sa.CheckConstraint("tries_left >= 0", name="tries_not_negative"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    staff_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"), index=True)
    opened_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"), index=True)
    opened_at: Mapped[datetime]
    first_hash: Mapped[str]
    confirmed_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"), index=True)
    confirmed_at: Mapped[datetime | None]
    second_hash: Mapped[str | None]
    ends_at: Mapped[datetime]
    tries_left: Mapped[int]
    used_at: Mapped[datetime | None]
