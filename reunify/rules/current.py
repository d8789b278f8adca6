"""The rules in force, read in one statement and compiled once per fingerprint in this process.

The dictionary comes from `_fields.yaml` of the rules folder, read again when the file changes. When it is
broken, or approved rules no longer compile against it, the last dictionary that read everything goes on: of
this process, or, after a restart, the one kept with the newest approval. Nobody's answer stops because a file
was edited badly.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.kernel.people import System
from reunify.rates.closed_yaml import RuleFileBroken
from reunify.rates.fields import Dictionary, load_dictionary
from reunify.rates.places import rules_folder
from reunify.rules.bundle import fingerprint
from reunify.rules.model import Rulebook, Rulebooks
from reunify.rules.policy import NoRulesApproved, RulesDoNotCompile
from reunify.rules.reading import compile_rulebook
from reunify.rules.records import RuleFile, RuleInForce, RuleMove, RuleVersion

RELEASE = System("release")
_MOST_KEPT = 500
_LINE = re.compile(r"(?:row \S+ \()?line (\d+)")


@dataclass(frozen=True, slots=True)
class Words:
    """A dictionary with its fingerprint, and when this process read it."""

    dictionary: Dictionary
    sha256: str
    read_at: datetime


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the newest dictionary is not used. `since`: the time of the one that is."""

    wrong: RuleFileBroken
    since: datetime | None

    @property
    def in_public(self) -> str:
        """Without a word of what the file says."""
        broken = f"{place_in_public(self.wrong)} is broken"
        if self.since is None:
            return f"{broken}; nothing is decided."
        return f"{broken}; the rules of {self.read} are still used."

    @property
    def read(self) -> str:
        return f"{self.since:%Y-%m-%d %H:%M} UTC" if self.since else "never"


def place_in_public(wrong: RuleFileBroken) -> str:
    """The file and the line. The rest of the place is made of what the file says: a row's name, a key."""
    line = _LINE.match(wrong.where)
    return f"The file {wrong.file}{f', line {line[1]},' if line else ''}"


class Reading:
    """What this process has read. One for the whole process; tests make their own."""

    def __init__(self, fields: Path) -> None:
        self._fields = fields
        self._lock = threading.RLock()
        self._seen: tuple[int, int, int] | None = None
        self._newest: Words | None = None
        self._broken: RuleFileBroken | None = None
        self._good: Words | None = None  # the last that read everything in force
        self._bodies: dict[str, tuple[str, bytes]] = {}
        self._books: dict[tuple[str, str], Rulebook] = {}
        self.trouble: Trouble | None = None

    def dictionary(self) -> Words:
        """As the file says now; the last good one while it is broken. Raises RuleFileBroken without one."""
        with self._lock:
            self._read()
            if self._newest is None:
                assert self._broken is not None  # one of the two is set by reading
                raise self._broken
            return self._newest

    def in_force(self, session: Session) -> Rulebooks:
        """Raises NoRulesApproved, RulesDoNotCompile."""
        read = dict(self._bodies)
        rows = session.execute(_statement(list(read))).all()
        if not rows:
            raise NoRulesApproved(
                "No rules are approved yet. Run `reunify rules load`, then let two rules authors approve "
                "them."
            )
        bodies = {r.sha256: read[r.sha256] if r.body is None else (r.source, r.body) for r in rows}
        with self._lock:
            self._remember(bodies)
            words, books = self._readable(session, list(bodies))
        versions: dict[str, tuple[Rulebook, ...]] = {}
        for row in rows:
            versions[row.source] = (*versions.get(row.source, ()), books[row.sha256])
        suspensions = {row.source: str(row.suspension) for row in rows if row.state == "suspended"}
        return Rulebooks(words.dictionary, words.sha256, versions, frozenset(suspensions), suspensions)

    def learn(self, books: Iterable[Rulebook], fields_sha256: str) -> None:
        """Read elsewhere in this process, against this dictionary."""
        with self._lock:
            for book in books:
                self._remember({book.sha256: (book.source, book.body)})
                self._books[(book.sha256, fields_sha256)] = book

    def compiled(
        self, session: Session, fingerprints: Iterable[str]
    ) -> tuple[dict[str, Rulebook], dict[str, RuleFileBroken]]:
        """Any versions against the dictionary of now: those that compile, and why the others do not."""
        with self._lock:
            wanted = list(dict.fromkeys(fingerprints))
            bodies = {sha: self._bodies[sha] for sha in wanted if sha in self._bodies}
            if missing := [sha for sha in wanted if sha not in bodies]:
                asked = sa.select(RuleFile).where(RuleFile.sha256.in_(missing))
                bodies |= {f.sha256: (f.source, f.body) for f in session.scalars(asked)}
            self._remember(bodies)
            words = self.dictionary()
            good: dict[str, Rulebook] = {}
            broken: dict[str, RuleFileBroken] = {}
            for sha in bodies:
                try:
                    good[sha] = self._compile(sha, words)
                except RuleFileBroken as wrong:
                    broken[sha] = wrong
            return good, broken

    def _readable(self, session: Session, fingerprints: list[str]) -> tuple[Words, Mapping[str, Rulebook]]:
        """The newest dictionary that reads them all."""
        try:
            newest = self.dictionary()
            books = {sha: self._compile(sha, newest) for sha in fingerprints}
        except RuleFileBroken as broken:
            wrong = self._broken or broken
        else:
            self._good = newest
            self.trouble = Trouble(self._broken, newest.read_at) if self._broken else None
            return newest, books
        earlier: tuple[Callable[[], Words | None], ...] = (
            lambda: self._good,
            lambda: _of_the_newest_approval(session),
        )
        for ask in earlier:
            try:
                words = ask()
                if words is None:
                    continue
                books = {sha: self._compile(sha, words) for sha in fingerprints}
            except RuleFileBroken:
                continue
            self._good = words
            self.trouble = Trouble(wrong, words.read_at)
            return words, books
        self.trouble = Trouble(wrong, None)
        raise RulesDoNotCompile(
            f"The approved rules cannot be read: {wrong} Correct {wrong.file}; meanwhile nothing is decided."
        )

    def _compile(self, sha256: str, words: Words) -> Rulebook:
        key = (sha256, words.sha256)
        if key not in self._books:
            source, body = self._bodies[sha256]
            self._books[key] = compile_rulebook(body, words.dictionary, f"{source} {sha256[:8]}")
        return self._books[key]

    def _read(self) -> None:
        """Again if the file changed; a file that is half written changes once more."""
        try:
            stat = self._fields.stat()
            seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if seen == self._seen:
                return
            body = self._fields.read_bytes()
            self._newest = Words(load_dictionary(body), fingerprint(body), datetime.now(UTC))
            self._broken, self._seen = None, seen
        except RuleFileBroken as wrong:
            self._broken, self._seen = wrong, seen
        except OSError:
            self._broken = RuleFileBroken(
                self._fields.name, "whole file", "no file", "the dictionary of facts"
            )
            self._seen = None

    def _remember(self, bodies: Mapping[str, tuple[str, bytes]]) -> None:
        if len(self._bodies) > _MOST_KEPT:
            self._bodies.clear()
            self._books.clear()
        self._bodies.update(bodies)


