"""One version is one text: its YAML, and below it each of its tables. The fingerprint is of the whole.

    <the YAML file>
    --- # table 2026-01-01.caps.csv
    <the CSV file>

A rule file holds one YAML document, so the line that begins a table can stand nowhere else.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

_HEAD = b"--- # table "
_SPLIT = re.compile(rb"(?m)^--- # table ([A-Za-z0-9_.-]{1,80})\n")


def joined(rules: bytes, tables: Mapping[str, bytes]) -> bytes:
    """The whole text, tables by file name."""
    whole = _ended(rules)
    for name in sorted(tables):
        whole += _HEAD + name.encode() + b"\n" + _ended(tables[name])
    return whole


def parted(body: bytes) -> tuple[bytes, dict[str, bytes]]:
    """The YAML and the tables again, byte for byte."""
    first, *rest = _SPLIT.split(body)
    return first, {name.decode(): text for name, text in zip(rest[::2], rest[1::2], strict=True)}


def fingerprint(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _ended(text: bytes) -> bytes:
    return text if text.endswith(b"\n") else text + b"\n"
