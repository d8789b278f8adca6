"""The object store that the settings name."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from reunify.adapters.object_folder import FolderStore
from reunify.files.ports import ObjectStore
from reunify.kernel.object_place import Folder, read_place


class Wanted(Protocol):
    """What this needs of the settings."""

    @property
    def data(self) -> Path: ...
    @property
    def files(self) -> str | None: ...
    @property
    def files_key(self) -> SecretStr | None: ...


def opened_store(settings: Wanted) -> ObjectStore:
    """Asks nothing of it yet. A bucket's client is loaded only where there is one."""
    place = read_place(settings.files) if settings.files else Folder(settings.data / "files")
    if isinstance(place, Folder):
        return FolderStore(place.path)
    from reunify.adapters.object_s3 import BucketStore

    key = settings.files_key.get_secret_value() if settings.files_key else ""
    key_id, _, secret = key.partition(":")
    return BucketStore(place, key_id=key_id or None, secret=secret or None)
