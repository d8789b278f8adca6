"""What a Word template holds, once it is known to hold nothing hostile: fields, words, languages."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any, Final
from xml.etree import ElementTree

from jinja2 import TemplateError

from reunify.adapters.docx_hostile import hostile
from reunify.adapters.docx_renderer import Compiled, Plain, compiled
from reunify.adapters.docx_sandbox import paths_of
from reunify.adapters.square_code import slot_of
from reunify.documents.ports import Genuine
from reunify.documents.template_ports import Inside
from reunify.kernel.refusals import Refused

_WORD: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DC: Final = "{http://purl.org/dc/elements/1.1/}"
_READ: Final = re.compile(r"word/(document|header\d*|footer\d*|footnotes)\.xml")
_LANGUAGE_SET: Final = re.compile(r"word/(document|styles|header\d*|footer\d*|footnotes)\.xml")
_NOWHERE: Final = ""
_MOST_PRINTED: Final = 20 * 1024 * 1024  # bytes of a letter


def inside(data: bytes, samples: Sequence[Mapping[str, Any]]) -> Inside:
    """Everything at once, so that staff mend it in one go."""
    found = hostile(data)
    if found:
        return Inside(tuple((one.place, one.found, one.allowed) for one in found))
    try:
        ready, paths = compiled(data), paths_of(data)
    except Exception as wrong:  # whatever jinja2, docxtpl or lxml say of a stranger's file
        return Inside(((_NOWHERE, "is not a template", _told(wrong)),))
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return Inside(
            paths=paths.named,
            printed=paths.printed,
            paragraphs=paragraphs(file),
            languages=_languages(file),
            square=slot_of(file) is not None,
            plain=isinstance(ready, Plain),
            unfilled=_unfilled(ready, samples),
        )


def _unfilled(ready: Compiled | Plain, samples: Sequence[Mapping[str, Any]]) -> str:
    """Why the samples cannot be filled in; empty if they can."""
    try:
        for sample in samples:
            if len(ready.render(dict(sample), Genuine("0000-0000-0000", "", ""))) > _MOST_PRINTED:
                return "The letter comes out far too large."
    except Exception as wrong:  # as above
        return _told(wrong)
    return ""


def _told(wrong: Exception) -> str:
    """In its own words where those are ours or of the template alone."""
    if isinstance(wrong, Refused):
        return str(wrong)
    return (
        f"{wrong.message}."
        if isinstance(wrong, TemplateError)
        else f"Check the fields ({type(wrong).__name__})."
    )


def paragraphs(file: zipfile.ZipFile) -> tuple[str, ...]:
    """A line for each paragraph with words, tags left in."""
    said: list[str] = []
    for name in filter(_READ.fullmatch, file.namelist()):
        for paragraph in ElementTree.fromstring(file.read(name)).iter(f"{_WORD}p"):  # noqa: S314 - looked at before
            line = "".join(one.text or "" for one in paragraph.iter(f"{_WORD}t")).strip()
            said += [line] if line else []
    return tuple(said)


def words_of(data: bytes) -> tuple[str, ...]:
    """As `paragraphs`, of a file that was looked at before."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return paragraphs(file)


def _languages(file: zipfile.ZipFile) -> tuple[str, ...]:
    """Of all words, each once, then of the file's own properties (empty where it has none)."""
    said: dict[str, None] = {}
    for name in filter(_LANGUAGE_SET.fullmatch, file.namelist()):
        for one in ElementTree.fromstring(file.read(name)).iter(f"{_WORD}lang"):  # noqa: S314 - looked at before
            said |= {one.get(f"{_WORD}val", ""): None}
    core = ElementTree.fromstring(file.read("docProps/core.xml"))  # noqa: S314 - looked at before
    language = core.find(f"{_DC}language")
    return (*filter(None, said), (language.text or "") if language is not None else "")
