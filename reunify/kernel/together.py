"""Several pieces at once, where each mostly waits for a disk or for somebody else's answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

# A piece waits for two commits and two answers about as long as it computes: four keep a processor busy, and
# leave most of a process's connections to the database (`db.Database`: ten) to others.
AT_ONCE = 4


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
