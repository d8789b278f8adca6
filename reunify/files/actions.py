"""Keep bytes."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.files import objects
from reunify.files.records import FileBlob
from reunify.kernel.refusals import Refused
from reunify.vault.sealing import row_name

LARGEST_BYTES: Final = 20 * 1024 * 1024


class FileTooLarge(Refused):
    """The file is larger than any letter or paper we keep."""


def put(session: Session, *, content: bytes, media_type: str, keeper: UUID, now: datetime) -> str:
    """Keep the bytes sealed with this keeper's key, the same bytes once. Returns their SHA-256 in hex.

    `keeper` is the request whose file it is. Raises FileTooLarge, StoreSilent, vault's Erased.
    """
    if len(content) > LARGEST_BYTES:
        raise FileTooLarge("The file is larger than 20 MB. Send a smaller copy.")
    sha256 = hashlib.sha256(content).hexdigest()
    kept = sa.select(FileBlob.sha256).where(FileBlob.keeper == keeper, FileBlob.sha256 == sha256)
    if session.scalar(kept) is None:
        there = objects.put(
            session, keeper=keeper, place=FileBlob.content.place, row=row_name(keeper, sha256), plain=content
        )
        about = {"size": len(content), "media_type": media_type, "kept_at": now}
        session.execute(
            insert(FileBlob.__table__)  # type: ignore[arg-type]
            .values(keeper=keeper, sha256=sha256, **asdict(there), **about)
            .on_conflict_do_nothing(index_elements=["keeper", "sha256"])
        )
    return sha256


def forget(session: Session, *, keeper: UUID, now: datetime) -> None:
    """When this keeper is erased: its bytes leave the store. The rows stay, and name what was there."""
    keys = session.scalars(sa.select(FileBlob.object_key).where(FileBlob.keeper == keeper))
    objects.let_go(session, keys.all(), now=now)
