"""Strong Kleene logic: yes, no, and not known yet. Unknown is never turned into no."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class Truth(IntEnum):
    """Ordered so that AND is the least and OR the greatest."""

    NO = 0
    UNKNOWN = 1
    YES = 2


NO, UNKNOWN, YES = Truth.NO, Truth.UNKNOWN, Truth.YES
_NOT = (YES, UNKNOWN, NO)


def both(parts: Iterable[Truth]) -> Truth:
    """AND: one no is enough for no; nothing at all is yes."""
    result = YES
    for part in parts:
        if part is NO:
            return NO
        if part is UNKNOWN:
            result = UNKNOWN
    return result


def either(parts: Iterable[Truth]) -> Truth:
    """OR: one yes is enough for yes; nothing at all is no."""
    result = NO
    for part in parts:
        if part is YES:
            return YES
        if part is UNKNOWN:
            result = UNKNOWN
    return result


def opposite(part: Truth) -> Truth:
    """NOT: unknown stays unknown."""
    return _NOT[part]
