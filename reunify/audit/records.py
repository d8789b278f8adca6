"""What is true: one hashed row for each change. The database refuses to change or remove one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.kernel.canonical import digest_of
from reunify.vault.columns import sealed_text


def _facts(entry: AuditEntry) -> str:
    """What the row says besides its reason: the reason is bound to that, before the row has a number."""
    return digest_of(
        {
            "at": entry.at.astimezone(UTC),
            "actor": entry.actor,
            "verb": entry.verb,
            "subject": entry.subject,
            "subject_id": entry.subject_id,
            "source": entry.source,
            "target": entry.target,
            "detail": entry.detail,
        }
    )


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
    family: Mapped[UUID | None]  # the request whose key seals the reason; None: the house's
    why = sealed_text(keeper="family", optional=True, row=_facts)  # people write freely
    detail: Mapped[dict[str, Any]]  # ids, codes and cents only
    hash: Mapped[str]
    # The transaction that wrote it: what a seal covers is told by it (sealing.py).
    xid: Mapped[int] = mapped_column(
        server_default=sa.text("(pg_current_xact_id()::text)::bigint"), index=True
    )
