"""One folder of sealed objects for the whole run: databases are copied, and what a copy names is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.adapters.object_folder import FolderStore
from reunify.files import objects
from reunify.files.looking import MARK
from reunify.files.ports import Stored

_NEVER_OLD: Final = datetime(9999, 1, 1, tzinfo=UTC)


class SharedStore(FolderStore):
    """Nothing in it is ever old enough to be removed because this database knows no row of it."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        super().__init__(folder, durable=durable)
        self._names: dict[str, Stored] = {}

    def put(self, key: str, sealed: bytes) -> None:
        if key == MARK:  # each database has a house of its own
            return
        super().put(key, sealed)
        self._names[key] = Stored(key, _NEVER_OLD)

    def delete(self, keys: Sequence[str]) -> None:
        super().delete(keys)
        for key in keys:
            self._names.pop(key, None)

    def list(self) -> Iterator[Stored]:
        return iter(tuple(self._names.values()))


def stored(session: Session) -> list[bytes]:
    """The sealed bytes of every kept file, as whoever owns the store sees them."""
    keys = session.scalars(sa.text("SELECT object_key FROM files_blobs")).all()
    kept = [objects.current().get(key) for key in keys]
    assert None not in kept
    return [sealed for sealed in kept if sealed]
