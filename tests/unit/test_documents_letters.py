"""The letters say what a family needs, in its language, whatever is put into them."""

from __future__ import annotations

import io
import re
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest

from reunify.adapters.docx_renderer import DocxRenderer, LetterIncomplete, TemplateMissing, TemplateUnsafe
from reunify.adapters.pdf_converter import CannotMakePdf, DxpdfConverter
from reunify.documents import context
from reunify.documents.context import (
    Addressee,
    LetterDoesNotFit,
    NobodySigns,
    NoReasonGiven,
    NothingToAsk,
    Organisation,
    Reason,
    Said,
    Signer,
)
from reunify.documents.fields import KINDS
from reunify.documents.genuine import printed
from reunify.intake.form import Language
from tests.unit.test_documents_samples import HEADING, TEMPLATES, contexts, frozen, text_of

BOTH: tuple[Language, ...] = ("en", "es")
HOSTILE = [
    "O'Brien & Söhne <b>",
    "{{ 7*7 }} {_{ x }_} {% raw %}",
    "</w:t></w:r></w:p><w:p>",
    "👨‍👩‍👧 Amélie",
    "مريم חנה",
    "x" * 300,
    "a long name " * 25,
]


@pytest.fixture(scope="module")
def renderer() -> DocxRenderer:
    return DocxRenderer(TEMPLATES)


@pytest.mark.parametrize("language", BOTH)
def test_six_costs_still_fit_on_one_page(renderer: DocxRenderer, language: Language) -> None:
    facts = frozen()
    facts["lines"] *= 2
    facts["total_cents"] *= 2
    shown = printed("K7QF2M9XR01D", "https://homeward.example")
    docx = renderer.render("approval_letter", language, context.approval_letter(facts, language), shown)
    assert len(pypdfium2.PdfDocument(DxpdfConverter().convert([docx])[0])) == 1


def test_the_approval_letter_shows_lines_and_total(renderer: DocxRenderer) -> None:
    said = text_of(renderer.render("approval_letter", "es", context.approval_letter(frozen(), "es")))
    assert "Boleto de avión (para Luis)" in said
    assert "Viaje en auto, 1,280 millas" in said
    assert "Hotel, noche del 6 de noviembre" in said
    assert "Fondo de Viaje Familiar $900.00 y Fondo Camino Abierto $28.00" in said
    assert "Family Travel Fund" not in said
    assert "Noches de Hotel Solidarias" in said
    assert "1 noche" in said
    assert "$2,212.50" in said
    assert "5 de diciembre de 2026" in said


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"total_cents": 1}, "total_cents is not the sum"),
        ({"total_cents": 2212.5}, "total_cents is missing or of the wrong type"),
        ({"case_type": "x"}, "case_type is not expected"),
        ({"lines": []}, "lines is empty"),
        ({"signer": {"name": "Ana"}}, "signer.phone is missing"),
    ],
)
def test_approval_facts_that_do_not_fit_are_named(changed: dict[str, object], named: str) -> None:
    with pytest.raises(LetterDoesNotFit, match=re.escape(named)):
        context.approval_letter(frozen(**changed), "en")


def test_the_refusal_opens_with_what_can_be_done_and_ends_with_a_named_person(renderer: DocxRenderer) -> None:
    said = text_of(renderer.render("refusal_letter", "en", contexts("en")["refusal_letter"]))
    parts = [
        "What we can do for you now",
        "What we cannot pay, and why",
        "How to ask again",
        "With care,",
        "Ana Ruiz",
    ]
    places = [said.rindex(part) for part in parts]
    assert places == sorted(places)
    assert "please by December 20, 2026. If later, call: exceptions exist, for example illness" in said


def test_a_refusal_without_a_deadline_says_there_is_none(renderer: DocxRenderer) -> None:
    letter = context.refusal_letter(
        HEADING, "es", can_do=[], reasons=[Reason(Said("Fund", "Fondo"), Said("No.", "No alcanza."))]
    )
    said = text_of(renderer.render("refusal_letter", "es", letter))
    assert "No hay un último día para pedirlo otra vez." in said
    assert "Hablarlo con usted" in said


def test_no_letter_leaves_without_a_person_a_reason_or_a_question() -> None:
    unsigned = replace(HEADING, signer=Signer(" ", "", "", ""))
    with pytest.raises(NobodySigns):
        context.refusal_letter(
            unsigned, "en", can_do=[], reasons=[Reason(Said("Fund", "Fondo"), Said("a", "b"))]
        )
    with pytest.raises(NoReasonGiven):
        context.refusal_letter(HEADING, "en", can_do=[], reasons=[])
    with pytest.raises(NothingToAsk):
        context.information_request(HEADING, "en", questions=[])


def test_a_question_asked_by_two_sources_is_printed_once() -> None:
    same = Said("Who holds custody?", "¿Quién tiene la custodia?")
    assert len(context.information_request(HEADING, "en", questions=[same, same])["questions"]) == 1


def test_hostile_values_still_become_a_pdf(renderer: DocxRenderer) -> None:
    heading = replace(HEADING, addressee=Addressee(" ".join(HOSTILE[:5]), HOSTILE))
    docx = renderer.render("information_request", "es", contexts("es", heading)["information_request"])
    assert DxpdfConverter().convert([docx])[0].startswith(b"%PDF-")


