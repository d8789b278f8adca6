"""The templates staff brought in, for the renderer: asked each time, since other processes approve too."""

from __future__ import annotations

from collections.abc import Mapping

from reunify.db import Database
from reunify.documents import template_queries as templates


class KeptTemplates:
    """Reads in a transaction of its own."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def in_force(self, kind: str) -> Mapping[str, str]:
        """SHA-256 (hex) by language; empty while the shipped files are in force."""
        with self._db.read() as session:
            return templates.in_force(session, kind)

    def content(self, sha256: str) -> bytes | None:
        """The Word file; None if it was never kept."""
        with self._db.read() as session:
            return templates.content(session, sha256)
