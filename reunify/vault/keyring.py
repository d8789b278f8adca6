"""The keys that wrap every other key, and the keys of blind indexes. Nothing here touches a database.

A ring holds keys by id (1-255). A rotation adds one; the others go on opening what they wrapped. The process
asks its source again when it meets a key it has never seen: another process has rotated meanwhile.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import threading
import time
import unicodedata
from dataclasses import dataclass, replace
from typing import Any, Final

from reunify.vault import layout
from reunify.vault.layout import CannotUnseal
from reunify.vault.ports import KeySource

__all__ = ["CannotUnseal", "KeyRing", "RingUnreadable", "current", "having", "use"]

_KEY_BYTES: Final = 32
_ASK_AGAIN_AFTER_SECONDS: Final = 5.0


class RingUnreadable(Exception):
    """What the source gave is not a key ring. `str()` never repeats it."""


@dataclass(frozen=True)
class KeyRing:
    """Keys by id; the active one wraps. `index_keys` are for blind indexes and have versions of their own."""

    keys: dict[int, bytes]
    active: int
    index_keys: dict[int, bytes]
    index_active: int = 1
    origin: str = "file"  # "sandbox" keys are refused in production

    def __repr__(self) -> str:
        return f"KeyRing(keys {sorted(self.keys)}, active {self.active}, origin {self.origin!r})"

    @classmethod
    def fresh(cls, origin: str = "file") -> KeyRing:
        return cls({1: secrets.token_bytes(_KEY_BYTES)}, 1, {1: secrets.token_bytes(_KEY_BYTES)}, 1, origin)

    @classmethod
    def from_json(cls, text: str) -> KeyRing:
        """Keys are base64 of 32 bytes. Raises RingUnreadable, in words that hold none of it."""
        try:
            said: dict[str, Any] = json.loads(text)
            indexes = said.get("index_keys") or {"1": said["index_key"]}  # one key, before it had versions
            ring = cls(
                _keys(said["keys"]),
                int(said["active"]),
                _keys(indexes),
                int(said.get("index_active", 1)),
                str(said["origin"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError, binascii.Error):
            raise RingUnreadable(
                'It must be JSON such as {"keys": {"1": ...}, "active": 1, "index_keys": {"1": ...}, '
                '"index_active": 1, "origin": "file"}; each key is 32 bytes in base64, each id 1 to 255.'
            ) from None
        if ring.active not in ring.keys or ring.index_active not in ring.index_keys:
            raise RingUnreadable("The key called active is not on the ring.")
        return ring

    def to_json(self) -> str:
        body = {
            "keys": _spelled(self.keys),
            "active": self.active,
            "index_keys": _spelled(self.index_keys),
            "index_active": self.index_active,
            "origin": self.origin,
        }
        return json.dumps(body, indent=1) + "\n"

    def with_new_key(self) -> KeyRing:
        """The same ring with one more key, which is now the active one. Ids only ever grow."""
        number = max(self.keys) + 1
        return replace(self, keys={**self.keys, number: secrets.token_bytes(_KEY_BYTES)}, active=number)

    def without(self, number: int) -> KeyRing:
        return replace(self, keys={k: v for k, v in self.keys.items() if k != number})

    def wrap(self, plain: bytes, *, about: bytes, with_key: int | None = None) -> bytes:
        """Seal a data key with the active key (or this one)."""
        number = with_key or self.active
        return layout.seal(layout.cipher(self.keys[number]), plain, key_id=number, about=about)

    def unwrap(self, wrapped: bytes, *, about: bytes) -> bytes:
        """Raises CannotUnseal."""
        return layout.unseal(layout.cipher(self._key(layout.key_id(wrapped))), wrapped, about=about)

    def unseal_first_layout(self, sealed: bytes, *, place: str) -> bytes:
        """A value of layout 1: sealed with a key of the ring itself, bound to its column only."""
        return layout.unseal(layout.cipher(self._key(layout.key_id(sealed))), sealed, about=place.encode())

    def blind_index(self, *parts: str, place: str, version: int | None = None) -> bytes:
        """Equality search without the value: HMAC-SHA-256 over folded text, 64 bits, a key for each column.

        Never for a field with few possible values: whoever holds the key could try them all.
        """
        folded = "\x1f".join(" ".join(unicodedata.normalize("NFKD", p).casefold().split()) for p in parts)
        key = hmac.digest(self.index_keys[version or self.index_active], place.encode(), hashlib.sha256)
        return hmac.digest(key, folded.encode(), hashlib.sha256)[:8]

    def blind_indexes(self, *parts: str, place: str) -> list[bytes]:
        """The same under every version of the index key, to find what was written under an older one."""
        return [self.blind_index(*parts, place=place, version=n) for n in sorted(self.index_keys)]

    def _key(self, number: int) -> bytes:
        try:
            return self.keys[number]
        except KeyError:
            raise CannotUnseal(f"sealed with key {number}, which is not on the ring") from None


def _keys(said: dict[str, str]) -> dict[int, bytes]:
    keys = {int(number): base64.b64decode(key, validate=True) for number, key in said.items()}
    if any(len(key) != _KEY_BYTES for key in keys.values()) or any(not 1 <= n <= 255 for n in keys):
        raise ValueError
    return keys


def _spelled(keys: dict[int, bytes]) -> dict[str, str]:
    return {str(number): base64.b64encode(key).decode() for number, key in keys.items()}


_lock = threading.Lock()
_ring: KeyRing | None = None
_source: KeySource | None = None
_not_there: dict[int, float] = {}  # key id -> when the source last did not have it


def use(ring: KeyRing, source: KeySource | None = None) -> None:
    """Set the process's key ring, and where to ask again for a key it lacks; called once by bootstrap."""
    global _ring, _source
    with _lock:
        _ring, _source = ring, source
        _not_there.clear()


def current() -> KeyRing:
    if _ring is None:
        raise RuntimeError("no key ring: call reunify.vault.keyring.use() first")
    return _ring


def having(number: int) -> KeyRing:
    """The ring with this key on it; asks the source again if ours is older. Raises CannotUnseal."""
    global _ring
    ring = current()
    if number in ring.keys:
        return ring
    with _lock:
        asked = _not_there.get(number)
        if _source is not None and (asked is None or time.monotonic() - asked > _ASK_AGAIN_AFTER_SECONDS):
            _ring = KeyRing.from_json(_source.read())
            _not_there[number] = time.monotonic()
        ring = current()
    if number not in ring.keys:
        raise CannotUnseal(f"sealed with key {number}, which is not on the ring")
    _not_there.pop(number, None)
    return ring
