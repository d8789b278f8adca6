"""Spans of time in UTC, half open: what begins when another ends does not touch it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `starts` up to, not including, `ends`; both timezone-aware. Never empty."""

    starts: datetime
    ends: datetime

    def __post_init__(self) -> None:
        if self.starts.tzinfo is None or self.ends.tzinfo is None or not self.starts < self.ends:
            raise ValueError("a span begins before it ends, and both say their time zone")

    def common(self, other: Span) -> Span | None:
        """The time both cover; None where they do not meet."""
        starts, ends = max(self.starts, other.starts), min(self.ends, other.ends)
        return Span(starts, ends) if starts < ends else None

    def widened(self, by: timedelta) -> Span:
        """The same with that much before and after."""
        return Span(self.starts - by, self.ends + by)


def hull(spans: Iterable[Span]) -> Span | None:
    """From the first beginning to the last end; None of nothing."""
    found = list(spans)
    if not found:
        return None
    return Span(min(s.starts for s in found), max(s.ends for s in found))


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same time in as few spans as it takes, in order; what touches is one."""
    done: list[Span] = []
    for span in sorted(spans):
        if done and span.starts <= done[-1].ends:
            done[-1] = Span(done[-1].starts, max(done[-1].ends, span.ends))
        else:
            done.append(span)
    return done


def common(some: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """The time covered by both, in order."""
    left, right = joined(some), joined(others)
    done: list[Span] = []
    i = j = 0
    while i < len(left) and j < len(right):
        both = left[i].common(right[j])
        if both is not None:
            done.append(both)
        if left[i].ends <= right[j].ends:
            i += 1
        else:
            j += 1
    return done
