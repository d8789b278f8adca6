"""What is true: lent roles, shifts and hand-overs, tokens of programs, sign-ins under way at the provider."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.identity.duties import Duty
from reunify.kernel.ids import new_id
from reunify.kernel.people import Role
from reunify.vault.columns import sealed_json, sealed_text


def _listed(values: type[Role] | type[Duty]) -> str:
    return "(" + ", ".join(f"'{value.value}'" for value in values) + ")"


class DelegationRecord(Base):
    """One role of one person, lent to a colleague for a time. Never removed: awards remember by it."""

    __tablename__ = "delegations"
    __table_args__ = (
        sa.CheckConstraint("lender_id <> receiver_id", name="to_another"),
        sa.CheckConstraint(f"role IN {_listed(Role)}", name="role_known"),
        sa.CheckConstraint(
            "ends_at > starts_at AND ends_at <= starts_at + interval '30 days'", name="at_most_30_days"
        ),
        sa.CheckConstraint("starts_at >= made_at", name="never_backdated"),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revocation_paired"),
        sa.CheckConstraint("revoked_at >= made_at", name="revoked_after_made"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    lender_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"), index=True)
    receiver_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"), index=True)
    role: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    made_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    made_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]  # as in the audit: staff:<id> or system:<name>


def _one_at_a_time(duty: Duty) -> ExcludeConstraint:
    """Two shifts of one duty never overlap; a range index needs no extension as long as the duty is fixed."""
    return ExcludeConstraint(
        (sa.text("tstzrange(starts_at, ends_at)"), "&&"),
        where=sa.text(f"duty = '{duty.value}' AND withdrawn_at IS NULL"),
        using="gist",
        name=f"ex_shifts_one_{duty.value}",
    )


class ShiftRecord(Base):
    """Who is called from, and up to, which moment. Without a person the shift is open: a hole."""

    __tablename__ = "shifts"
    __table_args__ = (
        sa.CheckConstraint(f"duty IN {_listed(Duty)}", name="duty_known"),
        sa.CheckConstraint(
            "ends_at > starts_at AND ends_at <= starts_at + interval '7 days'", name="at_most_7_days"
        ),
        sa.CheckConstraint("person_id <> backup_id", name="backup_is_another"),
        _one_at_a_time(Duty.NIGHT_CASE_MANAGER),
        _one_at_a_time(Duty.NIGHT_FINANCE),
        sa.Index("ix_shifts_ends_at", "ends_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    duty: Mapped[str]
    person_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"), index=True)
    backup_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    made_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    made_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class HandOverRecord(Base):
    """The person on call asks a colleague to take over. Until it is accepted the first stays on call."""

    __tablename__ = "hand_overs"
    __table_args__ = (
        sa.CheckConstraint("from_id <> to_id", name="to_another"),
        sa.CheckConstraint(
            "(outcome IS NULL) = (closed_at IS NULL) AND outcome IN ('accepted', 'declined', 'withdrawn')",
            name="outcome_known",
        ),
        sa.Index(
            "uq_hand_overs_one_open", "shift_id", unique=True, postgresql_where=sa.text("outcome IS NULL")
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    shift_id: Mapped[UUID] = mapped_column(sa.ForeignKey("shifts.id"), index=True)
    from_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    to_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    note = sealed_text()
    offered_at: Mapped[datetime]
    outcome: Mapped[str | None]
    closed_at: Mapped[datetime | None]


class ApiTokenRecord(Base):
    """A program's key: only its hash is kept. What it enters is entered in its owner's name."""

    __tablename__ = "api_tokens"
    __table_args__ = (
        sa.CheckConstraint("ends_at > made_at AND ends_at <= made_at + interval '365 days'", name="ends"),
        sa.CheckConstraint("jsonb_array_length(scopes) > 0", name="allows_something"),
        sa.CheckConstraint("token_hash ~ '^[0-9a-f]{64}$'", name="hash_only"),
        sa.CheckConstraint("made_by <> owner_id", name="owner_is_another"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    hint: Mapped[str]  # the last four characters, to tell tokens apart
    scopes: Mapped[list[str]]
    owner_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"), index=True)
    made_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class ProviderVisit(Base):
    """A sign-in under way at the identity provider: used once, within ten minutes, by the same browser."""

    __tablename__ = "provider_visits"
    __table_args__ = (
        sa.CheckConstraint("purpose IN ('sign_in', 'step_up')", name="purpose_known"),
        sa.CheckConstraint("(purpose = 'step_up') = (staff_id IS NOT NULL)", name="step_up_of_someone"),
        sa.CheckConstraint("ends_at <= made_at + interval '10 minutes'", name="ten_minutes"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    state_hash: Mapped[str] = mapped_column(unique=True)
    browser_hash: Mapped[str]
    nonce = sealed_text()
    verifier = sealed_text()
    purpose: Mapped[str]
    staff_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    goes_to: Mapped[str]  # the page of ours that asked
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)


class StaffChangeRecord(Base):
    """What waits for a second person. `staff_id` of somebody new is known once it is in force.

    `alone`: made at the beginning of a house, in force at once, while nobody else had ever signed in.
    """

    __tablename__ = "staff_changes"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('add', 'roles', 'reach', 'code')", name="kind_known"),
        sa.CheckConstraint("confirmed_by <> made_by", name="two_people"),
        sa.CheckConstraint("confirmed_by <> staff_id", name="not_about_themselves"),
        sa.CheckConstraint(
            "(confirmed_by IS NOT NULL) = (confirmed_at IS NOT NULL AND NOT alone)",
            name="confirmed_by_someone",
        ),
        sa.CheckConstraint("NOT alone OR confirmed_at IS NOT NULL", name="alone_at_once"),
        sa.CheckConstraint("confirmed_at IS NULL OR withdrawn_at IS NULL", name="one_end"),
        sa.CheckConstraint(
            "(staff_id IS NULL) = (kind = 'add' AND confirmed_at IS NULL)", name="person_known"
        ),
        sa.CheckConstraint("confirmed_at >= made_at AND withdrawn_at >= made_at", name="in_order"),
        sa.Index(
            "uq_staff_changes_one_open",
            "staff_id",
            "kind",
            unique=True,
            postgresql_where=sa.text("confirmed_at IS NULL AND withdrawn_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    staff_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"), index=True)
    payload = sealed_json()
    made_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    made_at: Mapped[datetime]
    alone: Mapped[bool]
    confirmed_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    confirmed_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
