"""What the demo needs from outside: somebody who signs with a passkey no browser has."""

from __future__ import annotations

from typing import Any, Protocol


class DemoAuthenticator(Protocol):
    """Signs as one of the demo's people, with the sandbox's software passkey."""

    def sign(self, *, username: str, options: str, origin: str) -> dict[str, Any] | None:
        """What a browser would send for these options (JSON); None if the sandbox does not answer."""
