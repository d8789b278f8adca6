"""What is true of the rules: bytes, drafts, versions, every move of a version, replays, what is in force.

`rule_in_force` holds the one version of each source and day that answers. Only the database writes it, from
the newest move (trigger `rule_in_force_follows`, migration 0010); the application may read it, nothing else.
A second version in force for the same day is then impossible whoever writes the moves, and reading what is in
force costs one short table, whatever the history has grown to.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from reunify.db import Base
from reunify.kernel.ids import new_id
from reunify.kernel.moves import START, Moves
from reunify.rules import policy


def _state_known(moves: Moves) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"state IN ({_listed(moves.states)})", name="state_known")


def _listed(words: Any) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _people() -> Mapped[list[UUID]]:
    return mapped_column(ARRAY(sa.Uuid()), server_default="{}", default=list)


MOVE_KNOWN = (
    f"coalesce(from_state, '{START}') || ' ' || verb || ' ' || to_state IN "
    f"({_listed(f'{m.source} {m.verb} {m.target}' for m in policy.MOVES)})"
)
APPROVES = f"verb IN ({_listed(policy.APPROVALS)})"
CONFIRMS = f"verb IN ({_listed(policy.ASKED_FOR)})"
APART_FROM_ASKER = "NOT (asked_for || asked_by) && (moved_for || moved_by)"


class RuleFile(Base):
    """The bytes of a rule file, of its examples or of the field dictionary, by fingerprint, for as long as
    answers live."""

    __tablename__ = "rule_files"
    __table_args__ = (sa.CheckConstraint("sha256 = encode(sha256(bytes), 'hex')", name="fingerprint"),)

    sha256: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str]  # the funding source, _fields or _examples
    body: Mapped[bytes] = mapped_column("bytes", sa.LargeBinary)


class RuleDraft(Base):
    """A text that people work on. It may be broken. `authors`: all who saved it, and whom they stood for."""

    __tablename__ = "rule_drafts"
    __table_args__ = (
        _state_known(policy.DRAFT_MOVES),
        sa.CheckConstraint("revision >= 1", name="revision_counted"),
        sa.CheckConstraint("started_by = ANY (authors)", name="starter_is_an_author"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    source: Mapped[str] = mapped_column(index=True)
    effective_from: Mapped[date]
    rules: Mapped[str]
    tables: Mapped[dict[str, Any]]
    examples: Mapped[str]
    revision: Mapped[int]
    based_on: Mapped[str | None] = mapped_column(sa.ForeignKey("rule_files.sha256"))
    started_by: Mapped[UUID] = mapped_column(sa.ForeignKey("staff.id"))
    authors: Mapped[list[UUID]] = _people()
    state: Mapped[str]
    started_at: Mapped[datetime]
    saved_at: Mapped[datetime]


class RuleVersion(Base):
    """Frozen rules. No author: the release ships them. Append-only; how it stands is its newest move."""

    __tablename__ = "rule_versions"
    __table_args__ = (
        sa.UniqueConstraint("sha256", "source", "effective_from", name="uq_rule_versions_slot"),
        sa.CheckConstraint("effective_to >= effective_from", name="ends_after_it_begins"),
        sa.CheckConstraint("(author IS NULL) = (draft_id IS NULL)", name="written_or_shipped"),
        sa.CheckConstraint("based_on <> sha256", name="not_based_on_itself"),
        sa.CheckConstraint("NOT wording_only OR based_on IS NOT NULL", name="wording_of_something"),
    )

    sha256: Mapped[str] = mapped_column(sa.ForeignKey("rule_files.sha256"), primary_key=True)
    source: Mapped[str] = mapped_column(index=True)
    effective_from: Mapped[date]
    effective_to: Mapped[date | None]
    author: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    draft_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("rule_drafts.id"))
    based_on: Mapped[str | None] = mapped_column(sa.ForeignKey("rule_versions.sha256"))
    wording_only: Mapped[bool]
    at: Mapped[datetime]


class RuleReplay(Base):
    """What a version would have answered in the past. `since` None: from the beginning.

    `fields_sha256`: the dictionary it was begun with. `follows`: the version was approved on that one's
    report, and this one catches up with who was answered since it began; nobody approves anything on it.
    """

    __tablename__ = "rule_replays"
    __table_args__ = (
        sa.UniqueConstraint("id", "sha256", name="uq_rule_replays_of_version"),
        _state_known(policy.REPLAY_MOVES),
        sa.CheckConstraint("(state = 'done') = (report IS NOT NULL)", name="report_when_done"),
        sa.CheckConstraint("(state = 'waiting') = (begun_at IS NULL)", name="begun_unless_waiting"),
        sa.CheckConstraint(
            "(state IN ('done', 'failed')) = (finished_at IS NOT NULL)", name="finished_paired"
        ),
        sa.CheckConstraint("finished_at >= begun_at", name="ends_after_it_begins"),
        sa.CheckConstraint("(fields_sha256 IS NULL) = (begun_at IS NULL)", name="dictionary_when_begun"),
        sa.CheckConstraint("follows IS NULL OR since IS NULL", name="follows_or_since"),
        sa.Index(
            "uq_rule_replays_one_unfinished",
            "sha256",
            unique=True,
            postgresql_where=sa.text("state IN ('waiting', 'running') AND follows IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sha256: Mapped[str] = mapped_column(sa.ForeignKey("rule_versions.sha256"), index=True)
    since: Mapped[date | None]
    follows: Mapped[UUID | None] = mapped_column(sa.ForeignKey("rule_replays.id"))
    fields_sha256: Mapped[str | None]
    asked_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))  # None: the release
    state: Mapped[str]
    report: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    asked_at: Mapped[datetime]
    begun_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    run: Mapped[str | None]


class RuleMove(Base):
    """One move of one version. Append-only; the newest row of a version says how it stands.

    `moved_for`, `asked_for`: whom that person stood for then. `authors`: everyone who wrote what was
    submitted. A trigger (migration 0010) refuses a row that leaves somebody out, or that does not follow the
    newest one. `draft_id`: what was submitted. `typed`: at the command line, for the person named.
    """

    __tablename__ = "rule_moves"
    __table_args__ = (
        sa.ForeignKeyConstraint(["replay_id", "sha256"], ["rule_replays.id", "rule_replays.sha256"]),
        sa.CheckConstraint(MOVE_KNOWN, name="move_known"),
        sa.CheckConstraint("(moved_by IS NULL) = (verb = 'register')", name="moved_by_someone"),
        sa.CheckConstraint("moved_by IS NOT NULL OR moved_for = '{}'", name="moved_for_someone"),
        sa.CheckConstraint("asked_by IS NOT NULL OR asked_for = '{}'", name="asked_for_someone"),
        sa.CheckConstraint("(verb = 'submit') <= (moved_by = ANY (authors))", name="submitter_is_an_author"),
        sa.CheckConstraint(
            "(verb IN ('submit', 'register')) = (examples_sha256 IS NOT NULL)", name="examples_when_submitted"
        ),
        sa.CheckConstraint("(verb = 'submit') = (draft_id IS NOT NULL)", name="draft_when_submitted"),
        sa.CheckConstraint(f"({APPROVES}) = (fields_sha256 IS NOT NULL)", name="dictionary_when_approved"),
        sa.CheckConstraint(
            f"NOT ({APPROVES}) OR NOT authors && (moved_for || moved_by)", name="author_never_approves"
        ),
        sa.CheckConstraint(
            f"NOT ({APPROVES}) OR authors <> '{{}}' OR asked_by IS NOT NULL", name="shipped_needs_two"
        ),
        sa.CheckConstraint(f"NOT ({CONFIRMS}) OR asked_by IS NOT NULL", name="confirmed_after_asking"),
        sa.CheckConstraint(f"asked_by IS NULL OR {APART_FROM_ASKER}", name="asker_never_confirms"),
        sa.Index("ix_rule_moves_newest", "sha256", "sequence"),
    )

    sequence: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    sha256: Mapped[str] = mapped_column(sa.ForeignKey("rule_versions.sha256"))
    verb: Mapped[str]
    from_state: Mapped[str | None]
    to_state: Mapped[str]
    moved_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    moved_for: Mapped[list[UUID]] = _people()
    asked_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("staff.id"))
    asked_for: Mapped[list[UUID]] = _people()
    authors: Mapped[list[UUID]] = _people()
    reason: Mapped[str]
    examples_sha256: Mapped[str | None] = mapped_column(sa.ForeignKey("rule_files.sha256"))
    fields_sha256: Mapped[str | None] = mapped_column(sa.ForeignKey("rule_files.sha256"))
    replay_id: Mapped[UUID | None]
    draft_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("rule_drafts.id"))
    typed: Mapped[bool] = mapped_column(server_default=sa.false(), default=False)
    at: Mapped[datetime]


class RuleInForce(Base):
    """The version of a source that answers from a day on. Written by the database alone."""

    __tablename__ = "rule_in_force"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["sha256", "source", "effective_from"],
            ["rule_versions.sha256", "rule_versions.source", "rule_versions.effective_from"],
        ),
        sa.CheckConstraint(f"state IN ({_listed(policy.IN_FORCE)})", name="state_known"),
    )

    source: Mapped[str] = mapped_column(primary_key=True)
    effective_from: Mapped[date] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str]
    since: Mapped[datetime]
