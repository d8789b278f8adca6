"""Asks the sandbox's simulator, on this machine, to sign as one of the demo's people."""

from __future__ import annotations

import json
from typing import Any

import httpx

_PATIENCE_SECONDS = 5.0


class DemoPasskeys:
    """Speaks to the simulator's `/authenticator`."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}/authenticator"

    def sign(self, *, username: str, options: str, origin: str) -> dict[str, Any] | None:
        asked = {"username": username, "options": json.loads(options), "origin": origin}
        try:
            answer = httpx.post(self._address, json=asked, timeout=_PATIENCE_SECONDS, trust_env=False)
            read = answer.json() if answer.status_code == httpx.codes.OK else None
        except (httpx.HTTPError, ValueError):
            return None
        return read if isinstance(read, dict) else None
