"""What documents needs from outside: a renderer of Word templates and a converter to PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from reunify.kernel.refusals import Refused


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
        self,
        kind: str,
        language: str,
        context: dict[str, Any],
        genuine: Genuine | None = None,
        *,
        template: str | None = None,
    ) -> bytes:
        """The filled-in .docx, with `genuine` printed on it. Raises a Refused subclass naming the field.

        `template`: which version, by its hash; the one in force if absent.
        """
        ...

    def template_hash(self, kind: str, language: str, wanted: str | None = None) -> str:
        """SHA-256 (hex) of the template in force, or of the `wanted` one while that is still known."""
        ...


class PdfConverter(Protocol):
    """Turns Word documents into PDFs, in the same order."""

    name: str
    tagged: bool  # False: a screen reader cannot follow the PDF; offer the Word file beside it

    def convert_each(self, documents: Sequence[bytes]) -> Sequence[bytes | Refused]:
        """For each document, in the same order, its PDF or why there is none. Many at once cost least."""
        ...
