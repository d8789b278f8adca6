"""AES-256-GCM bytes: version 1 | key id 1 | nonce 12 | ciphertext + tag 16.

Version 2 is bound to keeper, place (table.column) and row; its key id is 0 (the keeper's own key) or, for a
wrapped key, the id of the ring key. Version 1, written before families had keys, is bound to its place only.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FIRST: Final = 1
BOUND: Final = 2
KEEPERS_OWN: Final = 0
_HEAD: Final = 14
_SHORTEST: Final = _HEAD + 16


class CannotUnseal(Exception):
    """The value was sealed with another key, for another place, row or family, or was changed."""


def bound_to(keeper: UUID, place: str, row: str) -> bytes:
    """What is authenticated beside the value. No two places, rows or keepers give the same bytes."""
    return keeper.bytes + place.encode() + b"\0" + row.encode()


def seal(cipher: AESGCM, plain: bytes, *, key_id: int, about: bytes) -> bytes:
    nonce = os.urandom(12)
    return bytes((BOUND, key_id)) + nonce + cipher.encrypt(nonce, plain, about)


def unseal(cipher: AESGCM, sealed: bytes, *, about: bytes) -> bytes:
    """Raises CannotUnseal, which never tells the value."""
    try:
        return cipher.decrypt(sealed[2:_HEAD], sealed[_HEAD:], about)
    except InvalidTag as wrong:
        raise CannotUnseal("the sealed value was changed or moved") from wrong


def version(sealed: bytes) -> int:
    """1 or 2. Raises CannotUnseal."""
    if len(sealed) < _SHORTEST or sealed[0] not in (FIRST, BOUND):
        raise CannotUnseal("this is not a sealed value")
    return sealed[0]


def key_id(sealed: bytes) -> int:
    version(sealed)
    return sealed[1]


def new_key() -> bytes:
    return os.urandom(32)


@lru_cache(maxsize=8192)
def cipher(key: bytes) -> AESGCM:
    """Made once for each key."""
    return AESGCM(key)
