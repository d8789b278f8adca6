"""Every sentence a family may read or hear from us, and where it stands: what the glossary is held against.

Pages, letters, text messages, calendar, calls, the rules' own sentences: one list for the staff page, the
tests and the table of how easily they are read.
"""

from __future__ import annotations

import html
import importlib
import pkgutil
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Final

import reunify.documents
from reunify.consent import wording
from reunify.documents import fields, glossary
from reunify.documents.context import Said
from reunify.documents.glossary import Avoided, Finding
from reunify.intake.form import Language
from reunify.notices import texts
from reunify.rules.decide import FAMILY
from reunify.rules.library import shipped
from reunify.web.pages import family_words, read_aloud
from reunify.web.pages.view import TEMPLATES as PAGES

BOTH: Final[tuple[Language, Language]] = ("en", "es")
# Said to funders, carriers and partners, never to a family; every other module of that room is read.
TO_OTHERS: Final = frozenset({"funder_letters", "minor_request", "partner_request", "supervision_request"})
_PARAGRAPH: Final = re.compile(r"<w:p[ >].*?</w:p>", re.DOTALL)
_TEXT: Final = re.compile(r"<w:t(?: [^>]*)?>([^<]*)</w:t>")
_TAG: Final = re.compile(r"\{%.*?%\}")
_FIELD: Final = re.compile(r"\{\{.*?\}\}")


@dataclass(frozen=True, slots=True)
class Stands:
    """One text. `about`: the kind of artefact. `kind`: of a letter, for words one letter alone may use."""

    where: str
    about: str
    language: Language
    text: str
    kind: str = ""


@lru_cache(maxsize=2)
def every(folder: Path) -> tuple[Stands, ...]:
    """`folder`: the Word templates. Read once: all of it is shipped."""
    return (*_letters(folder), *_pages(), *_tables(), *_notices(), *_rules())


def avoided(folder: Path, words: list[Avoided]) -> list[tuple[Stands, Finding]]:
    """Where an avoided word still stands."""
    return [
        (stands, finding)
        for stands in every(folder)
        for finding in glossary.avoided_in(stands.text, stands.language, words, kind=stands.kind)
    ]


def pairs_in(told: object) -> Iterator[tuple[str, str]]:
    """Every sentence in two languages, however the table is built."""
    if isinstance(told, Said):
        yield told.en, told.es
    elif isinstance(told, dict):
        for inner in told.values():
            yield from pairs_in(inner)
    elif isinstance(told, tuple) and len(told) == 2 and all(isinstance(one, str) for one in told):
        yield told
    elif isinstance(told, tuple | list):
        for inner in told:
            yield from pairs_in(inner)


def paragraphs_of(path: Path) -> list[str]:
    """The words of a Word template, paragraph by paragraph; `(…)` where a field is filled in."""
    with zipfile.ZipFile(path) as file:
        body = file.read("word/document.xml").decode()
    told = ("".join(_TEXT.findall(p)) for p in _PARAGRAPH.findall(body))
    plain = (" ".join(_FIELD.sub("(…)", _TAG.sub(" ", html.unescape(text))).split()) for text in told)
    return [text for text in plain if text not in ("", "(…)")]


def _letters(folder: Path) -> Iterator[Stands]:
    for kind in fields.KINDS:
        for language in BOTH:
            for text in paragraphs_of(folder / f"{kind}.{language}.docx"):
                yield Stands(f"the letter {kind} ({language})", f"letter {kind}", language, text, kind)


def _pages() -> Iterator[Stands]:
    for key, pair in family_words.WORDS.items():
        kind = "approval_letter" if key.startswith("approved") else ""
        for language, text in zip(BOTH, pair, strict=True):
            yield Stands(f"the family's page, {key}", "family page", language, text, kind)
    for page in sorted((PAGES / "family").glob("*.html")):
        said = glossary.words_of_html(page.read_text(encoding="utf-8"))
        for language in BOTH:
            yield Stands(f"the page {page.name}", "family page", language, said)


def speaking() -> Iterator[ModuleType]:
    """Modules with tables of sentences in both languages: every name in capitals is read."""
    for found in pkgutil.iter_modules(reunify.documents.__path__):
        if found.name not in TO_OTHERS and not found.name.startswith("outside_"):
            yield importlib.import_module(f"reunify.documents.{found.name}")
    yield from (read_aloud, wording)


def _tables() -> Iterator[Stands]:
    for module in speaking():
        name = module.__name__.rpartition(".")[2]
        for table, told in vars(module).items():
            if table.isupper():
                for pair in pairs_in(told):
                    for language, text in zip(BOTH, pair, strict=True):
                        about = ABOUT.get(name, "letters")
                        yield Stands(f"{about} ({name} {table})", about, language, text)


# What the sentences of a module are said in; the others stand in letters.
ABOUT: Final = {
    "calendar": "calendar",
    "messages": "text message",
    "spoken": "spelling",
    "aloud": "read aloud",
    "read_aloud": "read aloud",
    "wording": "consent",
}


def _notices() -> Iterator[Stands]:
    for (kind, channel), by_language in texts.TEXTS.items():
        if kind not in texts.STAFF:
            for language, text in by_language.items():
                yield Stands(f"the notice {kind.value} by {channel.value}", "notice", language, text)


def _rules() -> Iterator[Stands]:
    for book in (book for versions in shipped().versions.values() for book in versions):
        said = [("name", book.public_name)]
        for rule in book.requirements:
            said += [(f"{rule.id} met", rule.met), (f"{rule.id} not_met", rule.not_met)]
        if book.hand_off:
            said.append(("hand_off", book.hand_off.family))
        for what, words in said:
            yield Stands(f"the rule {book.source} {what}", "rules", "en", words.en)
            yield Stands(f"the rule {book.source} {what}", "rules", "es", words.es)
    for field in shipped().dictionary.fields.values():
        if FAMILY in field.supplied_by:
            yield Stands(f"the question {field.name}", "question", "en", field.question.en)
            yield Stands(f"the question {field.name}", "question", "es", field.question.es)
