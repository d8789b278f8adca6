"""What is true: bytes kept once, under the hash of what they are."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.vault.columns import SealedBytes


class FileBlob(Base):
    """Never changed; removed only when retention ends."""

    __tablename__ = "files_blobs"
    __table_args__ = (
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256_hex"),
        sa.CheckConstraint("size >= 0", name="size_not_negative"),
    )

    sha256: Mapped[str] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(SealedBytes("files_blobs.content"))
    size: Mapped[int]
    media_type: Mapped[str]
    kept_at: Mapped[datetime]
