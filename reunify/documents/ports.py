"""What documents needs from outside: a renderer of Word templates and a converter to PDF."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class Renderer(Protocol):
    """Turns a plain context (dict, list, str, int) into a Word document."""

    def render(self, kind: str, language: str, context: dict[str, Any]) -> bytes:
        """The filled-in .docx. Raises a Refused subclass naming template and field."""
        ...

    def template_hash(self, kind: str, language: str) -> str:
        """SHA-256 (hex) of the template file that `render` uses."""
        ...


class PdfConverter(Protocol):
    """Turns Word documents into PDFs, in the same order."""

    name: str
    tagged: bool  # False: a screen reader cannot follow the PDF; offer the Word file beside it

    def convert(self, documents: Sequence[bytes]) -> list[bytes]: ...
