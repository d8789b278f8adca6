"""Every paper is a Word file that Word opens, whatever is in it and whatever is left out of it."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

import pytest
from openxml_audit import FileFormat, OpenXmlValidator

from reunify.documents import fields
from reunify.intake.form import Language
from reunify.kernel.text import cleaned
from tests.unit.document_papers import (
    BARE,
    EVERY,
    SHOWN,
    Paragraph,
    Read,
    everywhere,
    read,
    renderer,
    sample,
    without,
    word,
)
from tests.unit.test_documents_samples import TEMPLATES

HOSTILE: Final = " ".join(
    (
        "O'Brien & Söhne <b>",
        "x" * 300,
        "a long name " * 25,
        "👨‍👩‍👧 Amélie 🧳",
        "مريم חנה \u202eolleh\u202c",
        "Ro\x00\x0b\x1b\x9fsa\ufffe\ud800 \r\n\tPe\aña\f",
        "{{ 7*7 }} {_{ x }_} {% raw %} {#",
        "</w:t></w:r></w:p><w:p> ]]><!-- &amp; &#0; -->",
    )
)
# What a paper is never drafted without. Every other field may be empty: a kind that needs one names it here.
ALWAYS: Final = {
    "reference",
    "date",
    "total",
    "addressee.name",
    "organisation.name",
    "organisation.phone_day",
    "signer.name",
    "signer.title",
    "signer.phone",
    "contacts[]",  # ours stand among them
    "contacts[].who",
    "contacts[].phone",
    "contacts[].hours",
    "deadlines[].by",
    "deadlines[].what",
    "face",
    "lines[].what",
    "lines[].how",
    "lines[].source",
    "lines[].amount",
    "places[].what",
    "places[].lines[]",
    "questions[]",
    "questions[].ask",
    "reasons[].source",
    "reasons[].sentence",
    "stays[].name",
    "stays[].nights",
    "stays[].paid",
    "stays[].say",
    "stays[].state",
    "support[].what",
    "support[].phone",
    "support[].hours",
    "first",
    "at",
    "children[]",
    "children[].name",
    "children[].age",
    "children[].born",
    "lines[].to",
    "lines[].where",
    "lines[].who",
    "paid_on",
    "payee",
    "wait",
    *(f"trip.{end}.{what}" for end in ("leaves", "arrives") for what in ("day", "place", "time", "zone")),
    "travelers[].name",
    "travelers[].legs[]",
    "travelers[].legs[].title",
    "travelers[].legs[].people",
    *(
        f"travelers[].legs[].{end}.{what}"
        for end in ("leaves", "arrives")
        for what in ("day", "place", "time", "zone")
    ),
}
# Of these kinds only.
ALWAYS_IN: Final = {
    "funder_request": {"by"},
    "partner_request": {"lines[]"},
}
# Text, and the attributes that hold words or a language.
_WORDS: Final = re.compile(rb'(?<=>)[^<]+(?=<)|(?<==")[^"]* [^"]*(?=")|(?<=w:lang w:val=")[^"]+')
_AMISS: Final = re.compile(r"\(\s*\)|“\s*”|«\s*»|  | [,.;:)]|\(\s|^[,.;:·)]|[;·(]$|,,|, ,|\. ?\.|: ?[.,;)]")


@cache
def schema() -> OpenXmlValidator:
    """Word's own schema and rules, read once: 0.4 s, and 0.04 s a file."""
    return OpenXmlValidator(file_format=FileFormat.OFFICE_2019)


_found: dict[str, list[str]] = {}


def findings(docx: bytes, folder: Path) -> list[str]:
    """Files that differ in words alone, as two languages do, are looked at once."""
    with zipfile.ZipFile(io.BytesIO(docx)) as file:
        parts = sorted((name, _WORDS.sub(b"", file.read(name))) for name in file.namelist())
    shape = sha256(repr(parts).encode()).hexdigest()
    if shape not in _found:
        paper = folder / "paper.docx"
        paper.write_bytes(docx)
        _found[shape] = [str(one) for one in schema().validate(paper).errors]
    return _found[shape]


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_each_template_and_what_is_made_from_it_follows_the_schema_of_word(
    tmp_path: Path, kind: str, language: Language
) -> None:
    bare = sample(kind, language)
    for path in optional(kind):
        bare = without(bare, path)
    made = {
        "template": (TEMPLATES / f"{kind}.{language}.docx").read_bytes(),
        "full": word(kind, language),
        "nothing optional": renderer().render(kind, language, bare, BARE),
        "hostile": hostile(kind, language),
    }
    said = {name: findings(docx, tmp_path) for name, docx in made.items()}
    assert {name: found for name, found in said.items() if found} == {}


