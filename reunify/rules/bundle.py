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

from reunify.rates.closed_yaml import RuleFileBroken

_HEAD = b"--- # table "
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")
_SPLIT = re.compile(rb"(?m)^--- # table ([A-Za-z0-9_.-]{1,80})\n")


def joined(rules: bytes, tables: Mapping[str, bytes]) -> bytes:
    """The whole text, tables by file name. `parted` gives it back, each text ended by a line break.

    Raises RuleFileBroken for a name that is not a plain file name and for a text that begins a table itself.
    """
    whole = _ended(rules)
    for name in sorted(tables):
        if not _NAME.fullmatch(name):
            raise RuleFileBroken(name[:80], "file name", f"`{name[:80]}`", "letters, digits, `.`, `_`, `-`")
        whole += _HEAD + name.encode() + b"\n" + _ended(tables[name])
    if len(_SPLIT.findall(whole)) != len(tables):
        found = "a line that begins with `--- # table`"
        raise RuleFileBroken("the version", "its text", found, "tables in files of their own")
    return whole


def parted(body: bytes) -> tuple[bytes, dict[str, bytes]]:
    """The YAML and the tables again, byte for byte."""
    first, *rest = _SPLIT.split(body)
    return first, {name.decode(): text for name, text in zip(rest[::2], rest[1::2], strict=True)}


def fingerprint(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _ended(text: bytes) -> bytes:
    return text if text.endswith(b"\n") else text + b"\n"
