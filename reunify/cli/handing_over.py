"""`reunify hand-over`: a quarantined paper leaves for the police. See docs/guides/abuse-images-runbook.md."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from reunify.cli.database import opened
from reunify.db import Database
from reunify.files import hand_over
from reunify.kernel.people import System
from reunify.kernel.refusals import Refused
from reunify.settings import Settings


class NotAPaper(Refused):
    """What was typed is not the number of a paper."""


class FileStands(Refused):
    """The file to write to exists, or its folder does not."""


def write(settings: Settings, paper: str, file: Path) -> str:
    """The bytes as they were sent, to a new file only its owner reads. Nothing is opened or looked into.

    Raises NotAPaper, FileStands, NobodyAgreed.
    """
    try:
        wanted = UUID(paper.strip())
    except ValueError:
        raise NotAPaper("Type the paper's number as the page Set aside shows it.") from None
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        raise FileStands("Name a file that does not exist yet, in a folder that does.") from None
    try:
        with os.fdopen(handle, "wb") as out, opened(settings, with_keys=True) as db:
            content = _written(db, wanted, out)
    except BaseException:
        file.unlink()
        raise
    return f"Written. SHA-256, for the receipt: {hashlib.sha256(content).hexdigest()}"


def _written(db: Database, paper: UUID, out: BinaryIO) -> bytes:
    """Handed over only if the bytes are on the disk: whatever fails before takes nothing."""
    with db.work() as session:
        content = hand_over.take(
            session, evidence_id=paper, by=System("reunify hand-over"), now=datetime.now(UTC)
        )
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    return content
