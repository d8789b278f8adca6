"""The pages of a PDF as one picture, for whoever looks at a letter on the screen."""

from __future__ import annotations

import io
from typing import Final

import pypdfium2
from PIL import Image

from reunify.kernel.refusals import Refused

_DOTS_AN_INCH: Final = 100
_MOST_PAGES: Final = 12
_GAP: Final = 16  # pixels between pages
_BETWEEN: Final = (107, 119, 135)


class TooManyPages(Refused):
    """The letter is longer than any family reads."""


def pages_as_picture(pdf: bytes) -> bytes:
    """PNG with all pages below each other. Raises TooManyPages."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        if len(document) > _MOST_PAGES:
            raise TooManyPages(f"The letter has {len(document)} pages. Make it {_MOST_PAGES} at most.")
        pages = [page.render(scale=_DOTS_AN_INCH / 72).to_pil().convert("RGB") for page in document]
    finally:
        document.close()
    height = sum(page.height for page in pages) + _GAP * (len(pages) - 1)
    whole = Image.new("RGB", (max(page.width for page in pages), height), _BETWEEN)
    at = 0
    for page in pages:
        whole.paste(page, (0, at))
        at += page.height + _GAP
    out = io.BytesIO()
    whole.save(out, "PNG", optimize=False)
    return out.getvalue()
