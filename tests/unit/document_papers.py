"""A sample of every kind of paper, and how a Word file is read back. Holds no tests.

A new kind adds its sample to `samples`; the tests then hold it to all that the others are held to.
"""

from __future__ import annotations

import copy
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from xml.etree import ElementTree

import pypdfium2

from reunify.adapters.docx_renderer import DocxRenderer
from reunify.adapters.pdf_converter import DxpdfConverter
from reunify.documents import fields
from reunify.documents.genuine import printed
from reunify.documents.ports import Genuine
from reunify.intake.form import Language
from tests.unit.test_documents_samples import TEMPLATES, contexts
from tests.unit.test_outside_papers import context as for_others

SHOWN: Final = printed("K7QF2M9XR01D", "https://homeward.example")
BARE: Final = Genuine("", "", "")
EVERY: Final[list[tuple[str, Language]]] = [
    (kind, language)
    for kind in sorted((*fields.KINDS, *fields.FOR_OTHERS))
    for language in ("en", "es")
    if (TEMPLATES / f"{kind}.{language}.docx").exists()
]
_W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def samples(language: Language) -> dict[str, dict[str, Any]]:
    """Every kind of paper, filled in."""
    return contexts(language) | {kind: for_others(kind, language) for kind in fields.FOR_OTHERS}


@cache
def _every(language: Language) -> dict[str, dict[str, Any]]:
    return samples(language)


def sample(kind: str, language: Language) -> dict[str, Any]:
    """Filled in; not to be changed."""
    return _every(language)[kind]


@cache
def renderer() -> DocxRenderer:
    return DocxRenderer(TEMPLATES)


@cache
def word(kind: str, language: Language) -> bytes:
    """The sample as a Word file; made once in a run."""
    return renderer().render(kind, language, sample(kind, language), SHOWN)


@cache
def pdf(kind: str, language: Language) -> bytes:
    """The sample as the PDF of the converter that needs no system package; made once in a run."""
    (made,) = DxpdfConverter().convert([word(kind, language)])
    return made


def without(context: Mapping[str, Any], path: str) -> dict[str, Any]:
    """The context with one field empty wherever it stands: `by`, `owed[]`, `travelers[].legs[].phone`."""
    made = copy.deepcopy(dict(context))
    *before, last = path.removesuffix("#").split(".")
    for place in _places(made, before):
        name = last.removesuffix("[]")
        place[name] = [] if last.endswith("[]") else 0 if path.endswith("#") else ""
    return made


def everywhere(context: Any, said: Mapping[str, str] | str) -> Any:
    """The context with every text in it replaced; whole numbers stay."""
    if isinstance(context, Mapping):
        return {key: everywhere(value, said) for key, value in context.items()}
    if isinstance(context, list | tuple):
        return [everywhere(value, said) for value in context]
    return said if isinstance(context, str) else context


def _places(context: dict[str, Any], path: list[str]) -> Iterator[dict[str, Any]]:
    if not path:
        yield context
        return
    inner = context[path[0].removesuffix("[]")]
    for one in inner if path[0].endswith("[]") else [inner]:
        yield from _places(one, path[1:])


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`level`: of a heading, else 0. `place`: which body, header, footer or cell it stands in."""

    text: str
    level: int
    place: int


@dataclass(frozen=True, slots=True)
class Read:
    """A Word file as a person sees it: paragraphs in order, and each table as rows of cells."""

    paragraphs: list[Paragraph]
    tables: list[list[list[str]]]


def read(docx: bytes, *, parts: str = r"word/document\.xml") -> Read:
    found = Read([], [])
    with zipfile.ZipFile(io.BytesIO(docx)) as file:
        for name in filter(re.compile(parts).fullmatch, file.namelist()):
            root = ElementTree.fromstring(file.read(name))
            _blocks(root.find(f"{_W}body") if name.endswith("document.xml") else root, found)
    return found


def _blocks(parent: ElementTree.Element | None, found: Read) -> None:
    assert parent is not None
    place = len(found.paragraphs)
    for block in parent:
        if block.tag == f"{_W}p":
            found.paragraphs.append(Paragraph(_said(block), _level(block), place))
        elif block.tag == f"{_W}tbl":
            rows = list(block.iter(f"{_W}tr"))
            cells = [list(row.iter(f"{_W}tc")) for row in rows]
            found.tables.append([[_said(cell).strip() for cell in row] for row in cells])
            for cell in (one for row in cells for one in row):
                _blocks(cell, found)


def _said(block: ElementTree.Element) -> str:
    said = {f"{_W}t": lambda one: one.text or "", f"{_W}br": lambda _: "\n", f"{_W}tab": lambda _: "\t"}
    said[f"{_W}noBreakHyphen"] = lambda _: "-"
    return "".join(said[one.tag](one) for one in block.iter() if one.tag in said)


def _level(block: ElementTree.Element) -> int:
    style = block.find(f"{_W}pPr/{_W}pStyle")
    name = style.get(f"{_W}val", "") if style is not None else ""
    return int(name[7:]) if name.startswith("Heading") and name[7:].isdigit() else 0


def lines(docx: bytes, *, parts: str = r"word/document\.xml") -> list[str]:
    """Each paragraph that says something."""
    return [hyphens(one.text).strip() for one in read(docx, parts=parts).paragraphs if one.text.strip()]


def hyphens(text: str) -> str:
    """A hyphen at which no line breaks is a hyphen to a reader."""
    return text.replace("\u2011", "-").replace("\u2010", "-").replace("\ufffe", "-")


def unlike(docx: bytes, pdf: bytes) -> tuple[list[str], list[str]]:
    """The words of the Word file that the PDF lacks, and those it has beside them."""
    with pypdfium2.PdfDocument(pdf) as file:
        pages = [page.get_textpage().get_text_range() for page in file]
    said = Counter(re.sub(r"(?<=\w)-\r?\n", "-", hyphens("\n".join(pages))).split())
    outer = Counter(" ".join(lines(docx, parts=r"word/(?:header|footer)\d*\.xml")).split())
    outer -= Counter({"1": 2})  # the numbers of the page as they were saved; each page has its own
    numbers = Counter(str(n) for n in range(1, len(pages) + 1)) + Counter({str(len(pages)): len(pages)})
    expected = Counter(" ".join(lines(docx)).split()) + numbers
    expected += Counter({word: n * len(pages) for word, n in outer.items()})
    # The head of a table stands again on the next page.
    heads = {word for rows in read(docx).tables for cell in rows[0] for word in cell.split()}
    return sorted(expected - said), sorted(set(said - expected) - heads)
