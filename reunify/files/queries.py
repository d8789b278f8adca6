"""Show bytes, checked against the hash they were kept under."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.files import objects
from reunify.files.records import FileBlob
from reunify.kernel.refusals import NotFound


class FileMissing(NotFound):
    """No file is kept under that hash."""


class FileChanged(Exception):
    """The kept bytes are not those that were put, though their seal is whole: the database was altered."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    sha256: str
    content: bytes
    size: int
    media_type: str


def get(session: Session, sha256: str, keeper: UUID) -> KeptFile:
    """This keeper's copy. Raises FileMissing, vault's Erased, FileLost, StoreSilent, and FileChanged if it no
    longer fits."""
    blob = session.get(FileBlob, (keeper, sha256))
    if blob is None:
        raise FileMissing("That file is no longer kept.")
    content = objects.opened(session, blob)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise FileChanged(sha256)
    return KeptFile(blob.sha256, content, blob.size, blob.media_type)
