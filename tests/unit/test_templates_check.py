"""What a template from somebody's computer may not hold, and that each of it is named with its remedy."""

from __future__ import annotations

import io
import random
import sys
import zipfile
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from reunify.adapters import docx_plain
from reunify.adapters.docx_examining import TOO_SLOW, SeparateTemplateExaminer, examined_here
from reunify.adapters.docx_renderer import Compiled, DocxRenderer, LetterIncomplete, Plain, compiled
from reunify.cli import templates as cli
from reunify.documents import fields, glossary, template_check
from reunify.documents.ports import Genuine
from reunify.documents.template_ports import Inside
from tests.unit.hostile_templates import FILE, HOSTILE, KIND, RELS, SHIPPED, altered, body
from tests.unit.test_documents_samples import TEMPLATES, contexts, text_of
from tests.unit.test_letters_same_as_docxtpl import canonical, filled


@cache
def spanish() -> Inside:
    """The shipped letter beside it."""
    return examined_here({"es": (TEMPLATES / f"{KIND}.es.docx").read_bytes()}, {})["es"]


def told(inside: Inside) -> str:
    """What staff read of an English file beside the shipped Spanish one."""
    kind = template_check.kind_of(TEMPLATES, KIND)
    found = template_check.findings(kind, {"en": inside, "es": spanish()}, glossary.load(TEMPLATES))
    return "\n".join(str(one) for one in found)


def test_every_template_we_ship_is_in_order() -> None:
    found, looked_at = cli.findings()
    assert cli.lines(found, looked_at, as_json=False) == [f"{looked_at} Word files are in order."]
    assert looked_at == len(list(TEMPLATES.glob("*.docx")))


@pytest.mark.parametrize("what", sorted(HOSTILE))
def test_what_a_template_may_not_hold_is_named(what: str) -> None:
    made, expected = HOSTILE[what]
    samples = template_check.samples_of(template_check.kind_of(TEMPLATES, KIND))
    said = told(examined_here({"en": made()}, samples)["en"])
    assert expected in said, said
    assert said.startswith(FILE)


def test_what_opens_a_template_is_a_process_that_may_be_killed() -> None:
    slow = SeparateTemplateExaminer(seconds=0.3, command=(sys.executable, "-c", "import time; time.sleep(9)"))
    broken = SeparateTemplateExaminer(command=(sys.executable, "-c", "import os; os.abort()"))
    for examiner in (slow, broken):
        assert examiner.examine({"en": SHIPPED}, {}) == {"en": TOO_SLOW}


WIDE: Final = (
    "<w:tbl><w:tblPr/><w:tblGrid><w:gridCol/></w:tblGrid><w:tr>"
    "<w:tc><w:p><w:r><w:t>{%tc for q in questions %}</w:t></w:r></w:p></w:tc>"
    "<w:tc><w:p><w:r><w:t>{{ q.ask }}</w:t></w:r></w:p></w:tc>"
    "<w:tc><w:p><w:r><w:t>{%tc endfor %}</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
)


