"""Our quick rendering says what plain docxtpl says, to the last tag, whatever is put into a letter.

Exceptions, each meant and left out of the comparison: docxtpl numbers pictures anew, escapes the file's own
properties twice (a title with `&` reads `&amp;` there), and turns `{_{` of what families write into `{{`.
"""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

import pytest
from docxtpl import DocxTemplate

from reunify.adapters.docx_renderer import DocxRenderer
from reunify.adapters.docx_sandbox import environment
from reunify.documents import fields
from reunify.documents.fields import FOR_OTHERS, KINDS
from tests.unit.test_documents_samples import TEMPLATES

EVERY_TEMPLATE = sorted(file.stem.split(".") for file in TEMPLATES.glob("*.docx"))
HOSTILE = (
    "",
    "O'Brien & Söhne <b>",
    'x" w:rsid="{{ 7*7 }} {_{ x }_} {% raw %}',
    "</w:t></w:r></w:p><w:p>",
    "👨‍👩‍👧 Amélie",
    "مريم חנה",
    "a\x00b\x0bc\x1bd\u202ee\ufffef\ud800g\r\n\th\ai\fj",
    "long " * 60,
    "]]><!-- &amp; &#0; -->",
)
_COMPARED = re.compile(r"word/(document|header\d*|footer\d*)\.xml")
_NUMBER_OF_A_PICTURE = re.compile(rb'(<wp:docPr\b[^>]*?) id="\d+"')


def test_every_kind_has_its_templates() -> None:
    assert {kind for kind, _ in EVERY_TEMPLATE} == {*KINDS, *FOR_OTHERS}


@pytest.mark.parametrize(("kind", "language"), EVERY_TEMPLATE)
def test_a_letter_full_of_hostile_words_is_the_same_letter(kind: str, language: str) -> None:
    renderer = DocxRenderer(TEMPLATES)
    dice = random.Random(f"{kind} {language}")
    paths = [path.split(".") for path in sorted(fields.of_kind(TEMPLATES, kind))]
    for _ in range(4):
        context = filled(paths, dice)
        ours = renderer.render(kind, language, context)
        plain = DocxTemplate(TEMPLATES / f"{kind}.{language}.docx")
        plain.render(context | {"genuine": {"code": "", "place": ""}}, environment())
        theirs = io.BytesIO()
        plain.save(theirs)
        assert canonical(ours) == canonical(theirs.getvalue())


def filled(paths: Sequence[Sequence[str]], dice: random.Random) -> dict[str, Any]:
    """A context with all the paths: lists of nought to three, each text one of the hostile ones."""
    made: dict[str, Any] = {}
    for name in sorted({path[0] for path in paths}):
        inner = [path[1:] for path in paths if path[0] == name and len(path) > 1]
        times = dice.randrange(4) if name.endswith("[]") else 1
        each = [filled(inner, dice) if inner else leaf(name, dice) for _ in range(times)]
        if name.endswith("[]"):
            made[name.removesuffix("[]")] = each
        else:
            made[name.removesuffix("#")] = each[0]
    return made


def leaf(name: str, dice: random.Random) -> str | int:
    return dice.randrange(4) if name.endswith("#") else dice.choice(HOSTILE)


def canonical(docx: bytes) -> dict[str, str]:
    """Each rendered part as canonical XML (C14N 2.0)."""
    with zipfile.ZipFile(io.BytesIO(docx)) as file:
        bodies = {name: file.read(name) for name in file.namelist() if _COMPARED.fullmatch(name)}
    return {
        name: ElementTree.canonicalize(_NUMBER_OF_A_PICTURE.sub(rb"\1", body))
        .replace("{_{", "{{")
        .replace("}_}", "}}")
        for name, body in bodies.items()
    }
