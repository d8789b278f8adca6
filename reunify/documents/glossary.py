"""The words no family reads (`avoided_words.yaml` as shipped), and where they stand. Pure.

`glossary_kept` adds what staff say on their page.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from reunify.intake.form import Language


@dataclass(frozen=True, slots=True)
class Avoided:
    """One word in one language. `only_in` is the kind of letter that may use it, or empty.

    `shipped`: not added by staff.
    """

    language: Language
    written: str
    pattern: re.Pattern[str]
    because: str
    say: str
    only_in: str = ""
    shipped: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """`word` as it stands in the text."""

    word: str
    because: str
    say: str


def load(folder: Path) -> list[Avoided]:
    """Read the shipped file. A `*` stands for the rest of a word."""
    entries = yaml.safe_load((folder / "avoided_words.yaml").read_text(encoding="utf-8"))
    return [
        avoided(
            language,
            word,
            because=entry["because"],
            say=entry["say"][language],
            only_in=entry.get("only_in", ""),
        )
        for entry in entries
        for language, listed in entry["words"].items()
        for word in listed
    ]


def avoided(
    language: Language, word: str, *, because: str, say: str, only_in: str = "", shipped: bool = True
) -> Avoided:
    """`word` as it is written in the file or on the page."""
    return Avoided(language, word, _pattern(word), because, say, only_in, shipped)


def avoided_in(text: str, language: Language, avoided: Sequence[Avoided], *, kind: str = "") -> list[Finding]:
    """Every avoided word of that language in the text; `kind` is the letter it stands in, if any.

    An accent typed as a sign of its own is found like any other.
    """
    text = unicodedata.normalize("NFC", text)
    return [
        Finding(found.group(), word.because, word.say)
        for word in avoided
        if word.language == language and (not word.only_in or word.only_in != kind)
        for found in word.pattern.finditer(text)
    ]


def words_of_html(page: str) -> str:
    """What a reader sees of an HTML page or page template: no tags, scripts, comments or template code."""
    page = re.sub(r"(?s)<!--.*?-->|<(script|style)\b.*?</\1\s*>|\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", page)
    spoken = re.findall(r'(?i)\b(?:alt|title|aria-label|placeholder|content)\s*=\s*"([^"]*)"', page)
    return html.unescape(" ".join([re.sub(r"<[^>]*>", " ", page), *spoken]))


def _pattern(word: str) -> re.Pattern[str]:
    spelled = r"\s+".join(re.escape(part).replace(r"\*", r"\w*") for part in word.split())
    return re.compile(rf"\b{spelled}\b", re.IGNORECASE)
