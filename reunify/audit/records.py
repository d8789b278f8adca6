"""What is true: one hashed row for each change. The database refuses to change or remove one."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.vault.columns import SealedText


class AuditEntry(Base):
    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]  # staff:<id>, family:<id> or system:<name>; never a name
    verb: Mapped[str]
    subject: Mapped[str]  # the aggregate's word
    subject_id: Mapped[UUID] = mapped_column(index=True)
    source: Mapped[str | None]
    target: Mapped[str | None]
    why: Mapped[str | None] = mapped_column(SealedText("audit_entries.why"))  # people write freely
    detail: Mapped[dict[str, Any]]  # ids, codes and cents only
    hash: Mapped[str]
