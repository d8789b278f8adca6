"""A zip file put together from members deflated beforehand: what every letter has alike is deflated once.

The layout is PKWARE's APPNOTE 6.3.3: local headers (4.3.7), central directory (4.3.12), end record (4.3.16).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_LOCAL: Final = struct.Struct("<4s5H3L2H")
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_END: Final = struct.Struct("<4s4H2LH")
_NEEDS: Final = 20  # version 2.0: deflate
_UTF8_NAME: Final = 0x800
_DEFLATED: Final = 8
# One fixed moment, 2026-01-01 00:00 in MS-DOS form: the same words give the same bytes.
_TIME, _DATE = 0, (2026 - 1980) << 9 | 1 << 5 | 1


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the zip, compressed; `size` is what it was before, in bytes."""

    name: bytes
    crc: int
    size: int
    deflated: bytes


def member(name: str, body: bytes) -> Member:
    """Compressed at zlib's level 6."""
    deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return Member(name.encode(), zlib.crc32(body), len(body), deflate.compress(body) + deflate.flush())


def zipped(members: Sequence[Member]) -> bytes:
    """The members as one zip file, in their order. Without zip64: members of a letter are small and few."""
    files: list[bytes] = []
    directory: list[bytes] = []
    at = 0
    for one in members:
        about = (_NEEDS, _UTF8_NAME, _DEFLATED, _TIME, _DATE, one.crc, len(one.deflated), one.size)
        local = _LOCAL.pack(b"PK\3\4", *about, len(one.name), 0) + one.name
        files += (local, one.deflated)
        directory.append(
            _CENTRAL.pack(b"PK\1\2", _NEEDS, *about, len(one.name), 0, 0, 0, 0, 0, at) + one.name
        )
        at += len(local) + len(one.deflated)
    listed = b"".join(directory)
    end = _END.pack(b"PK\5\6", 0, 0, len(members), len(members), len(listed), at, 0)
    return b"".join((*files, listed, end))
