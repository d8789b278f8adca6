"""The simulator's own clock: the machine's, and as far ahead of it as a test or the demo has asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """`keep` remembers how far ahead it is, so that a restart does not turn time back."""

    def __init__(self, ahead: float, keep: Callable[[float], None]) -> None:
        self._ahead, self._keep = ahead, keep
        self._lock = threading.Lock()

    def advance(self, *, seconds: float = 0, days: float = 0) -> float:
        """Forward only. Returns how many seconds it is ahead of the machine's clock."""
        more = timedelta(days=days, seconds=seconds).total_seconds()
        if more < 0:
            raise ValueError("the clock only moves forward")
        with self._lock:
            self._ahead += more
            self._keep(self._ahead)
            return self._ahead

    @property
    def ahead(self) -> float:
        return self._ahead

    def time(self) -> float:
        return time.time() + self._ahead

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time(), UTC)
