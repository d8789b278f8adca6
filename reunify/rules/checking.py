"""`reunify rules check`: every file of the rules folder is read, and everything found is told at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from reunify.rates.closed_yaml import RuleFileBroken
from reunify.rates.fields import Dictionary, load_dictionary
from reunify.rates.minors import Carriers
from reunify.rates.need_factors import read_need
from reunify.rates.per_diem import Continental
from reunify.rates.published import Published
from reunify.rates.snapshots import Snapshots
from reunify.rules import inspecting
from reunify.rules.examples import load_examples
from reunify.rules.inspecting import Finding
from reunify.rules.library import load_version
from reunify.rules.model import Rulebook
from reunify.rules.proving import failures

_EXAMPLES = ".examples.yaml"
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}")


def check(folder: Path, *, on: date) -> tuple[Finding, ...]:
    """Errors first, then warnings, each in the order of the files. Never raises for a bad file."""
    found = list(dict.fromkeys([*check_rules(folder, on), *check_parameters(folder)]))
    return tuple(sorted(found, key=lambda finding: not finding.error))


def check_rules(folder: Path, on: date) -> Iterator[Finding]:
    """The dictionary, and every source with its versions, tables and examples."""
    try:
        dictionary = load_dictionary((folder / "_fields.yaml").read_bytes())
    except RuleFileBroken as broken:
        yield _broken(broken)
        return
    except OSError:
        yield Finding(
            "_fields.yaml", "whole file", "no such file", "the folder of the rules, with its dictionary"
        )
        return
    yield from inspecting.of_dictionary(dictionary)
    sources = sorted(p for p in folder.iterdir() if p.is_dir() and p.name != "parameters")
    books: list[Rulebook] = []
    for place in sources:
        if not place.name.startswith((".", "_")):
            yield from _source(place, dictionary, on, books)
    yield from inspecting.of_ids(books)
    if not sources:
        yield Finding(folder.name, "folder", "no source at all", "a folder for each source")


def _source(place: Path, dictionary: Dictionary, on: date, read: list[Rulebook]) -> Iterator[Finding]:
    """`read`: what reads well is added to it."""
    files = sorted(f for f in place.glob("*.yaml") if not f.name.endswith(_EXAMPLES))
    if not files:
        yield Finding(place.name, "folder", "no rule file", "<date>.yaml and its examples")
    yield from _strays(place, {f.stem for f in files})
    books = []
    for path in files:
        file = f"{place.name}/{path.name}"
        try:
            book = load_version(path, dictionary)
        except RuleFileBroken as broken:
            yield _broken(broken)
            yield from _examples(path, None, dictionary)
            continue
        except OSError:
            yield Finding(file, "whole file", "a file that cannot be read", "a readable file")
            continue
        books.append(book)
        yield from inspecting.of_version(book, file, dictionary, on, files_beside(place))
        yield from _examples(path, book, dictionary)
    read += books
    if len(books) == len(files):  # beside a broken file the dates would tell of gaps that are not there
        yield from inspecting.of_dates(place.name, tuple(books), on)


def _strays(place: Path, versions: set[str]) -> Iterator[Finding]:
    """Files that belong to no version: a table or examples whose rule file has another name."""
    for path in sorted(place.iterdir()):
        stem = path.name[:10]
        whose = _VERSION.fullmatch(stem) is not None
        if path.name.startswith(".") or (whose and stem in versions):
            continue
        if path.suffix in (".csv", ".yaml", ".yml") and not (path.suffix == ".yaml" and "." not in path.stem):
            yield Finding(
                f"{place.name}/{path.name}",
                "file name",
                "it belongs to no version",
                "begin its name with the day of its version, as in 2026-01-01.caps.csv",
            )


def _examples(path: Path, book: Rulebook | None, dictionary: Dictionary) -> Iterator[Finding]:
    """Read also beside a rule file that is broken: two mistakes are told at once."""
    beside = path.with_name(path.stem + _EXAMPLES)
    file = f"{path.parent.name}/{beside.name}"
    try:
        examples = load_examples(beside.read_bytes(), dictionary, file)
    except RuleFileBroken as broken:
        yield _broken(broken)
        return
    except OSError:
        if book is not None:  # otherwise told with the rule file
            yield Finding(file, "whole file", "no such file", "the examples beside their rules")
        return
    for failure in failures(book, examples, dictionary) if book is not None else ():
        yield Finding(file, "examples", failure, "correct the rule, or the example")


def files_beside(place: Path) -> Callable[[str], bool]:
    """A citation may name a file beside the rules, in the folder of all rules, or beside that."""

    def exists(name: str) -> bool:
        return any((base / name).is_file() for base in (place, place.parent, place.parent.parent))

    return exists


def check_parameters(folder: Path) -> Iterator[Finding]:
    """Each part by itself, so that two broken tables are two findings; then all of them together."""
    parts: tuple[Callable[[], object], ...] = (
        lambda: Continental(folder).check_zips(),
        lambda: Snapshots(folder).check_rows(),
        lambda: Carriers(folder).check_rows(),
        lambda: read_need(folder),
        lambda: Published(folder).check_whole(),
    )
    for part in parts:
        try:
            part()
        except RuleFileBroken as broken:
            told = _broken(broken)
            yield Finding(f"parameters/{told.file}", told.place, told.finding, told.remedy)
        except OSError:
            yield Finding("parameters", "folder", "a table that cannot be read", "the published tables")


def _broken(broken: RuleFileBroken) -> Finding:
    return Finding(broken.file, broken.where, f"found {broken.found}", f"allowed: {broken.allowed}")
