"""DOCX to PDF: what every converter keeps to, and dxpdf (Rust, in process), which needs no system package."""

from __future__ import annotations

import io
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Sequence

import dxpdf

from reunify.adapters.pdf_fonts import with_a_font_we_have
from reunify.kernel.refusals import Refused


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
        pdf: bytes = dxpdf.convert(with_a_font_we_have(document))
    except Exception:  # the Rust side raises plain RuntimeError and ValueError with file details
        return CannotMakePdf("The PDF could not be made. Open the Word document and check it.")
    if not pdf.startswith(b"%PDF-"):
        return CannotMakePdf("The PDF came out empty. Open the Word document and check it.")
    return pdf
