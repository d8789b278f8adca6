"""Keep bytes."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.files.records import FileBlob
from reunify.kernel.refusals import Refused
from reunify.vault import sealing

LARGEST_BYTES: Final = 20 * 1024 * 1024


class FileTooLarge(Refused):
    """The file is larger than any letter or paper we keep."""


def put(session: Session, *, content: bytes, media_type: str, keeper: UUID, now: datetime) -> str:
    """Keep the bytes sealed with this keeper's key, the same bytes once. Returns their SHA-256 in hex.

    `keeper` is the request whose file it is. Raises FileTooLarge, vault's Erased.
    """
    if len(content) > LARGEST_BYTES:
        raise FileTooLarge("The file is larger than 20 MB. Send a smaller copy.")
    sha256 = hashlib.sha256(content).hexdigest()
    kept = sa.select(FileBlob.sha256).where(FileBlob.keeper == keeper, FileBlob.sha256 == sha256)
    if session.scalar(kept) is None:
        sealed = sealing.seal(
            session,
            keeper=keeper,
            place=FileBlob.content.place,
            row=sealing.row_name(keeper, sha256),
            plain=content,
        )
        session.execute(
            insert(FileBlob.__table__)  # type: ignore[arg-type]
            .values(
                keeper=keeper,
                sha256=sha256,
                content=sealed,
                size=len(content),
                media_type=media_type,
                kept_at=now,
            )
            .on_conflict_do_nothing(index_elements=["keeper", "sha256"])
        )
    return sha256