def test_what_word_would_not_open_is_seen(tmp_path: Path) -> None:
    letter, broken = io.BytesIO(word("refusal_letter", "en")), io.BytesIO()
    with zipfile.ZipFile(letter) as file, zipfile.ZipFile(broken, "w") as copy:
        for name in file.namelist():
            copy.writestr(
                name, file.read(name).replace(b"</w:body>", b"<w:r><w:t>loose</w:t></w:r></w:body>")
            )
    assert findings(broken.getvalue(), tmp_path)


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_what_is_not_known_leaves_no_hole(kind: str, language: Language) -> None:
    """Each field that may be empty, one at a time and all at once."""
    given, full = sample(kind, language), read(word(kind, language))
    found, bare = {"": holes(full, full)}, given
    for path in optional(kind):
        bare = without(bare, path)
        found[path] = holes(read(renderer().render(kind, language, without(given, path), SHOWN)), full)
    found["all of them"] = holes(read(renderer().render(kind, language, bare, SHOWN)), full)
    assert {path: said for path, said in found.items() if said} == {}


def test_a_hole_is_seen() -> None:
    full = read(word("refusal_letter", "en"))
    for path in ("signer.title", "signer.name", "reasons[].source", "deadlines[].by"):
        letter = renderer().render("refusal_letter", "en", without(sample("refusal_letter", "en"), path))
        assert holes(read(letter), full), path


def optional(kind: str) -> list[str]:
    """The fields that a paper of the kind may lack, lists too; never a whole number."""
    paths = {path for path in fields.of_kind(TEMPLATES, kind) if not path.endswith("#")}
    lists = {path[: at.end()] for path in paths for at in re.finditer(r"\[\]", path)}
    return sorted((paths | lists) - ALWAYS - ALWAYS_IN.get(kind, set[str]()))


def holes(seen: Read, full: Read) -> list[str]:
    """What a reader would stumble over; `full` is the same paper with everything in it."""
    return [*_in_words(seen, full), *_under_headings(seen.paragraphs), *_in_tables(seen)]


def _in_words(seen: Read, full: Read) -> Iterator[str]:
    lines = [one.text.removeprefix("•").strip() for one in seen.paragraphs]
    whole = [one.text.removeprefix("•").strip() for one in full.paragraphs]
    if lines.count("") > whole.count(""):
        yield "an empty line or bullet"
    for line in lines:
        if _AMISS.search(line):
            yield line
        if line.endswith(":") and line not in whole:
            yield f"nothing after {line}"


def _under_headings(paragraphs: list[Paragraph]) -> Iterator[str]:
    told = [one for one in paragraphs if one.text.strip() or one.level]
    for one, after in zip(told, [*told[1:], Paragraph("", 1, 0)], strict=True):
        if one.level and (not one.text.strip() or 0 < after.level <= one.level):
            yield f"nothing under the heading {one.text}"


def _in_tables(seen: Read) -> Iterator[str]:
    for rows in seen.tables:
        if len(rows) == 1 or not all(any(row) for row in rows):
            yield f"a table without rows, or a row without words: {rows[0]}"


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_whatever_stands_in_every_field_is_text_and_all_around_it_stays(
    kind: str, language: Language
) -> None:
    """Every field of every kind at once: put a plain word back in its place and it is the plain paper."""
    value = " ".join(cleaned(HOSTILE).split())
    plain = renderer().render(kind, language, everywhere(sample(kind, language), "plain"), SHOWN)
    assert value in "".join(every_line(hostile(kind, language)))
    assert [line.replace(value, "plain") for line in every_line(hostile(kind, language))] == every_line(plain)


@cache
def hostile(kind: str, language: Language) -> bytes:
    return renderer().render(kind, language, everywhere(sample(kind, language), HOSTILE), SHOWN)


def every_line(docx: bytes) -> list[str]:
    return [one.text for one in read(docx, parts=r"word/(document|header\d*|footer\d*)\.xml").paragraphs]
