"""What is true: which bytes are kept for whom, and where; what is to be removed; what the last look found."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.files.ports import KEY
from reunify.kernel.ids import new_id
from reunify.vault.columns import sealed_bytes

_ONE_PLACE: Final = (
    "num_nonnulls(content, object_key) = 1 AND num_nonnulls(object_key, object_sha256) <> 1 "
    f"AND coalesce(object_key ~ '{KEY}' AND object_sha256 ~ '^[0-9a-f]{{64}}$', true)"
)


def in_one_place() -> sa.CheckConstraint:
    """The sealed bytes are in the object store; those kept before there was one are in the row itself."""
    return sa.CheckConstraint(_ONE_PLACE, name="bytes_in_one_place")


class InStore:
    """Columns of a row whose bytes are in the object store, sealed as `content` of the same row would be."""

    object_key: Mapped[str | None] = mapped_column(unique=True)  # says nothing: made by chance
    object_sha256: Mapped[str | None]  # of the sealed bytes, so that nobody needs a key to check them


class FileBlob(InStore, Base):
    """Kept once for each family, under the hash of what they are. Never changed; the bytes go when
    retention ends, the row stays for the documents that name it."""

    __tablename__ = "files_blobs"
    __table_args__ = (
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256_hex"),
        sa.CheckConstraint("size >= 0", name="size_not_negative"),
        in_one_place(),
    )

    keeper: Mapped[UUID] = mapped_column(primary_key=True)  # whose file it is: a request
    sha256: Mapped[str] = mapped_column(primary_key=True)
    content = sealed_bytes(keeper="keeper", optional=True)
    size: Mapped[int]
    media_type: Mapped[str]
    kept_at: Mapped[datetime]


class Leaving(Base):
    """An object nobody may read again, until the store has removed it."""

    __tablename__ = "files_leaving"
    __table_args__ = (sa.CheckConstraint(f"object_key ~ '{KEY}'", name="key_spelled"),)

    object_key: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]


class Look(Base):
    """What the daily comparison of rows and objects found. `stopped`: why nothing was removed."""

    __tablename__ = "files_looks"
    __table_args__ = (
        sa.CheckConstraint("least(kept, lost, without_row, removed) >= 0", name="counts"),
        sa.CheckConstraint("removed <= without_row", name="removes_only_what_has_no_row"),
        sa.CheckConstraint("stopped IN ('not_ours', 'too_many')", name="stopped_known"),
        sa.CheckConstraint("stopped IS NULL OR removed = 0", name="stopped_removes_nothing"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    at: Mapped[datetime] = mapped_column(index=True)
    kept: Mapped[int]  # rows whose bytes are in the store
    lost: Mapped[int]  # of them, those the store does not have
    without_row: Mapped[int]  # objects older than a day that no row names
    removed: Mapped[int]
    stopped: Mapped[str | None]
