"""Sealed objects in a folder: one file each, in 256 folders. For one machine, and for trying things out."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from reunify.files.ports import KEY, Stored, StoreSilent

_KEY: Final = re.compile(KEY)
_MINE: Final = 0o700


class FolderStore:
    """Each object is written beside its place, made lasting, then named: a reader finds all or nothing."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        """`durable`: writing waits for the disk. The folder is made with the first object."""
        self._folder = folder.absolute()
        self._durable = durable

    @property
    def called(self) -> str:
        return f"the folder {self._folder}"

    def put(self, key: str, sealed: bytes) -> None:
        path = self._path(key)
        unfinished = path.with_name(f".{secrets.token_hex(8)}")
        try:
            self._make_folder(path.parent)
            handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(sealed)
                file.flush()
                if self._durable:
                    os.fsync(file.fileno())
            unfinished.replace(path)
            if self._durable:
                _fsync_folder(path.parent)
        except OSError as wrong:
            unfinished.unlink(missing_ok=True)
            raise self._silent(wrong) from wrong

    def get(self, key: str) -> bytes | None:
        try:
            return self._path(key).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as wrong:
            raise self._silent(wrong) from wrong

    def delete(self, keys: Sequence[str]) -> None:
        try:
            for key in keys:
                self._path(key).unlink(missing_ok=True)
        except OSError as wrong:
            raise self._silent(wrong) from wrong

    def list(self) -> Iterator[Stored]:
        try:
            for shard in sorted(self._folder.iterdir()) if self._folder.exists() else []:
                for path in sorted(shard.iterdir()) if shard.is_dir() else []:
                    key = f"{shard.name}/{path.name}"
                    if _KEY.fullmatch(key):
                        yield Stored(key, datetime.fromtimestamp(path.stat().st_mtime, tz=UTC))
        except OSError as wrong:
            raise self._silent(wrong) from wrong

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError("that is no key of an object")
        return self._folder / key

    def _make_folder(self, shard: Path) -> None:
        if shard.is_dir():
            return
        if not self._folder.is_dir():  # one that is there is the operator's, and keeps its mode
            self._folder.mkdir(mode=_MINE, parents=True, exist_ok=True)
            if self._durable:
                _fsync_folder(self._folder.parent)
        shard.mkdir(mode=_MINE, exist_ok=True)
        if self._durable:
            _fsync_folder(self._folder)

    def _silent(self, wrong: OSError) -> StoreSilent:
        why = os.strerror(wrong.errno) if wrong.errno else type(wrong).__name__
        return StoreSilent(
            f"Files cannot be kept or read just now ({why}). Nothing was changed: try again soon."
        )


def _fsync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
