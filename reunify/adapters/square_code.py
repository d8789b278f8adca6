"""The square code on a paper: an address as a QR code (ISO/IEC 18004), where its template keeps a place."""

from __future__ import annotations

import io
import re
import zipfile
from posixpath import join, normpath
from typing import Final

import segno

# A picture of this name. Word keeps the name (Selection Pane), whatever it calls the file when it saves.
_NAME: Final = "genuine"
_PICTURE: Final = re.compile(rf'<wp:docPr\b[^>]*\bname="{_NAME}".*?\br:embed="([^"]+)"', re.DOTALL)
_PART: Final = re.compile(r"word/(?:document|header\d*|footer\d*)\.xml")
_PIXELS: Final = 4  # for each module: sharp at three quarters of an inch on any printer
_MARGIN: Final = 2  # modules; the paper around it is white as well


def picture(address: str) -> bytes:
    """PNG, black on white. The same address gives the same bytes."""
    out = io.BytesIO()
    segno.make(address, error="m", micro=False, boost_error=False, mask=2).save(
        out, kind="png", scale=_PIXELS, border=_MARGIN
    )
    return out.getvalue()


def slot_of(template: zipfile.ZipFile) -> str | None:
    """The member that holds the picture to be drawn anew for each paper; None where a template has none."""
    names = template.namelist()
    for name in filter(_PART.fullmatch, names):
        embedded = _PICTURE.search(template.read(name).decode())
        folder, _, part = name.rpartition("/")
        relations = f"{folder}/_rels/{part}.rels"
        if embedded is None or relations not in names:
            continue
        said = template.read(relations).decode()
        for one in re.findall(r"<Relationship\b[^>]*>", said):
            if f'Id="{embedded[1]}"' in one:
                target = re.search(r'Target="([^"]+)"', one)
                return normpath(join(folder, target[1])).lstrip("/") if target else None
    return None
