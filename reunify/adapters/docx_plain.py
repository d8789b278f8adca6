"""Plain docxtpl, for the templates that cannot be compiled: table tags that reckon with cells, and footnotes.

About twenty times slower than a compiled template, in the same sandbox, with the same strictness. A
`DocxTemplate` is made for each letter: a shared one gives a family another family's words.
"""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any, Final

from docxtpl import DocxTemplate
from jinja2 import TemplateError

from reunify.adapters.docx_sandbox import TemplateUnsafe, environment, unnamed, well_formed
from reunify.adapters.docx_zip import member, zipped
from reunify.adapters.square_code import picture, slot_of
from reunify.documents.ports import Genuine

# Tags that docxtpl turns into cells after the words are in, with the whole table before it.
CELLS: Final = re.compile(r"\{%-?\s*(?:tc|colspan|cellbg|hm|vm)\b|\{\{-?\s*tc\s")
NOTES: Final = "word/footnotes.xml"
_PROPERTIES: Final = "docProps/core.xml"


class _Strict(DocxTemplate):  # type: ignore[misc]  # docxtpl has no types
    """docxtpl reads what came out with a parser that drops what it cannot read; this refuses it first."""

    def fix_tables(self, xml: str) -> Any:
        well_formed(xml, "word/document.xml")
        return super().fix_tables(xml)


def needs_plain(name: str, typed: str) -> bool:
    """`typed`: a part's text without its markup."""
    return bool(CELLS.search(typed)) or (name == NOTES and ("{{" in typed or "{%" in typed))


def render(data: bytes, context: dict[str, Any], genuine: Genuine | None) -> bytes:
    """As the compiled template does: the same words give the same bytes. Raises jinja2's TemplateError."""
    shown = genuine or Genuine("", "", "")
    said = context | {"genuine": {"code": shown.code, "place": shown.place}}
    template = _Strict(io.BytesIO(data))
    template.render(said, environment(), autoescape=True)
    out = io.BytesIO()
    template.save(out)
    with zipfile.ZipFile(io.BytesIO(data)) as original, zipfile.ZipFile(out) as filled:
        bodies = {name: unnamed(name, filled.read(name)) for name in filled.namelist()}
        # docxtpl escapes the file's own properties twice.
        bodies[_PROPERTIES] = well_formed(_properties(original, said), _PROPERTIES)
        square = slot_of(filled) if shown.link else None
    if square is not None:
        bodies[square] = picture(shown.link)
    return zipped([member(name, body) for name, body in bodies.items()])


def _properties(original: zipfile.ZipFile, said: dict[str, Any]) -> str:
    try:
        said_there = unnamed(_PROPERTIES, original.read(_PROPERTIES)).decode()
        return environment().from_string(said_there).render(said)
    except KeyError as missing:
        raise TemplateUnsafe(f"{_PROPERTIES} is missing: save the file again in Word.") from missing
    except TemplateError as wrong:
        raise TemplateUnsafe(f"{_PROPERTIES}: {wrong.message}") from wrong
