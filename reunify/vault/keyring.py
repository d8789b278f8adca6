"""AES-256-GCM with a key ring. Layout of a sealed value: version 1 | key id 1 | nonce 12 | ciphertext+tag."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = 1


class CannotUnseal(Exception):
    """The value was sealed with another key, for another column, or was changed."""


@dataclass(frozen=True)
class KeyRing:
    """Keys by id (0-255); the active one seals, all of them unseal. `index_key` is for blind indexes."""

    keys: dict[int, bytes]
    active: int
    index_key: bytes
    origin: str = "file"  # "sandbox" keys are refused in production

    @classmethod
    def fresh(cls, origin: str = "file") -> KeyRing:
        return cls({1: secrets.token_bytes(32)}, 1, secrets.token_bytes(32), origin)

    @classmethod
    def load(cls, path: Path) -> KeyRing:
        """Read a key file (JSON, base64). Raises FileNotFoundError."""
        said = json.loads(path.read_text())
        keys = {int(k): base64.b64decode(v) for k, v in said["keys"].items()}
        return cls(keys, int(said["active"]), base64.b64decode(said["index_key"]), said["origin"])

    def save(self, path: Path) -> None:
        """Write the key file, readable by its owner only; never overwrites."""
        body = {
            "keys": {str(k): base64.b64encode(v).decode() for k, v in self.keys.items()},
            "active": self.active,
            "index_key": base64.b64encode(self.index_key).decode(),
            "origin": self.origin,
        }
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            json.dump(body, file)

    def seal(self, plain: bytes, *, place: str) -> bytes:
        """`place` (table.column) is authenticated: a value pasted elsewhere does not open."""
        nonce = os.urandom(12)
        body = AESGCM(self.keys[self.active]).encrypt(nonce, plain, place.encode())
        return bytes((_VERSION, self.active)) + nonce + body

    def unseal(self, sealed: bytes, *, place: str) -> bytes:
        key = self.keys.get(sealed[1]) if len(sealed) > 14 and sealed[0] == _VERSION else None
        if key is None:
            raise CannotUnseal(f"{place}: sealed with a key that is not on the ring")
        try:
            return AESGCM(key).decrypt(sealed[2:14], sealed[14:], place.encode())
        except InvalidTag as wrong:
            raise CannotUnseal(f"{place}: the sealed value was changed or moved") from wrong

    def blind_index(self, *parts: str, place: str) -> bytes:
        """Equality search without the value: HMAC-SHA-256 over folded text, 64 bits."""
        folded = "\x1f".join(" ".join(unicodedata.normalize("NFKD", p).casefold().split()) for p in parts)
        key = hmac.digest(self.index_key, place.encode(), hashlib.sha256)
        return hmac.digest(key, folded.encode(), hashlib.sha256)[:8]


_ring: KeyRing | None = None


def use(ring: KeyRing) -> None:
    """Set the process's key ring; called once by bootstrap."""
    global _ring
    _ring = ring


def current() -> KeyRing:
    if _ring is None:
        raise RuntimeError("no key ring: call reunify.vault.keyring.use() first")
    return _ring