def test_a_table_that_grows_sideways_is_made_by_plain_docxtpl_as_strictly(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(body("<w:sectPr", f"{WIDE}<w:sectPr"))
    renderer = DocxRenderer(tmp_path)
    assert isinstance(compiled((tmp_path / FILE).read_bytes()), Plain)
    words = "O'Brien & Söhne <b></w:t>\x0b"
    said = contexts("en")[KIND] | {"questions": [{"ask": words}, {"ask": "{{ 7*7 }}"}]}
    shown = Genuine(
        "K7QF-2M9X-R01D", "homeward.example/genuine", "https://homeward.example/genuine/K7QF2M9XR01D"
    )
    made = renderer.render(KIND, "en", said, shown)
    printed = text_of(made)
    assert printed.count("O'Brien & Söhne <b></w:t>") == 2, "in the list and in the table"
    assert printed.count("{{ 7*7 }}") == 2
    assert "K7QF-2M9X-R01D" in printed.replace("\u2011", "-")
    assert renderer.render(KIND, "en", said, shown) == made, "the same words give the same bytes"
    with pytest.raises(LetterIncomplete, match="date"):
        renderer.render(KIND, "en", {name: value for name, value in said.items() if name != "date"})


@pytest.mark.parametrize("file", sorted(path.name for path in TEMPLATES.glob("*.docx")))
def test_plain_and_compiled_templates_make_the_same_letter(file: str) -> None:
    data, kind = (TEMPLATES / file).read_bytes(), file.split(".")[0]
    said = filled([path.split(".") for path in sorted(fields.of_kind(TEMPLATES, kind))], random.Random(file))
    quick = compiled(data)
    assert isinstance(quick, Compiled)
    assert canonical(docx_plain.render(data, said, None)) == canonical(quick.render(said, None))


JOINED: Final = (
    '<w:tbl><w:tblPr/><w:tblGrid><w:gridCol w:w="900"/></w:tblGrid>'
    "<w:tr><w:tc><w:p><w:r><w:t>{%tr for q in questions %}</w:t></w:r></w:p></w:tc></w:tr><w:tr><w:tc>"
    '<w:tcPr><w:tcW w:w="9" w:type="dxa"/></w:tcPr><w:p><w:r><w:t>{% vm %}{{ NAME }}</w:t></w:r></w:p></w:tc>'
    "</w:tr><w:tr><w:tc><w:p><w:r><w:t>{%tr endfor %}</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
)


@pytest.mark.parametrize(
    ("name", "expected"), [("q.ask", ""), ("loop.nextitem.x", "loop.nextitem.x: a field")]
)
def test_cells_are_joined_and_a_loop_says_nothing_of_its_items(name: str, expected: str) -> None:
    samples = template_check.samples_of(template_check.kind_of(TEMPLATES, KIND))
    inside = examined_here({"en": body("<w:sectPr", JOINED.replace("NAME", name) + "<w:sectPr")}, samples)[
        "en"
    ]
    assert inside.plain
    assert expected in told(inside) if expected else told(inside) == ""


def test_no_letter_names_who_wrote_its_template() -> None:
    data = altered("docProps/core.xml", "<dc:creator>", "<dc:creator>Noor of Room 4")
    data = altered("docProps/core.xml", "<cp:lastModifiedBy>", "<cp:lastModifiedBy>Noor", data)
    data = altered("docProps/app.xml", "", "<a><Company b='x/y'>Noor & Co</Company></a>", data)
    for made in (
        compiled(data).render(contexts("en")[KIND], None),
        docx_plain.render(data, contexts("en")[KIND], None),
    ):
        with zipfile.ZipFile(io.BytesIO(made)) as file:
            assert not any(b"Noor" in file.read(name) for name in file.namelist())


NOTE: Final = (
    '<w:footnotes xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    '<w:footnote w:id="1"><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:footnote></w:footnotes>'
)


@pytest.mark.parametrize(("words", "made"), [("Word's own line", Compiled), ("On {{ date }}", Plain)])
def test_footnotes_of_word_stay_and_fields_in_them_are_filled_in(words: str, made: type) -> None:
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
    typed = f'<Override PartName="/word/footnotes.xml" ContentType="{kind}"/></Types>'
    link = f'<Relationship Id="rF" Type="{kind_of_link()}" Target="footnotes.xml"/></Relationships>'
    data = altered("[Content_Types].xml", "</Types>", typed)
    data = altered(
        "word/footnotes.xml", "", NOTE.format(words), altered(RELS, "</Relationships>", link, data)
    )
    ready = compiled(data)
    assert isinstance(ready, made)
    with zipfile.ZipFile(io.BytesIO(ready.render(contexts("en")[KIND], None))) as file:
        note = file.read("word/footnotes.xml").decode()
    assert words.replace("{{ date }}", contexts("en")[KIND]["date"]) in note


def kind_of_link() -> str:
    return "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
