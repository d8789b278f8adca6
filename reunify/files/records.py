"""What is true: bytes kept once for each family, under the hash of what they are."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.vault.columns import sealed_bytes


class FileBlob(Base):
    """Never changed; removed only when retention ends."""

    __tablename__ = "files_blobs"
    __table_args__ = (
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256_hex"),
        sa.CheckConstraint("size >= 0", name="size_not_negative"),
    )

    keeper: Mapped[UUID] = mapped_column(primary_key=True)  # whose file it is: a request
    sha256: Mapped[str] = mapped_column(primary_key=True)
    content = sealed_bytes(keeper="keeper")
    size: Mapped[int]
    media_type: Mapped[str]
    kept_at: Mapped[datetime]
