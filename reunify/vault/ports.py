"""Where the key ring comes from: the environment, a file, or a command that asks a key service."""

from __future__ import annotations

from typing import Protocol


class KeySource(Protocol):
    """The ring travels as JSON text; whoever keeps it (a key service, say) may hold it encrypted."""

    def read(self) -> str:
        """The ring as it is now. Raises KeysUnavailable (adapters) with the remedy in words."""
        ...

    @property
    def is_ours_to_write(self) -> bool:
        """Whether `write` works: a file is ours, the environment and a key service are the operator's."""
        ...

    def write(self, text: str) -> None:
        """Put another ring in its place, at once or not at all."""
        ...

    @property
    def called(self) -> str:
        """How a message names it: a path or a variable, never what it holds."""
        ...
