"""What `reunify rules check`, `explain`, `table` and `diff` print. Files only: no database is needed."""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from difflib import get_close_matches
from pathlib import Path

from reunify.kernel.refusals import Refused
from reunify.rates.closed_yaml import LARGEST_FILE
from reunify.rates.fields import Dictionary
from reunify.rates.places import rules_folder
from reunify.rules import difference as differences
from reunify.rules import explaining, library, readable
from reunify.rules.bundle import joined
from reunify.rules.checking import check as check_folder
from reunify.rules.decide import determine
from reunify.rules.inspecting import Finding
from reunify.rules.model import Rulebook, Rulebooks
from reunify.rules.reading import compile_rulebook

_WIDTHS = (34, 26, 52, 44)  # file, place, finding, remedy
_FINGERPRINT = re.compile(r"[0-9a-f]{6,64}")


class NoSuchRules(Refused):
    """Nothing is known under what was typed."""


class SeveralRules(Refused):
    """More than one version begins with these digits."""


class FactsFileNotRead(Refused):
    """The file of facts is not there, or is no text."""


def check(folder: Path | None, *, on: date | None, as_json: bool) -> tuple[list[str], int]:
    """The lines to print, and how many errors there are. Raises NoSuchRules if there is no such folder."""
    place = folder or rules_folder()
    if not place.is_dir():
        raise NoSuchRules(f"{place} is no folder. Name the folder that holds _fields.yaml.")
    found = check_folder(place, on=on or _today())
    errors = sum(finding.error for finding in found)
    if as_json:
        body = {"errors": errors, "findings": [finding.content() for finding in found]}
        return [json.dumps(body, ensure_ascii=False, indent=2)], errors
    if not found:
        return [f"{place.name}: every rule file is in order."], 0
    return [*_as_table(found), "", _counted(errors, len(found) - errors)], errors


def explain(
    facts: Path, *, source: str | None, on: date | None, decided: Sequence[str], as_json: bool
) -> list[str]:
    """Raises FactsFileNotRead, FactsNotRead, DecisionNotRead, NoSuchRules."""
    books = library.shipped()
    told = explaining.facts_of(_read(facts), books.dictionary)
    chosen = [source] if source is not None else list(books.versions)
    found = {
        name: explaining.version_for(_versions(books, name), told, on=on, today=_today()) for name in chosen
    }
    silent = [name for name, book in found.items() if book is None]
    judging = [book for book in found.values() if book is not None]
    decisions = explaining.decisions_of(decided, judging, on=on or _today())
    answers = [determine(book, told, books.dictionary, decisions) for book in judging]
    if not answers:
        raise NoSuchRules(f"No version of {' or '.join(silent)} is in force on that day. Name another --on.")
    if as_json:
        content: object = [answer.content() for answer in answers]
        if source is not None:
            content = answers[0].content()
        return [json.dumps(content, ensure_ascii=False, indent=2)]
    lines: list[str] = []
    for answer in answers:
        lines += [*explaining.in_words(answer, books.dictionary), ""]
    lines += [f"{name}: no version is in force on that day." for name in silent]
    return lines if silent else lines[:-1]


def table(which: str, *, on: date | None) -> str:
    """Raises NoSuchRules, SeveralRules, RuleFileBroken."""
    books = library.shipped()
    return readable.table_text(_named(which, books, on or _today()), books.dictionary)


def difference(old: str, new: str) -> list[str]:
    """Raises NoSuchRules, SeveralRules, RuleFileBroken."""
    books = library.shipped()
    before, after = (_named(which, books, _today()) for which in (old, new))
    said = differences.in_words(before, after, books.dictionary)
    return list(said) or ["There is no difference: the two are the same text."]


def _named(which: str, books: Rulebooks, day: date) -> Rulebook:
    """A path, `source@date`, a source (its version of `day`), or the beginning of a fingerprint."""
    path = Path(which)
    if path.suffix == ".yaml":
        return _from_file(path, books.dictionary)
    source, at, written = which.partition("@")
    if source in books.versions:
        return _dated(source, written if at else None, books, day)
    if _FINGERPRINT.fullmatch(which):
        found = [b for v in books.versions.values() for b in v if b.sha256.startswith(which)]
        if len(found) > 1:
            raise SeveralRules(f"{len(found)} versions begin with {which}. Write more digits.")
        if found:
            return found[0]
    raise NoSuchRules(_unknown(source, books))


def _dated(source: str, written: str | None, books: Rulebooks, day: date) -> Rulebook:
    versions = books.versions[source]
    days = ", ".join(str(b.effective_from) for b in versions)
    if written is not None:
        for book in versions:
            if str(book.effective_from) == written:
                return book
        raise NoSuchRules(f"{source} has no version of {written[:20]}. It has: {days}.")
    found = explaining.version_for(versions, {}, on=day, today=day)
    if found is None:
        raise NoSuchRules(f"No version of {source} is in force on {day}. It has: {days}.")
    return found


def _versions(books: Rulebooks, source: str) -> Sequence[Rulebook]:
    if source not in books.versions:
        raise NoSuchRules(_unknown(source, books))
    return books.versions[source]


def _unknown(source: str, books: Rulebooks) -> str:
    near = get_close_matches(source, books.versions, 1)
    meant = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(books.versions)}."
    return f"There are no rules named `{source[:60]}`. {meant}"


def _from_file(path: Path, dictionary: Dictionary) -> Rulebook:
    """Any rule file with its tables beside it; it need not lie in the rules folder."""
    try:
        with path.open("rb") as file:
            rules = file.read(LARGEST_FILE + 1)  # one byte over is refused as too large
        tables = {t.name: t.read_bytes() for t in sorted(path.parent.glob(f"{path.stem}.*.csv"))}
    except OSError:
        raise NoSuchRules(f"{path} cannot be read. Name a rule file that is there.") from None
    return compile_rulebook(joined(rules, tables), dictionary, path.name)


def _read(facts: Path) -> str:
    try:
        if str(facts) == "-":
            return sys.stdin.read(explaining.LARGEST_FACTS + 1)
        with facts.open(encoding="utf-8") as file:
            return file.read(explaining.LARGEST_FACTS + 1)
    except (OSError, UnicodeDecodeError):
        raise FactsFileNotRead(f"{facts} cannot be read as text. Name a JSON file of facts.") from None


def _as_table(found: Sequence[Finding]) -> Iterator[str]:
    heads = ("file", "place", "finding", "remedy")
    yield "         " + _line(heads)
    for finding in found:
        cells = (finding.file, finding.place, finding.finding, finding.remedy)
        wrapped = [
            textwrap.wrap(text, width, break_on_hyphens=False) or [""]
            for text, width in zip(cells, _WIDTHS, strict=True)
        ]
        for n in range(max(map(len, wrapped))):
            head = ("error" if finding.error else "warning") if n == 0 else ""
            yield f"{head:9}" + _line([part[n] if n < len(part) else "" for part in wrapped])


def _line(cells: Sequence[str]) -> str:
    return "  ".join(f"{cell:{width}}" for cell, width in zip(cells, _WIDTHS, strict=True)).rstrip()


def _counted(errors: int, warnings: int) -> str:
    def many(number: int, what: str) -> str:
        return f"{number} {what}{'' if number == 1 else 's'}"

    return f"{many(errors, 'error')}, {many(warnings, 'warning')}."


def _today() -> date:
    return datetime.now(UTC).date()
