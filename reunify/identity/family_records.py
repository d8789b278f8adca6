"""What is true: private links and the sessions they opened. Tokens, codes and PINs are only hashes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.kernel.ids import new_id
from reunify.vault.columns import sealed_text


class FamilyLink(Base):
    """One reader's private link: 256-bit token, short code, random PIN; opening it never uses it up.

    `how`: the reader's first link, or re-issued after a call back to the number on file, or with a second
    person where no number is on file. `opening_id`: whoever made it had but an emergency opening of the case,
    and the link ends with that.
    """

    __tablename__ = "family_links"
    __table_args__ = (
        sa.CheckConstraint("tries_left >= 0", name="tries_not_negative"),
        sa.CheckConstraint("how IN ('first', 'call_back', 'second_person')", name="how_known"),
        sa.CheckConstraint(
            "how <> 'call_back' OR (called_ending IS NOT NULL AND spoke_with IS NOT NULL)",
            name="call_back_is_told",
        ),
        sa.CheckConstraint(
            "(how = 'second_person') = (vouched_by IS NOT NULL)", name="second_person_is_named"
        ),
        sa.CheckConstraint("vouched_by <> made_by", name="second_person_is_another"),
        sa.Index(
            "uq_family_links_one_open",
            "request_id",
            "reader",
            unique=True,
            postgresql_where=sa.text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(index=True)
    reader: Mapped[str]  # a traveler's key in the request
    token_hash: Mapped[str] = mapped_column(unique=True)
    code_index: Mapped[bytes] = mapped_column(sa.LargeBinary, unique=True)  # keyed: the code is short
    pin_hash: Mapped[str]
    tries_left: Mapped[int]
    how: Mapped[str]
    called_ending: Mapped[str | None]  # the last two digits of the number that was called back
    spoke_with = sealed_text(keeper="request_id", optional=True)
    vouched_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    made_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    made_at: Mapped[datetime]
    opening_id: Mapped[UUID | None] = mapped_column(index=True)
    ends_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class LinkVoucher(Base):
    """No number is on file: one person says how they know the reader; another makes the link."""

    __tablename__ = "family_link_vouchers"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(index=True)
    reader: Mapped[str]
    how_known = sealed_text(keeper="request_id")
    vouched_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    vouched_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class FamilySession(Base):
    __tablename__ = "family_sessions"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    link_id: Mapped[UUID] = mapped_column(sa.ForeignKey("family_links.id"), index=True)
    ends_at: Mapped[datetime]
