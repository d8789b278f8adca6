"""DOCX to PDF: what every converter keeps to, and dxpdf (Rust, in process), which needs no system package."""

from __future__ import annotations

import io
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final

import dxpdf

from reunify.adapters.pdf_fonts import with_a_font_we_have
from reunify.kernel.refusals import Refused

_UNBROKEN: Final = "\u2011".encode()
_JOINED: Final = "-\u2060".encode()


class CannotMakePdf(Refused):
    """The Word document could not be turned into a PDF; the Word document itself can still be sent."""


class Converter(ABC):
    """Turns whole Word documents into PDFs; a document that fails takes no other with it."""

    @abstractmethod
    def convert_each(self, documents: Sequence[bytes]) -> list[bytes | CannotMakePdf]:
        """For each document, in the same order, its PDF or why there is none."""

    def convert(self, documents: Sequence[bytes]) -> list[bytes]:
        """One PDF for each document, in the same order. Raises CannotMakePdf; never a partial list."""
        made: list[bytes] = []
        for one in self.convert_each(documents):
            if isinstance(one, CannotMakePdf):
                raise one
            made.append(one)
        return made


class DxpdfConverter(Converter):
    """About 0.2 s of processor time a document; releases the interpreter lock while it works.

    Its PDFs carry no structure tags, so each document records `pdf_tagged = false`.
    """

    name = "dxpdf (not tagged)"
    tagged = False

    def convert_each(self, documents: Sequence[bytes]) -> list[bytes | CannotMakePdf]:
        """For each document, in the same order, its PDF or why there is none."""
        return [_by_dxpdf(document) for document in documents]


def is_word(document: bytes) -> bool:
    """True if it is a zip file that is whole and has a Word document's main part."""
    try:
        with zipfile.ZipFile(io.BytesIO(document)) as file:
            return "word/document.xml" in file.namelist() and file.testzip() is None
    except (zipfile.BadZipFile, EOFError, ValueError):
        return False


def _by_dxpdf(document: bytes) -> bytes | CannotMakePdf:
    if not is_word(document):
        return CannotMakePdf("The Word document is damaged. Make the letter again.")
    try:
        pdf: bytes = dxpdf.convert(_with_its_hyphens(with_a_font_we_have(document)))
    except Exception:  # the Rust side raises plain RuntimeError and ValueError with file details
        return CannotMakePdf("The PDF could not be made. Open the Word document and check it.")
    if not pdf.startswith(b"%PDF-"):
        return CannotMakePdf("The PDF came out empty. Open the Word document and check it.")
    return pdf


def _with_its_hyphens(document: bytes) -> bytes:
    """The copy for dxpdf, which takes a hyphen that Carlito lacks from a font that stands lower.

    A plain hyphen before a word joiner breaks no line either, and is found by whoever searches the PDF.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            new.writestr(entry, _joined(entry.filename, old.read(entry)))
    return out.getvalue()


def _joined(name: str, body: bytes) -> bytes:
    return body.replace(_UNBROKEN, _JOINED) if name.endswith(".xml") else body
