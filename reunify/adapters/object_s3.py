"""Sealed objects in a bucket of an S3-compatible store, through obstore."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from obstore.exceptions import BaseError
from obstore.store import S3Store

from reunify.files.ports import KEY, Stored, StoreSilent
from reunify.kernel.addresses import is_loopback
from reunify.kernel.object_place import Bucket

_KEY: Final = re.compile(KEY)
_AT_ONCE: Final = 1000  # what one call of S3 lists or deletes
_SILENT: Final = "The store of files does not answer. Nothing was changed: try again soon."


class BucketStore:
    """A call waits 10 seconds, is tried twice more within 20, and then the store counts as silent."""

    def __init__(self, place: Bucket, *, key_id: str | None, secret: str | None) -> None:
        """Without a key the machine's own role at Amazon is used."""
        given: dict[str, Any] = {"access_key_id": key_id, "secret_access_key": secret}
        if place.endpoint is not None:
            given["endpoint"] = place.endpoint
        self._place = place
        self._store = S3Store(
            place.bucket,
            prefix=place.prefix or None,
            region=place.region,
            client_options={
                "allow_http": place.endpoint is not None and is_loopback(place.endpoint),
                "connect_timeout": "5s",
                "timeout": "10s",
            },
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=20)},
            **{name: value for name, value in given.items() if value is not None},
        )

    @property
    def called(self) -> str:
        where = self._place.endpoint or "Amazon S3"
        return f"the bucket {self._place.bucket}/{self._place.prefix} at {where}"

    def put(self, key: str, sealed: bytes) -> None:
        """S3 keeps an object whole or not at all."""
        try:
            self._store.put(_checked(key), sealed, use_multipart=False)
        except (BaseError, OSError) as wrong:  # no bucket reads as a missing file
            raise StoreSilent(_SILENT) from wrong

    def get(self, key: str) -> bytes | None:
        try:
            return bytes(self._store.get(_checked(key)).bytes())
        except FileNotFoundError as wrong:
            if "NoSuchBucket" in str(wrong):
                raise StoreSilent(_SILENT) from None
            return None
        except (BaseError, OSError) as wrong:
            raise StoreSilent(_SILENT) from wrong

    def delete(self, keys: Sequence[str]) -> None:
        try:
            for begin in range(0, len(keys), _AT_ONCE):
                self._delete_some([_checked(key) for key in keys[begin : begin + _AT_ONCE]])
        except (BaseError, OSError) as wrong:
            raise StoreSilent(_SILENT) from wrong

    def _delete_some(self, keys: list[str]) -> None:
        """Amazon counts what is not there as deleted; where a store does not, the others still go."""
        try:
            self._store.delete(keys)
        except FileNotFoundError as wrong:
            if "NoSuchBucket" in str(wrong):
                raise
            for key in keys:
                with suppress(FileNotFoundError):
                    self._store.delete(key)

    def list(self) -> Iterator[Stored]:
        try:
            for page in self._store.list(chunk_size=_AT_ONCE):
                for found in page:
                    if _KEY.fullmatch(found["path"]):
                        yield Stored(found["path"], found["last_modified"])
        except (BaseError, OSError) as wrong:
            raise StoreSilent(_SILENT) from wrong


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError("that is no key of an object")
    return key
