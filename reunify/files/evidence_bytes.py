"""The bytes of one paper sent in: kept in the object store, opened, destroyed."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.files import objects
from reunify.files.evidence_records import Evidence, EvidenceBytes
from reunify.kernel.ids import new_id
from reunify.vault.sealing import row_name


def keep(session: Session, paper: Evidence, part: str, content: bytes) -> None:
    """`part`: "original" or "safe". Raises vault's Erased, StoreSilent."""
    row, keeper, place = new_id(), paper.keeper_of_bytes, EvidenceBytes.content.place
    there = objects.put(session, keeper=keeper, place=place, row=row_name(row), plain=content)
    about = {"evidence_id": paper.id, "request_id": paper.request_id, "keeper": keeper}
    session.add(EvidenceBytes(id=row, part=part, **about, **asdict(there)))


def bytes_of(session: Session, evidence_id: UUID, part: str) -> bytes | None:
    """`part`: "original" or "safe"; None if there is nothing of it.

    Raises vault's Erased, FileLost, StoreSilent.
    """
    kept = session.scalar(
        sa.select(EvidenceBytes).where(EvidenceBytes.evidence_id == evidence_id, EvidenceBytes.part == part)
    )
    return objects.opened(session, kept) if kept is not None else None


def destroy(session: Session, evidence_id: UUID, *parts: str, now: datetime) -> frozenset[UUID]:
    """Bytes, never the note that they were here. Returns the keepers that sealed this paper alone."""
    b = EvidenceBytes
    these = sa.delete(b).where(b.evidence_id == evidence_id, b.part.in_(parts))
    rows = session.execute(these.returning(b.keeper, b.request_id, b.object_key)).all()
    objects.let_go(session, [key for _, _, key in rows], now=now)
    return frozenset(keeper for keeper, request_id, _ in rows if keeper != request_id)
