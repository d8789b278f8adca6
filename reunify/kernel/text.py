"""Text that is safe to keep, print and read: no NUL, surrogate, control or bidi-override characters."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\u202a-\u202e\u2066-\u2069\ufeff]"
)


def is_safe(text: str) -> bool:
    """True if nothing in the text can hide, break or reorder what is printed."""
    return not _UNSAFE.search(text)


def cleaned(text: str) -> str:
    """The text without unsafe characters; for what others send us, never for names we keep."""
    return _UNSAFE.sub("", text)


def _check(text: str) -> str:
    if not is_safe(text):
        raise ValueError("remove hidden or control characters")
    return text


SafeText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=300),
    AfterValidator(_check),
]
LongText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=4000),
    AfterValidator(_check),
]
