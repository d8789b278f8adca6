"""What files need from outside: a place for their bytes, a look into them in safety, and a scan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from reunify.files.evidence_policy import MediaType
from reunify.kernel.refusals import Retryable


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


# How an object is called: two signs of a folder, thirty of a name, made by chance. Nothing else is ever ours.
KEY: Final = "^[0-9a-f]{2}/[0-9a-f]{30}$"


class StoreSilent(Retryable):
    """The object store does not answer, or refuses us. `str()` never tells its answer."""


@dataclass(frozen=True, slots=True)
class Stored:
    key: str
    written_at: datetime


class ObjectStore(Protocol):
    """Keeps sealed bytes under opaque keys. It is given ciphertext only. Each method raises StoreSilent."""

    @property
    def called(self) -> str:
        """For the operator: the folder, or the bucket. No secret."""
        ...

    def put(self, key: str, sealed: bytes) -> None:
        """Whole or not at all: once it returns, the bytes outlast a loss of power."""
        ...

    def get(self, key: str) -> bytes | None:
        """None if there is no such object."""
        ...

    def delete(self, keys: Sequence[str]) -> None:
        """Those that are not there count as deleted."""
        ...

    def list(self) -> Iterator[Stored]:
        """Every object whose key is spelled as `KEY`; whatever else lies there is not told."""
        ...
