"""Several pieces at once, where each mostly waits for a disk or for somebody else's answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

# A piece waits for two commits and two answers about as long as it computes: four keep a processor busy, and
# leave most of a process's connections to the database (`db.Database`: ten) to others.
AT_ONCE = 4
# Calls to somebody else alone hold no connection to the database while they wait.
CALLS_AT_ONCE = 8
# Pieces alike that share their commits: their locks are held for a moment only, and three rounds of calls are
# answered or given up long before anybody else takes them up.
UNDER_ONE_COMMIT = 24


def by_commit(pieces: Sequence[T]) -> Iterator[Sequence[T]]:
    """These, in their order, as many at a time as share a commit."""
    return (pieces[at : at + UNDER_ONE_COMMIT] for at in range(0, len(pieces), UNDER_ONE_COMMIT))


def together(do: Callable[[T], R], pieces: Sequence[T], *, at_most: int = AT_ONCE) -> list[R]:
    """`do` each piece, begun in their order; the results in the same order.

    The first exception is raised once the pieces already begun have ended; those not begun are left.
    One piece is done here, without a thread.
    """
    if len(pieces) <= 1:
        return [do(piece) for piece in pieces]
    with ThreadPoolExecutor(min(at_most, len(pieces))) as pool:
        begun = [pool.submit(copy_context().run, do, piece) for piece in pieces]
        try:
            return [one.result() for one in begun]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
