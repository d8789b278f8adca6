"""What documents needs from outside: a renderer of Word templates and a converter to PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Genuine:
    """What a paper prints so that anybody can ask us whether it is ours. Never a family, never its link.

    `code` in groups; `place` the page's address without its scheme; `link` the whole address with the code.
    """

    code: str
    place: str
    link: str


class Renderer(Protocol):
    """Turns a plain context (dict, list, str, int) into a Word document."""

    def render(
        self, kind: str, language: str, context: dict[str, Any], genuine: Genuine | None = None
    ) -> bytes:
        """The filled-in .docx, with `genuine` printed on it. Raises a Refused subclass naming the field."""
        ...

    def template_hash(self, kind: str, language: str) -> str:
        """SHA-256 (hex) of the template file that `render` uses."""
        ...


class PdfConverter(Protocol):
    """Turns Word documents into PDFs, in the same order."""

    name: str
    tagged: bool  # False: a screen reader cannot follow the PDF; offer the Word file beside it

    def convert(self, documents: Sequence[bytes]) -> list[bytes]: ...
