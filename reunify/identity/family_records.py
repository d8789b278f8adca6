"""What is true: private links and the sessions they opened. Tokens and PINs are kept only as hashes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.kernel.ids import new_id


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
