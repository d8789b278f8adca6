"""What pages show of the rules: frozen values, people by their names."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from reunify.kernel.people import Staff
from reunify.rules.model import Rulebook


@dataclass(frozen=True, slots=True)
class MoveView:
    """`by` None: the release. `asked_by`: the first of two people. `typed`: at the command line."""

    verb: str
    before: str | None
    after: str
    by: str | None
    asked_by: str | None
    reason: str
    at: datetime
    typed: bool = False


@dataclass(frozen=True, slots=True)
class PendingAct:
    """What one person asked and another must confirm. `people`: all who count as the one who asked.

    `asked`, `confirms`: the verbs of the first person and of the second.
    """

    asked: str
    confirms: str
    by: str
    people: frozenset[UUID]
    reason: str
    at: datetime

    def is_of(self, person: Staff) -> bool:
        """Whether this person asked it, or counts as one with who did."""
        return bool(person.selves & self.people)


@dataclass(frozen=True, slots=True)
class ReplayView:
    """`report` as the eligibility room wrote it, once `state` is done. `follows`: the one it catches up
    after. `fields_sha256`: the dictionary it was begun with.
    """

    id: UUID
    sha256: str
    since: date | None
    follows: UUID | None
    fields_sha256: str | None
    asked_by: str | None
    state: str
    report: dict[str, Any] | None = field(repr=False)
    asked_at: datetime
    begun_at: datetime | None
    finished_at: datetime | None
    run: str | None


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One line of a list. `author`: who handed it in last; None: the release. `pending`: each act that waits
    for a second person.

    `approved_by`: the person, or of what the release ships both; nobody while it never was approved.
    """

    sha256: str
    source: str
    effective_from: date
    effective_to: date | None
    status: str
    author: str | None
    at: datetime
    rulebook: Rulebook | None = field(repr=False)
    problem: str | None
    pending: tuple[PendingAct, ...] = ()
    approved_by: tuple[str, ...] = ()

    def asked(self, verb: str) -> PendingAct | None:
        """This very act, if it waits for a second person."""
        return next((act for act in self.pending if act.asked == verb), None)


@dataclass(frozen=True, slots=True)
class SourceView:
    """`versions`: the newest day first, of one day the newest first. `name` as its newest version says.

    `pending`: what was asked of the source as a whole, each once.
    """

    source: str
    name: str
    kind: str
    suspended: bool
    pending: tuple[PendingAct, ...]
    versions: tuple[VersionRow, ...]
    drafts: tuple[DraftRow, ...]


@dataclass(frozen=True, slots=True)
class DraftRow:
    id: UUID
    source: str
    effective_from: date
    started_by: str
    saved_at: datetime
    revision: int


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version whole. `replaces`: what would be retired by its approval. `authors` by id, for `can`."""

    row: VersionRow
    authors: frozenset[UUID]
    based_on: str | None
    wording_only: bool
    draft_id: UUID | None
    rules: str = field(repr=False)
    tables: dict[str, str] = field(repr=False)
    examples: str = field(repr=False)
    history: tuple[MoveView, ...]
    replay: ReplayView | None
    replayed: bool
    replaces: str | None

    @property
    def needs_replay(self) -> bool:
        only_words = self.wording_only and self.replaces is not None and self.replaces == self.based_on
        return self.row.status == "in_review" and not self.replayed and not only_words


@dataclass(frozen=True, slots=True)
class DraftView:
    """`problem`: why it could not be submitted as it stands, in a sentence; None when it compiles."""

    id: UUID
    source: str
    effective_from: date
    rules: str = field(repr=False)
    tables: dict[str, str] = field(repr=False)
    examples: str = field(repr=False)
    revision: int
    based_on: str | None
    started_by: str
    state: str
    saved_at: datetime
    problem: str | None
    rulebook: Rulebook | None = field(repr=False)
