"""A text that people work on. It may be broken; nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.kernel.ids import new_id
from reunify.kernel.may import may
from reunify.kernel.moves import START
from reunify.kernel.people import Role, Staff
from reunify.rules import bundle, files, moving, policy
from reunify.rules.policy import DRAFT_MOVES, DraftChanged, NoSuchDraft, NoSuchVersion, WrongSource
from reunify.rules.records import RuleDraft, RuleVersion

_SOURCE = re.compile(r"[a-z][a-z0-9_]{1,59}")


@may(Role.RULES_AUTHOR)
def begin_draft(
    session: Session,
    *,
    source: str,
    effective_from: date,
    based_on: str | None = None,
    by: Staff,
    now: datetime,
) -> UUID:
    """`based_on`: the version whose text it begins with, its first day and the names of its tables changed.

    Raises WrongSource, NoSuchVersion.
    """
    if not _SOURCE.fullmatch(source):
        raise WrongSource(
            "Name the source in small letters, digits and underscores, such as home_free.", field="/source"
        )
    rules, examples = "", ""
    tables: dict[str, str] = {}
    if based_on is not None:
        rules, tables, examples = _text_of(session, source, based_on, effective_from)
    draft = RuleDraft(
        id=new_id(),
        source=source,
        effective_from=effective_from,
        rules=rules,
        tables=tables,
        examples=examples,
        revision=1,
        based_on=based_on,
        started_by=by.id,
        authors=sorted(by.selves),
        state=DRAFT_MOVES.check(START, "begin").target,
        started_at=now,
        saved_at=now,
    )
    session.add(draft)
    session.flush()
    detail = {"source": source, "effective_from": effective_from.isoformat()}
    audit.record(
        session, by=by, at=now, subject="rule_draft", subject_id=draft.id, moved="begin", detail=detail
    )
    return draft.id


@may(Role.RULES_AUTHOR)
def save_draft(
    session: Session,
    *,
    draft_id: UUID,
    expected_revision: int,
    rules: str,
    tables: dict[str, str],
    examples: str,
    by: Staff,
    now: datetime,
) -> int:
    """The draft's new revision. Whoever saves is one of its authors from now on.

    Raises NoSuchDraft, WrongState, DraftChanged, DraftTooLarge.
    """
    draft = locked(session, draft_id)
    check_open(draft, "save")
    policy.check_draft_size([rules, examples, *tables.values()])
    if draft.revision != expected_revision:
        raise DraftChanged(
            "A colleague saved this draft since you opened it. Copy what you typed, open the draft again, "
            "and put it in there."
        )
    draft.rules, draft.examples = _lines(rules), _lines(examples)
    draft.tables = {name: _lines(text) for name, text in sorted(tables.items())}
    draft.authors = sorted({*draft.authors, *by.selves})
    draft.revision += 1
    draft.saved_at = now
    detail = {"revision": draft.revision}
    audit.record(
        session, by=by, at=now, subject="rule_draft", subject_id=draft.id, moved="save", detail=detail
    )
    return draft.revision


@may(Role.RULES_AUTHOR)
def abandon_draft(
    session: Session, *, draft_id: UUID, expected_revision: int, by: Staff, now: datetime
) -> None:
    """Nobody goes on with it; its text stays. Raises NoSuchDraft, WrongState, DraftChanged."""
    draft = locked(session, draft_id)
    check_open(draft, "abandon")
    if draft.revision != expected_revision:
        raise DraftChanged(
            "A colleague saved this draft since you opened it. Open it again, and give it up only if nobody "
            "needs it."
        )
    move(session, draft, "abandon", who=by, now=now, detail={"revision": draft.revision})


def move(
    session: Session, draft: RuleDraft, verb: str, *, who: Staff, now: datetime, detail: dict[str, Any]
) -> None:
    """Into its next state, audited. Raises WrongState."""
    moved = DRAFT_MOVES.apply(draft, verb)
    audit.record(
        session, by=who, at=now, subject="rule_draft", subject_id=draft.id, moved=moved, detail=detail
    )


def locked(session: Session, draft_id: UUID) -> RuleDraft:
    """Raises NoSuchDraft."""
    kept = session.get(RuleDraft, draft_id, with_for_update=True, populate_existing=True)
    if kept is None:
        raise NoSuchDraft("There is no such draft of any rules.")
    return kept


def found(session: Session, draft_id: UUID) -> RuleDraft:
    """To look at. Raises NoSuchDraft."""
    kept = session.get(RuleDraft, draft_id)
    if kept is None:
        raise NoSuchDraft("There is no such draft of any rules.")
    return kept


def check_open(draft: RuleDraft, verb: str) -> None:
    """Raises WrongState."""
    if draft.state != "open":
        DRAFT_MOVES.check(draft.state, verb)


def body_of(draft: RuleDraft) -> bytes:
    """The version this draft would become."""
    return bundle.joined(draft.rules.encode(), {n: t.encode() for n, t in draft.tables.items()})


def _text_of(
    session: Session, source: str, sha256: str, effective_from: date
) -> tuple[str, dict[str, str], str]:
    version = session.get(RuleVersion, sha256)
    if version is None or version.source != source:
        raise NoSuchVersion("There is no such version of this source's rules to begin from.")
    examples_sha = moving.submitted(session, sha256).examples_sha256 or ""
    kept = files.kept(session, {sha256, examples_sha})
    body, tables = bundle.parted(kept[sha256].body)
    rules, names = _dated(body.decode(), tables, version.effective_from, effective_from)
    return (
        rules,
        {names[name]: text.decode() for name, text in tables.items()},
        kept[examples_sha].body.decode(),
    )


def _dated(rules: str, tables: Iterable[str], old: date, new: date) -> tuple[str, dict[str, str]]:
    """The text for another day, and each table's name in it: tables are called after the day."""
    names = {name: name.replace(f"{old}.", f"{new}.", 1) for name in tables}
    rules = _in_section(rules, "effective", rf"(\bfrom:\s*['\"]?){old}\b", rf"\g<1>{new}")
    for name, becomes in names.items():
        written = rf"(\bfile:\s*['\"]?){re.escape(name)}(?![\w.-])"
        rules = _in_section(rules, "tables", written, rf"\g<1>{becomes}")
    return rules, names


def _in_section(rules: str, key: str, pattern: str, becomes: str) -> str:
    """Written otherwise within one top-level entry alone: a sentence or a citation keeps its dates."""
    section = re.search(rf"^{key}:.*?(?=^\w|\Z)", rules, flags=re.MULTILINE | re.DOTALL)
    if section is None:
        return rules
    return rules[: section.start()] + re.sub(pattern, becomes, section[0]) + rules[section.end() :]


def _lines(text: str) -> str:
    """A browser ends lines in two characters; a file has one."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
