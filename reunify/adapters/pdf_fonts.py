"""The letters' font. Templates are written in Calibri, which staff have in Word; Carlito has the same widths.

A bare Debian has only DejaVu, whose condensed face keeps a letter on one page and whose plain face does not.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from functools import cache
from typing import Final

SAME_WIDTHS: Final = ("Calibri", "Carlito")
STAND_IN: Final = "DejaVu Sans Condensed"


def with_a_font_we_have(document: bytes) -> bytes:
    """The Word document as it is, or its styles in the stand-in font. Only the copy for the PDF changes."""
    if not _stand_in_needed():
        return document
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            body = old.read(entry)
            if entry.filename == "word/styles.xml":
                body = body.replace(f'"{SAME_WIDTHS[0]}"'.encode(), f'"{STAND_IN}"'.encode())
            new.writestr(entry, body)
    return out.getvalue()


@cache
def font_for_calibri() -> str | None:
    """What fontconfig answers a wish for Calibri with; None where there is no fontconfig to ask."""
    fc_match = shutil.which("fc-match")
    if fc_match is None:
        return None
    asked = [fc_match, "--format=%{family}", SAME_WIDTHS[0]]
    said = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=False)  # noqa: S603 - fixed words
    return said.stdout if said.returncode == 0 else None


def has_its_widths(family: str) -> bool:
    """Lines break where Word breaks them."""
    return family.startswith(SAME_WIDTHS)


def _stand_in_needed() -> bool:
    family = font_for_calibri()
    return family is not None and not has_its_widths(family)
