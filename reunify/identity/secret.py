"""How secrets are kept: random ones as SHA-256, short or human ones as argon2 (ASVS 5.0: 6.5.2, 11.4.2)."""

from __future__ import annotations

import hashlib

from argon2 import PasswordHasher

PASSWORDS = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hashed(token: str) -> str:
    """Of a random 256-bit token: nothing slower is needed."""
    return hashlib.sha256(token.encode()).hexdigest()
