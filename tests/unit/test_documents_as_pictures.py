"""Every page of every paper looks as it did when somebody last looked; what claims tags has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pypdfium2
import pytest
from PIL import Image

from reunify.adapters.pdf_converter import DxpdfConverter
from reunify.adapters.pdf_libreoffice import LibreOfficeConverter
from reunify.documents import context
from reunify.intake.form import Language
from tests import goldens
from tests.soffice import real
from tests.unit.document_papers import EVERY, SHOWN, hyphens, pdf, renderer, sample, unlike, word
from tests.unit.test_documents_samples import frozen

# The longest, one with every kind of table, one for a stranger. `make goldens` looks at all of them.
THREE: Final[list[tuple[str, Language]]] = [
    ("itinerary", "es"),
    ("approval_letter", "en"),
    ("minor_request", "en"),
]
CONVERTERS: Final = sorted({"dxpdf", *(["LibreOffice"] if real() else [])})


@pytest.fixture(scope="module", autouse=True)
def printed_in() -> str:
    """The font of the pictures; its absence is said in words, once, and not as forty pages that differ."""
    found = goldens.font()
    assert found == goldens.FONT, goldens.FONT_AMISS.format(font=found)
    return found


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_every_page_looks_as_it_was_kept(kind: str, language: Language) -> None:
    made = goldens.pages(pdf(kind, language))
    kept = sorted(goldens.FOLDER.glob(f"{kind}.{language}.*.png"))
    assert kept == [goldens.file_of(kind, language, n) for n in range(1, len(made) + 1)], "make goldens"
    for file, page in zip(kept, made, strict=True):
        off = goldens.dots(Image.open(file), page)
        if off > goldens.MOST_DOTS:
            goldens.keep(page, goldens.DIFFERING / file.name)
        assert off <= goldens.MOST_DOTS, (
            f"{off} dots: look at {file.name} here and in build/goldens, then make goldens"
        )


def test_one_cent_is_seen_and_the_same_letter_made_twice_is_the_same() -> None:
    cent = frozen()
    cent["lines"][0]["ceiling_cents"] += 1
    cent["lines"][0]["paid_from"][0]["cents"] += 1
    cent["total_cents"] += 1
    files = [
        renderer().render("approval_letter", "en", context.approval_letter(facts, "en"), SHOWN)
        for facts in (frozen(), frozen(), cent)
    ]
    one, again, other = DxpdfConverter().convert(files)
    assert one == again
    assert goldens.dots(goldens.pages(one)[0], goldens.pages(other)[0]) > goldens.MOST_DOTS


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_every_page_shows_the_code_and_reads_as_the_word_file_does(kind: str, language: Language) -> None:
    assert unlike(word(kind, language), pdf(kind, language)) == ([], [])
    with pypdfium2.PdfDocument(pdf(kind, language)) as file:
        assert len(file) == (2 if kind == "itinerary" else 1)
        for page in file:
            said = page.get_textpage().get_text_range()
            for words in ("R-7KQ4MX", "Homeward Family Travel", "K7QF-2M9X-R01D", "homeward.example/genuine"):
                assert words in hyphens(said)
            assert "K7QF-2M9X-R01D" in said  # whole on its line, and found by whoever searches the PDF
            kinds = [one.type for one in page.get_objects()]
            assert kinds.count(pypdfium2.raw.FPDF_PAGEOBJ_IMAGE) == 1


@pytest.mark.parametrize(("kind", "language"), THREE)
def test_a_name_of_300_signs_is_broken_before_it_leaves_the_paper(kind: str, language: Language) -> None:
    """Without a space in it, in every name and every cost at once."""
    long = named(sample(kind, language), "x" * 300)
    (made,) = DxpdfConverter().convert([renderer().render(kind, language, long, SHOWN)])
    with pypdfium2.PdfDocument(made) as file:
        for page in file:
            width, height = page.get_size()
            for words in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_TEXT]):
                left, bottom, right, top = words.get_bounds()
                assert left >= 0
                assert bottom >= 0
                assert right <= width
                assert top <= height


def named(context: Any, name: str, at: str = "") -> Any:
    """The context with this in the place of every name and of what is paid for."""
    if isinstance(context, dict):
        return {key: named(value, name, key) for key, value in context.items()}
    if isinstance(context, list):
        return [named(value, name, at) for value in context]
    return name if at in ("name", "what", "who", "people", "brings", "meets") else context


@pytest.mark.parametrize("name", CONVERTERS)
def test_a_pdf_is_recorded_as_tagged_where_a_screen_reader_can_follow_it(name: str, tmp_path: Path) -> None:
    program = real()
    converter = DxpdfConverter() if name == "dxpdf" or program is None else LibreOfficeConverter(program)
    documents = [word(*one) for one in THREE]
    for docx, made in zip(documents, converter.convert(documents), strict=True):
        assert (goldens.untagged(made, tmp_path) == []) == converter.tagged
        assert unlike(docx, made) == ([], [])


@pytest.mark.parametrize("file", sorted(goldens.FOLDER.glob("*.png")), ids=lambda file: file.name)
def test_no_picture_is_kept_of_a_paper_that_is_no_more(file: Path) -> None:
    kind, language, _, _ = file.name.split(".")
    assert (kind, language) in EVERY
