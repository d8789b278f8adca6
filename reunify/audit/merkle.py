"""The Merkle tree over a run of audit rows. Pure.

Leaves and nodes are hashed apart (RFC 6962, section 2.1), so that a node is never taken for a row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

ID_BYTES: Final = 8
LEAF_BYTES: Final = ID_BYTES + hashlib.sha256().digest_size


def leaf(row_id: int, row_hash: str) -> bytes:
    """What a seal keeps of one row: its id, then the hash over id and row hash."""
    number = row_id.to_bytes(ID_BYTES, "big")
    return number + hashlib.sha256(b"\0" + number + row_hash.encode()).digest()


def leaves_of(kept: bytes) -> Iterator[tuple[int, bytes]]:
    """The kept leaves with the ids of their rows, in order."""
    for start in range(0, len(kept), LEAF_BYTES):
        one = kept[start : start + LEAF_BYTES]
        yield int.from_bytes(one[:ID_BYTES], "big"), one


def root(leaves: Iterable[bytes]) -> str:
    """The root in hex. An odd node out goes up as it is. Raises ValueError for no leaves."""
    level: Sequence[bytes] = [one[ID_BYTES:] for one in leaves]
    if not level:
        raise ValueError("there is no tree over no rows")
    while len(level) > 1:
        pairs = [
            hashlib.sha256(b"\1" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)
        ]
        level = [*pairs, level[-1]] if len(level) % 2 else pairs
    return level[0].hex()
