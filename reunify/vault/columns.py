"""Column types that seal on the way in and unseal on the way out."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

from reunify.kernel.canonical import canonical
from reunify.vault import keyring


class SealedText(TypeDecorator[str]):
    """Text kept as AES-GCM bytes, bound to `place` (table.column)."""

    impl = sa.LargeBinary
    cache_ok = True

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def process_bind_param(self, value: str | None, dialect: Any) -> bytes | None:
        if value is None:
            return None
        return keyring.current().seal(value.encode(), place=self.place)

    def process_result_value(self, value: bytes | None, dialect: Any) -> str | None:
        if value is None:
            return None
        return keyring.current().unseal(bytes(value), place=self.place).decode()


class SealedJson(TypeDecorator[Any]):
    """A JSON document in canonical form, sealed."""

    impl = sa.LargeBinary
    cache_ok = True

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def process_bind_param(self, value: Any, dialect: Any) -> bytes | None:
        if value is None:
            return None
        return keyring.current().seal(canonical(value), place=self.place)

    def process_result_value(self, value: bytes | None, dialect: Any) -> Any:
        if value is None:
            return None
        return json.loads(keyring.current().unseal(bytes(value), place=self.place))


class SealedBytes(TypeDecorator[bytes]):
    """Bytes (a document), sealed."""

    impl = sa.LargeBinary
    cache_ok = True

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def process_bind_param(self, value: bytes | None, dialect: Any) -> bytes | None:
        return None if value is None else keyring.current().seal(value, place=self.place)

    def process_result_value(self, value: bytes | None, dialect: Any) -> bytes | None:
        return None if value is None else keyring.current().unseal(bytes(value), place=self.place)
