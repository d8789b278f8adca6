"""The rules folder read whole: what a release ships, and what a program officer edits by hand."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from reunify.rates.closed_yaml import RuleFileBroken
from reunify.rates.fields import Dictionary, load_dictionary
from reunify.rates.places import rules_folder
from reunify.rules.bundle import joined
from reunify.rules.model import Rulebook, Rulebooks
from reunify.rules.reading import compile_rulebook


def load(folder: Path) -> Rulebooks:
    """Read `_fields.yaml` and every `<source>/<date>.yaml` with its tables. Raises RuleFileBroken."""
    body = (folder / "_fields.yaml").read_bytes()
    dictionary = load_dictionary(body)
    versions: dict[str, tuple[Rulebook, ...]] = {}
    for place in sorted(p for p in folder.iterdir() if p.is_dir() and p.name != "parameters"):
        if place.name.startswith((".", "_")):
            continue
        files = sorted(f for f in place.glob("*.yaml") if not f.name.endswith(".examples.yaml"))
        versions[place.name] = tuple(load_version(f, dictionary) for f in files)
        if not files:
            raise RuleFileBroken(place.name, "folder", "no rule file", "<date>.yaml and its examples")
        refuse_overlaps(versions[place.name])
    return Rulebooks(dictionary, hashlib.sha256(body).hexdigest(), versions)


def refuse_overlaps(books: tuple[Rulebook, ...]) -> None:
    """Versions of one source, oldest first. A version without `to` ends where the next begins; one that says
    it runs longer would judge days that are the next one's. Raises RuleFileBroken."""
    for old, new in pairwise(books):
        if old.effective_to is not None and old.effective_to >= new.effective_from:
            raise RuleFileBroken(
                f"{old.source}/{old.effective_from}.yaml",
                "`effective.to`",
                f"{old.effective_to}, which overlaps the version that begins on {new.effective_from}",
                f"a day before {new.effective_from}, or no `to`",
            )


def load_version(path: Path, dictionary: Dictionary) -> Rulebook:
    """One rule file of the folder with the tables beside it. Raises RuleFileBroken."""
    file = f"{path.parent.name}/{path.name}"
    tables = {t.name: t.read_bytes() for t in sorted(path.parent.glob(f"{path.stem}.*.csv"))}
    book = compile_rulebook(joined(path.read_bytes(), tables), dictionary, file)
    if book.source != path.parent.name:
        raise RuleFileBroken(file, "`source`", f"`{book.source}`", f"`{path.parent.name}`, like its folder")
    if book.effective_from.isoformat() != path.stem:
        raise RuleFileBroken(
            file, "`effective.from`", f"{book.effective_from}", f"{path.stem}, like its file"
        )
    if not path.with_name(f"{path.stem}.examples.yaml").is_file():
        raise RuleFileBroken(file, "folder", "no examples file", f"{path.stem}.examples.yaml beside it")
    return book


@lru_cache(maxsize=4)
def shipped(folder: Path | None = None) -> Rulebooks:
    """The rules of the folder (`eligibility_rules/` by default), loaded once per process."""
    return load(folder or rules_folder())


_Stamp = tuple[tuple[str, int, int], ...]


class Watch:
    """What is wrong with a folder's files now. They are read again when they change, and kept nowhere: what
    answers goes on by what was approved (`current.py`), whatever is in the folder. May be shared between
    threads: while one reads, the others are told what was known before.
    """

    def __init__(
        self, folder: Path, *, seconds: Callable[[], float] = time.monotonic, every: float = 1.0
    ) -> None:
        """`seconds` never runs back; at most once in `every` of them the files are looked at."""
        self._folder, self._seconds, self._every = folder, seconds, every
        self._reading = threading.Lock()
        self._looked: float | None = None
        self._stamp: _Stamp | None = None
        self._wrong: RuleFileBroken | None = None

    def wrong(self) -> RuleFileBroken | None:
        """By the files' names, sizes and times, unless they were looked at just now. None: all load."""
        due = self._looked is None or self._seconds() - self._looked >= self._every
        if due and self._reading.acquire(blocking=self._looked is None):
            try:
                self._look()
                self._looked = self._seconds()
            finally:
                self._reading.release()
        return self._wrong

    def _look(self) -> None:
        try:
            stamp = _stamp(self._folder)
            if stamp == self._stamp:
                return
            self._stamp = stamp
            load(self._folder)
        except RuleFileBroken as wrong:
            self._wrong = wrong
        except OSError as wrong:
            self._stamp = None  # what stood in the way may go without a trace on the files
            found = f"a file that cannot be read ({type(wrong).__name__})"
            self._wrong = RuleFileBroken("the rules", "folder", found, "files this program may read")
        else:
            self._wrong = None


def _stamp(folder: Path) -> _Stamp:
    return tuple(sorted(_files(folder, "")))


def _files(folder: Path, under: str) -> Iterator[tuple[str, int, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _files(Path(entry.path), f"{under}{entry.name}/")
            else:
                found = entry.stat()
                yield f"{under}{entry.name}", found.st_size, found.st_mtime_ns