def test_unprintable_characters_and_bidi_overrides_are_dropped(renderer: DocxRenderer) -> None:
    heading = replace(HEADING, addressee=Addressee("Ro\u202esa\x00\ud800 \ufffePeña\r\n"))
    said = text_of(renderer.render("refusal_letter", "en", contexts("en", heading)["refusal_letter"]))
    assert "Dear Rosa Peña," in said


def test_no_line_ends_inside_a_phone_number_or_a_code_and_names_keep_their_hyphens(
    renderer: DocxRenderer,
) -> None:
    said = contexts("en")["refusal_letter"]
    said["signer"] |= {"name": "Ana Ruiz-Peña", "phone": "1-800-555-0142"}
    with zipfile.ZipFile(io.BytesIO(renderer.render("refusal_letter", "en", said))) as file:
        body = file.read("word/document.xml").decode()
    assert ("1\u2011800\u2011555\u20110142" in body, "1-800" in body, "Ana Ruiz-Peña" in body) == (
        True,
        False,
        True,
    )


def test_missing_optional_facts_leave_no_trace(renderer: DocxRenderer) -> None:
    bare = replace(
        HEADING, organisation=Organisation("Homeward", [], "555-0100"), addressee=Addressee("Rosa")
    )
    letter = context.information_request(bare, "en", questions=[Said("Who?", "¿Quién?")])
    said = text_of(renderer.render("information_request", "en", letter))
    assert "Please by" not in said
    assert "by night" not in said
    assert "None" not in said


def test_a_missing_field_is_named_never_printed_blank(renderer: DocxRenderer) -> None:
    letter = contexts("en")["refusal_letter"]
    del letter["signer"]["name"]
    with pytest.raises(LetterIncomplete, match="name"):
        renderer.render("refusal_letter", "en", letter)


def test_only_text_and_whole_numbers_are_printed(renderer: DocxRenderer) -> None:
    for value in (1.5, object(), None):
        with pytest.raises(TemplateUnsafe):
            renderer.render("refusal_letter", "en", contexts("en")["refusal_letter"] | {"date": value})


def _altered(folder: Path, old: str, new: str) -> DocxRenderer:
    """The English questions letter with one phrase of its XML replaced."""
    source = TEMPLATES / "information_request.en.docx"
    with zipfile.ZipFile(source) as file, zipfile.ZipFile(folder / source.name, "w") as copy:
        for name in file.namelist():
            body = file.read(name)
            if name == "word/document.xml":
                assert old.encode() in body
                body = body.replace(old.encode(), new.encode())
            copy.writestr(name, body)
    return DocxRenderer(folder)


@pytest.mark.parametrize(
    "attack",
    [
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ date.__class__ }}",
        "{{ date * 900000000 }}",
        "{{ 9 ** 9999999 }}",
        "{{ ''.join(range(1000)) }}",
        "{{ 'a' * 900000000 }}",
        "{{ '%900000000d' % 1 }}",
        "{{ '{0.__class__.__mro__}'.format(date) }}",
        "{{ ('{' ~ '0.__class__}').format(date) }}",
        "{% for n in range(10000000) %}{{ n }}{% endfor %}",
        "{{ lipsum.__globals__ }}",
        "{{ namespace().__init__ }}",
        "{{ self.__init__.__globals__ }}",
        "{{ date|attr('__class__') }}",
        "{{ date|safe }}",
        "{% include '/etc/passwd' %}",
        "{% if %}",
        "{{ date + 1 }}",
    ],
)
@pytest.mark.asvs("1.3.7")
def test_a_hostile_template_gets_nowhere(tmp_path: Path, attack: str) -> None:
    with pytest.raises((TemplateUnsafe, LetterIncomplete)):
        _altered(tmp_path, "{{ date }}", attack).render(
            "information_request", "en", contexts("en")["information_request"]
        )


def test_a_template_with_a_link_outside_is_refused(tmp_path: Path) -> None:
    source = TEMPLATES / "refusal_letter.en.docx"
    with zipfile.ZipFile(source) as file, zipfile.ZipFile(tmp_path / source.name, "w") as copy:
        for name in file.namelist():
            copy.writestr(name, file.read(name))
        copy.writestr("word/_rels/x.rels", '<Relationship TargetMode="External" Target="http://a.example"/>')
    with pytest.raises(TemplateUnsafe):
        DocxRenderer(tmp_path).render("refusal_letter", "en", contexts("en")["refusal_letter"])


def test_templates_are_found_by_plain_names_only(renderer: DocxRenderer) -> None:
    for kind, language in (("approval_letter", "fr"), ("../secrets", "en"), ("thank_you", "en")):
        with pytest.raises(TemplateMissing):
            renderer.render(kind, language, {})


def test_the_same_words_give_the_same_bytes_on_every_thread(renderer: DocxRenderer) -> None:
    def one(number: int) -> tuple[int, bytes]:
        family = replace(HEADING, addressee=Addressee(f"Family {number % 3}"))
        return number % 3, renderer.render("refusal_letter", "en", contexts("en", family)["refusal_letter"])

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(one, range(24)))
    assert len(set(made)) == 3
    assert all(f"Dear Family {family}," in text_of(docx) for family, docx in made)


def test_the_template_hash_is_of_the_file_staff_edit(renderer: DocxRenderer) -> None:
    assert len({renderer.template_hash(kind, language) for kind in KINDS for language in BOTH}) == 2 * len(
        KINDS
    )


def test_a_broken_document_gives_no_pdf() -> None:
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    for broken in (b"not a document", empty.getvalue()):
        with pytest.raises(CannotMakePdf):
            DxpdfConverter().convert([broken])
