"""Keep bytes."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from reunify.files.records import FileBlob
from reunify.kernel.refusals import Refused

LARGEST_BYTES: Final = 20 * 1024 * 1024


class FileTooLarge(Refused):
    """The file is larger than any letter or paper we keep."""


def put(session: Session, *, content: bytes, media_type: str, now: datetime) -> str:
    """Keep the bytes sealed, the same bytes once. Returns their SHA-256 in hex. Raises FileTooLarge."""
    if len(content) > LARGEST_BYTES:
        raise FileTooLarge("The file is larger than 20 MB. Send a smaller copy.")
    sha256 = hashlib.sha256(content).hexdigest()
    session.execute(
        insert(FileBlob)
        .values(sha256=sha256, content=content, size=len(content), media_type=media_type, kept_at=now)
        .on_conflict_do_nothing(index_elements=["sha256"])
    )
    return sha256
