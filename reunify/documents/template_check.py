"""Whether the Word files of one kind may be used: fields, languages, words. Pure: what they hold is given."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from reunify.documents import fields, glossary, template_samples
from reunify.documents.fields import FOR_OTHERS, KEPT, ON_EVERY_PAPER
from reunify.documents.glossary import Avoided
from reunify.documents.template_ports import Finding, Inside
from reunify.intake.form import Language

LANGUAGES: Final[tuple[Language, ...]] = ("en", "es")
NAMES: Final = {"en": "English", "es": "Spanish"}
_MOST_STRANGE: Final = 8
_TAGS: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}")


@dataclass(frozen=True, slots=True)
class Kind:
    """What `<kind>.yaml` says: fields a template may name, and those it must. One file for each language."""

    name: str
    purpose: str
    fields: frozenset[str]
    required: frozenset[str]
    languages: tuple[str, ...]

    def file(self, language: str) -> str:
        return f"{self.name}.{language}.docx"


def kind_of(folder: Path, kind: str) -> Kind:
    """Raises KindUnknown."""
    allowed = fields.of_kind(folder, kind)
    said = yaml.safe_load((folder / f"{kind}.yaml").read_text(encoding="utf-8"))
    return Kind(
        kind,
        said["purpose"],
        allowed,
        frozenset(said.get("required", ())),
        tuple(one for one in LANGUAGES if (folder / f"{kind}.{one}.docx").is_file()),
    )


def samples_of(kind: Kind) -> dict[str, list[dict[str, Any]]]:
    """By language: the sample family's letter, full and with all that may be left out left out."""
    return {one: template_samples.samples(kind.fields, language_of(one)) for one in kind.languages}


def sha256_of(file: Path) -> str:
    """Of a shipped file, in hex; empty where there is none."""
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


def language_of(said: str) -> Language:
    """Spanish where it says so."""
    return "es" if said == "es" else "en"


def findings(kind: Kind, inside: Mapping[str, Inside], avoided: Sequence[Avoided]) -> list[Finding]:
    """Everything to mend, by language in order; empty if the files may be used. `inside`: by language."""
    found: list[Finding] = []
    for language in kind.languages:
        one, file = inside.get(language), kind.file(language)
        if one is None:
            found.append(Finding(file, "", "is missing", f"One file in {NAMES[language]}."))
        elif one.problems:
            found += [Finding(file, *problem) for problem in one.problems]
        else:
            told = [Finding(file, *said) for said in _of_one(kind, language, one, avoided)]
            found += told
            if one.unfilled and not told:  # an unknown field was named above, in better words
                found.append(Finding(file, "", "cannot be filled in", one.unfilled))
    found += _between(kind, inside)
    return found


def _of_one(
    kind: Kind, language: str, one: Inside, avoided: Sequence[Avoided]
) -> Iterator[tuple[str, str, str]]:
    known = {path.removesuffix("#") for path in kind.fields} | ON_EVERY_PAPER
    lists = {path[: end + 2] for path in known for end in _ends(path)}
    unknown = sorted(one.paths - known - lists)
    strange = [path for path in unknown if not _below(path.removesuffix("[]"), known)]
    if len(strange) > _MOST_STRANGE:
        told = ", ".join(strange[:_MOST_STRANGE])
        yield "", f"{len(strange)} fields of another letter, such as {told}", "The file of this very letter."
        return
    for path in unknown:
        bare = path.removesuffix("[]")
        if path in strange:
            yield path, "a field this letter does not have", _nearest(path, known)
        elif bare not in {inner.removesuffix("[]") for inner in lists}:
            yield path, "a group of fields, not one", "One of: " + ", ".join(_below(bare, known))
    needed = kind.required | (ON_EVERY_PAPER if kind.name in KEPT else frozenset())
    for path in sorted(needed - one.printed):
        yield path, "is not printed", f"Every {kind.name.replace('_', ' ')} prints it."
    if kind.name in KEPT and not one.square:
        yield (
            "the picture named genuine",
            "is missing",
            "Beside the letterhead, for the code anybody can look up.",
        )
    for said in sorted({said for said in one.languages if not _is(said, language)}):
        what = said or "no language set"
        yield "language", what, f"{NAMES[language]} throughout, in the words and in the file's properties."
    if kind.name not in FOR_OTHERS:
        yield from _words(kind, language, one, avoided)


def _words(
    kind: Kind, language: str, one: Inside, avoided: Sequence[Avoided]
) -> Iterator[tuple[str, str, str]]:
    for paragraph in one.paragraphs:
        for word in glossary.avoided_in(
            _TAGS.sub(" ", paragraph), language_of(language), avoided, kind=kind.name
        ):
            yield f"“{paragraph[:60]}”", f"the word “{word.word}” ({word.because})", f"Say: {word.say}"


def _between(kind: Kind, inside: Mapping[str, Inside]) -> Iterator[Finding]:
    """Both languages say the same: what one prints and the other does not is a family told less."""
    whole = {language: one for language, one in inside.items() if not one.problems}
    known = {path.removesuffix("#") for path in kind.fields}
    for language, one in whole.items():
        missing = {
            path: other
            for other, another in whole.items()
            for path in ((another.paths - one.paths) | (another.printed - one.printed)) & known
        }
        for path, other in sorted(missing.items()):
            what = f"is missing from the {NAMES[language]} file"
            yield Finding(kind.file(language), path, what, f"{NAMES[other]} has it.")


def _is(said: str, language: str) -> bool:
    return said.casefold() == language or said.casefold().startswith(f"{language}-")


def _ends(path: str) -> Iterator[int]:
    """Where each `[]` of the path begins."""
    return (found.start() for found in re.finditer(r"\[\]", path))


def _below(bare: str, known: set[str]) -> list[str]:
    return sorted(path for path in known if path.startswith((f"{bare}.", f"{bare}[]")))[:6]


def _nearest(path: str, known: set[str]) -> str:
    """The fields beside it, or all the first words."""
    before = path.rpartition(".")[0]
    beside = sorted(one for one in known if before and one.startswith(f"{before}."))
    return "One of: " + ", ".join(beside or sorted({one.partition(".")[0] for one in known})) + "."