def _statement(read: list[str]) -> sa.Select[str, str, str, int, bytes]:
    """What is in force, with the bytes of those this process has not read, and no bytes of the others.

    `suspension`: the newest move that suspended the source, of whichever version.
    """
    unread = sa.and_(RuleFile.sha256 == RuleInForce.sha256, RuleFile.sha256.not_in(read))
    newest = (
        sa.select(sa.func.max(RuleMove.sequence))
        .join(RuleVersion, RuleVersion.sha256 == RuleMove.sha256)
        .where(RuleVersion.source == RuleInForce.source, RuleMove.verb == "confirm_suspension")
        .scalar_subquery()
    )
    suspension = sa.case((RuleInForce.state == "suspended", newest)).label("suspension")
    state, body = RuleInForce.state, RuleFile.body.label("body")
    return (
        sa.select(RuleInForce.source, RuleInForce.sha256, state, suspension, body)
        .outerjoin(RuleFile, unread)
        .order_by(RuleInForce.source, RuleInForce.effective_from)
    )


def _of_the_newest_approval(session: Session) -> Words | None:
    asked = (
        sa.select(RuleFile.sha256, RuleFile.body, RuleMove.at)
        .join(RuleMove, RuleMove.fields_sha256 == RuleFile.sha256)
        .order_by(RuleMove.sequence.desc())
        .limit(1)
    )
    row = session.execute(asked).first()
    return Words(load_dictionary(row.body), row.sha256, row.at) if row is not None else None


_READING: Reading | None = None


def reading() -> Reading:
    """The process's own."""
    global _READING
    if _READING is None:
        _READING = Reading(rules_folder() / "_fields.yaml")
    return _READING


def dictionary() -> Words:
    """As the rules folder has it now. Raises RuleFileBroken when it never could be read."""
    return reading().dictionary()


def compiled(
    session: Session, fingerprints: Iterable[str]
) -> tuple[dict[str, Rulebook], dict[str, RuleFileBroken]]:
    """Those that compile against the dictionary of now, and why the others do not."""
    return reading().compiled(session, fingerprints)
