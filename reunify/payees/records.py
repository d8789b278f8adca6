"""What is true: each payee as told, version by version. Name and e-mail are sealed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.kernel.ids import new_id
from reunify.vault.columns import sealed_text


class PayeeRecord(Base):
    """One version of one payee. Only `stripe_recipient` is filled in later, once."""

    __tablename__ = "payees"
    __table_args__ = (
        sa.UniqueConstraint("request_id", "key", "version"),
        sa.CheckConstraint("kind IN ('person', 'vendor', 'partner')", name="kind_known"),
        sa.CheckConstraint("version >= 1", name="numbered_from_one"),
        sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name="country_two_letters"),
        sa.CheckConstraint("stripe_recipient IS NULL OR email IS NOT NULL", name="recipient_needs_email"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    request_id: Mapped[UUID] = mapped_column(sa.ForeignKey("requests.id"))
    key: Mapped[str]
    version: Mapped[int]
    kind: Mapped[str]
    legal_name = sealed_text(keeper="request_id")
    email = sealed_text(keeper="request_id", optional=True)
    country: Mapped[str]
    stripe_consent: Mapped[bool]  # as told in the request; what stands is a consent record
    stripe_recipient: Mapped[str | None]
    registered_at: Mapped[datetime]
