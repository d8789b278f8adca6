"""What is true: the organisation's settings as dated rows. Append-only; a change is a new row."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.kernel.ids import new_id
from reunify.rates.policy import MONEY, Setting

_KEYS = ", ".join(f"'{s.value}'" for s in Setting)
_MONEY_KEYS = ", ".join(f"'{s.value}'" for s in MONEY)


class OrganisationSetting(Base):
    """One value from one day on. `(id, cents)` is referenced by the approvals made under a limit."""

    __tablename__ = "organisation_settings"
    __table_args__ = (
        sa.UniqueConstraint("id", "cents"),
        sa.CheckConstraint(f"key IN ({_KEYS})", name="key_known"),
        sa.CheckConstraint("(cents IS NULL) <> (text IS NULL)", name="one_value"),
        sa.CheckConstraint(f"(key IN ({_MONEY_KEYS})) = (cents IS NOT NULL)", name="money_in_cents"),
        sa.CheckConstraint("cents >= 0", name="cents_not_negative"),
        sa.Index("ix_organisation_settings_key_from", "key", "effective_from", "sequence"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sequence: Mapped[int] = mapped_column(sa.Identity(always=True), unique=True)
    key: Mapped[str]
    cents: Mapped[int | None]
    text: Mapped[str | None]
    effective_from: Mapped[date]
    set_by: Mapped[str]
    at: Mapped[datetime]
