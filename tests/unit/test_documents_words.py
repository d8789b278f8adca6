"""The words of every letter: none that hurts, the same fields in both languages, easy to read."""

from __future__ import annotations

import io
import re
import zipfile

import pytest

from reunify.adapters.docx_renderer import DocxRenderer, template_paths
from reunify.documents import (
    fields,
    glossary,
    template_check,
)
from reunify.documents.fields import KINDS
from reunify.documents.template_samples import sample
from reunify.intake.form import Language
from tests.unit.test_documents_samples import TEMPLATES, contexts, frozen, text_of

BOTH: tuple[Language, ...] = ("en", "es")
AVOIDED = glossary.load(TEMPLATES)


def _template(kind: str, language: str) -> bytes:
    return (TEMPLATES / f"{kind}.{language}.docx").read_bytes()


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize("kind", KINDS)
def test_no_letter_uses_a_word_that_hurts(kind: str, language: Language) -> None:
    filled_in = text_of(DocxRenderer(TEMPLATES).render(kind, language, contexts(language)[kind]))
    for text in (text_of(_template(kind, language)), filled_in):
        assert glossary.avoided_in(text, language, AVOIDED, kind=kind) == []


@pytest.mark.parametrize(
    ("language", "sentence", "word"),
    [
        ("en", "The Escorts meet you", "Escorts"),
        ("en", "you must  reply within 10 days", "must  reply"),
        ("en", "your request is APPROVED", "APPROVED"),
        ("es", "la víctima viaja", "víctima"),
        ("es", "solicitud denegada", "denegada"),
        ("es", "un menor no acompañado", "menor no acompañado"),
        ("es", "¡Felicidades!", "Felicidades"),
        ("es", "Ayuda a vi\u0301ctimas", "víctimas"),
    ],
)
def test_the_lint_finds_words_that_hurt(language: Language, sentence: str, word: str) -> None:
    assert word in [found.word for found in glossary.avoided_in(sentence, language, AVOIDED)]


def test_approved_is_said_in_the_approval_letter_alone() -> None:
    assert glossary.avoided_in("approved", "en", AVOIDED, kind="approval_letter") == []
    assert glossary.avoided_in("approved", "en", AVOIDED, kind="itinerary") != []


def test_pages_are_read_as_a_person_reads_them() -> None:
    page = (
        '<p class="escort">Hello {{ escort }}<!-- victim --></p><script>denied</script><img alt="a runaway">'
    )
    found = glossary.avoided_in(glossary.words_of_html(page), "en", AVOIDED)
    assert [finding.word for finding in found] == ["runaway"]


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize("kind", [*KINDS, *fields.FOR_OTHERS])
def test_the_family_of_a_preview_has_words_for_every_field(kind: str, language: Language) -> None:
    filled_in = sample(template_check.kind_of(TEMPLATES, kind).fields, language)
    assert re.findall("«[^»]*»", repr(filled_in)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_both_languages_print_the_same_fields(kind: str) -> None:
    assert template_paths(_template(kind, "en")) == template_paths(_template(kind, "es"))


@pytest.mark.parametrize("kind", KINDS)
def test_templates_name_only_fields_they_are_given(kind: str) -> None:
    given = {path.removesuffix("#") for path in fields.of_kind(TEMPLATES, kind)} | fields.ON_EVERY_PAPER
    for path in template_paths(_template(kind, "en")):
        assert any(one == path or one.startswith((f"{path}.", f"{path}[]")) for one in given), path


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize("kind", KINDS)
def test_builders_give_exactly_the_fields_of_the_letter(kind: str, language: Language) -> None:
    assert fields.problems(fields.of_kind(TEMPLATES, kind), contexts(language)[kind]) == []


def test_the_approval_facts_have_a_fixed_shape() -> None:
    assert fields.problems(fields.approval_letter_fields(), frozen()) == []


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize("kind", KINDS)
def test_templates_can_be_read_aloud(kind: str, language: Language) -> None:
    """Language set, real headings, a header row and a description for each table; a box is no table."""
    document = _part(_template(kind, language), "word/document.xml")
    styles = _part(_template(kind, language), "word/styles.xml")
    assert f'w:lang w:val="{language}-US"' in styles
    assert '<w:pStyle w:val="Heading1"/>' in document
    tables = re.findall(r"<w:tbl>.*?</w:tbl>", document, re.DOTALL)
    assert all("w:tblDescription" in table for table in tables)
    assert all("w:tblHeader" in table for table in tables)


def _part(docx: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(docx)) as file:
        return file.read(name).decode()


@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize("kind", KINDS)
def test_letters_read_easily(kind: str, language: Language) -> None:
    """English: Flesch-Kincaid grade 8 or lower. Spanish: Fernández-Huerta 60 (normal) or higher."""
    text = text_of(DocxRenderer(TEMPLATES).render(kind, language, contexts(language)[kind]))
    sentences = [s for s in re.split(r"[.!?:\n]+", text) if len(s.split()) > 3]
    spoken = re.findall(r"[^\W\d_]+", " ".join(sentences))
    vowels = r"[aeiouyáéíóúü]+" if language == "en" else r"[aeiouáéíóúü]+"
    syllables = sum(
        max(1, len(re.findall(vowels, re.sub(r"e$", "", w) if language == "en" else w, re.I))) for w in spoken
    )
    per_sentence, per_word = len(spoken) / len(sentences), syllables / len(spoken)
    if language == "en":
        assert 0.39 * per_sentence + 11.8 * per_word - 15.59 <= 8
    else:
        assert 206.84 - 60 * per_word - 1.02 * per_sentence >= 60
