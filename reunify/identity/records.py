"""What is true: persons, staff, sessions, family links. Tokens and PINs are kept only as hashes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.kernel.ids import new_id
from reunify.vault.columns import SealedText


class PersonRecord(Base):
    """One human being, however many requests name them."""

    __tablename__ = "persons"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(SealedText("persons.name"))
    registered_at: Mapped[datetime]


class PersonKey(Base):
    """A blind index by which a person is found again: name with birth date, or name with case number."""

    __tablename__ = "person_keys"

    index: Mapped[bytes] = mapped_column(sa.LargeBinary, primary_key=True)
    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("persons.id"), index=True)


class StaffRecord(Base):
    __tablename__ = "staff"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    username: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    roles: Mapped[list[str]]
    active: Mapped[bool] = mapped_column(default=True)


class StaffSession(Base):
    __tablename__ = "staff_sessions"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class SignInFailure(Base):
    """Counts wrong passwords per name, so that guessing stops after a few tries."""

    __tablename__ = "sign_in_failures"

    username_hash: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    since: Mapped[datetime]


class FamilyLink(Base):
    """A private link: 256-bit token and a random PIN told by voice; opening it never uses it up."""

    __tablename__ = "family_links"
    __table_args__ = (sa.CheckConstraint("tries_left >= 0", name="tries_not_negative"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    pin_hash: Mapped[str]
    tries_left: Mapped[int]
    made_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class FamilySession(Base):
    __tablename__ = "family_sessions"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    link_id: Mapped[UUID] = mapped_column(sa.ForeignKey("family_links.id"), index=True)
    ends_at: Mapped[datetime]
