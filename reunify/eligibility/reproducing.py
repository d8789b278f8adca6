"""Decide a stored answer again from what was kept with it, and say byte for byte whether it is the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.eligibility.assessment import Known, decide_source
from reunify.eligibility.records import DeterminationRecord
from reunify.kernel.canonical import canonical, digest_of
from reunify.kernel.refusals import NotFound
from reunify.rates.closed_yaml import RuleFileBroken
from reunify.rates.fields import Dictionary, load_dictionary
from reunify.rules import files
from reunify.rules.answers import ENGINE_VERSION
from reunify.rules.bundle import fingerprint
from reunify.rules.model import Rulebook
from reunify.rules.reading import compile_rulebook
from reunify.vault.keepers import Erased

_BATCH = 200
_ANSWER = "answer: it "


@dataclass(frozen=True, slots=True)
class Reproduced:
    """`same` None: it cannot be compared here, and `why` says why not. Nothing of a family is in it.

    An answer of another engine may be the same all the same; where it is not, that is the engine's doing.
    """

    determination_id: UUID
    source: str
    same: bool | None
    why: tuple[str, ...] = ()

    @property
    def differs(self) -> bool:
        return self.same is False


def reproduce(session: Session, determination_id: UUID) -> Reproduced:
    """Raises NotFound."""
    kept = session.get(DeterminationRecord, determination_id)
    if kept is None:
        raise NotFound("There is no such determination.")
    return _reproduced(kept, _files_of(session, [kept]))


def batch(session: Session, *, after: UUID | None, since: datetime | None) -> list[Reproduced]:
    """The next determinations by id, of every version of every request; empty at the end."""
    d = DeterminationRecord
    asked = sa.select(d).order_by(d.id).limit(_BATCH)
    if after is not None:
        asked = asked.where(d.id > after)
    if since is not None:
        asked = asked.where(d.at >= since)
    found = session.scalars(asked).all()
    bodies = _files_of(session, found)
    return [_reproduced(kept, bodies) for kept in found]


def _files_of(session: Session, found: Sequence[DeterminationRecord]) -> dict[str, bytes]:
    """By fingerprint. A foreign key keeps each of them there for as long as the answer."""
    named = {sha for kept in found for sha in (kept.rule_sha256, kept.fields_sha256)}
    return {sha: file.body for sha, file in files.kept(session, named).items()}


@lru_cache(maxsize=64)
def _compiled(fields: bytes, rules: bytes, file: str) -> tuple[Dictionary, Rulebook]:
    words = load_dictionary(fields)
    return words, compile_rulebook(rules, words, file)


def _reproduced(kept: DeterminationRecord, bodies: dict[str, bytes]) -> Reproduced:
    def found(same: bool | None, *why: str) -> Reproduced:
        return Reproduced(kept.id, kept.source, same, why)

    try:
        facts, content = kept.facts, kept.content
    except Erased as erased:
        return found(None, f"erased on {erased.on.date()}: nothing is left to decide from")
    changed = [*_changed(kept, bodies, facts, content)]
    again = [*_decided_again(kept, bodies, facts, content)]
    if again and not changed and kept.engine_version != ENGINE_VERSION:
        engine = f"made by engine {kept.engine_version}"
        return found(None, *(f"{engine}: {why.removeprefix(_ANSWER)}" for why in again))
    return found(not changed and not again, *changed, *again)


def _changed(kept: DeterminationRecord, bodies: dict[str, bytes], facts: Any, content: Any) -> Iterator[str]:
    """What is no longer what its fingerprint says: no engine explains that."""
    if fingerprint(bodies[kept.fields_sha256]) != kept.fields_sha256:
        yield "dictionary: its bytes are not those whose fingerprint was kept"
    if fingerprint(bodies[kept.rule_sha256]) != kept.rule_sha256:
        yield "rule file: its bytes are not those whose fingerprint was kept"
    if digest_of(facts) != kept.facts_hash:
        yield "facts: they are not those whose hash was kept"
    if digest_of(content) != kept.answer_hash:
        yield "answer: it is not the one whose hash was kept"


def _decided_again(
    kept: DeterminationRecord, bodies: dict[str, bytes], facts: Any, content: Any
) -> Iterator[str]:
    fields, rules = bodies[kept.fields_sha256], bodies[kept.rule_sha256]
    try:
        words, book = _compiled(fields, rules, f"{kept.source} {kept.rule_sha256[:8]}")
    except RuleFileBroken as broken:
        yield f"rule file: it cannot be read ({type(broken).__name__})"
        return
    try:
        again = decide_source(book, Known.from_content(facts, words), words).content()
    except (KeyError, TypeError, ValueError) as wrong:
        yield f"facts: they cannot be read by their own dictionary ({type(wrong).__name__})"
        return
    if canonical(again) != canonical(content):
        parts = _parts(again, content)
        yield f"{_ANSWER}comes out differently now, in {', '.join(parts) or 'its form'}"


def _parts(again: dict[str, Any], content: dict[str, Any]) -> Sequence[str]:
    """Which parts differ, by their own names; never a value."""
    keys = dict.fromkeys([*again, *content])
    return [key for key in keys if key not in again or key not in content or again[key] != content[key]]
