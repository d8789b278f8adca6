"""DOCX to PDF with dxpdf (Rust, in process). Its PDFs carry no structure tags, so they say "not tagged"."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from collections.abc import Sequence
from functools import cache
from typing import Final

import dxpdf

from reunify.kernel.refusals import Refused

# The templates are written in Calibri, which staff have in Word. Carlito has the same widths; a bare
# Debian has only DejaVu, whose condensed face keeps a letter on one page and whose plain face does not.
_WRITTEN_IN: Final = "Calibri"
_STAND_IN: Final = "DejaVu Sans Condensed"


class CannotMakePdf(Refused):
    """The Word document could not be turned into a PDF; the Word document itself can still be sent."""


class DxpdfConverter:
    """About 0.2 s of processor time a document; releases the interpreter lock while it works."""

    name = "dxpdf (not tagged)"
    tagged = False

    def convert(self, documents: Sequence[bytes]) -> list[bytes]:
        """One PDF for each document, in the same order. Raises CannotMakePdf; never a partial list."""
        return [_convert(document) for document in documents]


def _convert(document: bytes) -> bytes:
    try:
        pdf: bytes = dxpdf.convert(_with_a_font_we_have(document))
    except Exception as wrong:  # the Rust side raises plain RuntimeError and ValueError with file details
        raise CannotMakePdf("The PDF could not be made. Open the Word document and check it.") from wrong
    if not pdf.startswith(b"%PDF-"):
        raise CannotMakePdf("The PDF came out empty. Open the Word document and check it.")
    return pdf


def _with_a_font_we_have(document: bytes) -> bytes:
    """The document as it is, or its styles in the stand-in font. Only the copy for the PDF changes."""
    if not _stand_in_needed():
        return document
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            body = old.read(entry)
            if entry.filename == "word/styles.xml":
                body = body.replace(f'"{_WRITTEN_IN}"'.encode(), f'"{_STAND_IN}"'.encode())
            new.writestr(entry, body)
    return out.getvalue()


@cache
def _stand_in_needed() -> bool:
    fc_match = shutil.which("fc-match")
    if fc_match is None:
        return False
    asked = [fc_match, "--format=%{family}", _WRITTEN_IN]
    said = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=False)  # noqa: S603 - fixed words
    return said.returncode == 0 and said.stdout.startswith("DejaVu")
