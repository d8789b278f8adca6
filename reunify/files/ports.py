"""What papers need from outside: somebody to look into a file in safety, and somebody to scan it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from reunify.files.evidence_policy import MediaType


@dataclass(frozen=True, slots=True)
class Examined:
    """A file that may be kept. `safe_copy`: a picture drawn again, without place, device or tail."""

    media_type: MediaType
    safe_copy: bytes | None = None
    safe_type: MediaType | None = None


class Examiner(Protocol):
    def examine(self, content: bytes) -> Examined:
        """Raises FileNotTaken. Never hangs and never harms the caller, whatever the bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Clean:
    pass


@dataclass(frozen=True, slots=True)
class Infected:
    name: str  # the scanner's own word for what it found


@dataclass(frozen=True, slots=True)
class Unavailable:
    why: str  # without the content, a name or a path


Scanned = Clean | Infected | Unavailable


class Scanner(Protocol):
    def scan(self, content: bytes) -> Scanned: ...
