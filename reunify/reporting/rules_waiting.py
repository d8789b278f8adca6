"""What of the rules waits for a person, as far as this very person may act on it. For the work list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from reunify.identity.records import StaffRecord
from reunify.kernel.people import Role, Staff
from reunify.rates.closed_yaml import RuleFileBroken
from reunify.rules import current, moving, policy
from reunify.rules.model import Rulebook
from reunify.rules.records import RuleMove, RuleVersion

REVIEW, UNREADABLE = "review", "unreadable"


@dataclass(frozen=True, slots=True)
class WaitingAct:
    """`act`: `review`, `unreadable` (in review, and the house cannot read it any more), or the verb of the
    first person. `of_source`: asked of the source as a whole. `by`: who asked or handed it in, by name; None:
    the release. `name`: of the source, as its folder is called where its rules cannot be read.
    """

    act: str
    source: str
    name: str
    sha256: str
    effective_from: date
    by: str | None

    @property
    def of_source(self) -> bool:
        return self.act in policy.OF_A_SOURCE


def waiting_for(session: Session, *, me: Staff) -> tuple[WaitingAct, ...]:
    """Versions to review that this person did not write, and what a colleague asked and they may confirm; of
    a source each act once. Nothing is asked for anybody whom no act waits for; else one statement, and one
    more for texts this process has not read yet.
    """
    if me.roles.isdisjoint(policy.STOPS):
        return ()
    rows = session.execute(_statement()).all()
    listed = [
        (version, [row.RuleMove for row in of_one], authors)
        for (version, authors), of_one in groupby(rows, key=lambda r: (r.RuleVersion, frozenset(r.authors)))
    ]
    books, broken = _read(session, [version.sha256 for version, _, _ in listed]) if listed else ({}, set())
    names = {row.RuleMove.moved_by: row.name for row in rows}
    found: dict[tuple[str, str], WaitingAct] = {}
    for version, moves, authors in listed:
        book = books.get(version.sha256)
        for act, by in _acts(moves, me, authors, unreadable=version.sha256 in broken):
            name = book.name if book else version.source
            made = WaitingAct(act, version.source, name, version.sha256, version.effective_from, names[by])
            found.setdefault((act, version.source if made.of_source else version.sha256), made)
    return tuple(found.values())


def _acts(
    moves: list[RuleMove], me: Staff, authors: Iterable[UUID], *, unreadable: bool
) -> list[tuple[str, UUID | None]]:
    """`moves`: of one version, since it came into its state. What this person may do about it."""
    asks = moving.asks(moves)
    if moves[-1].to_state != "in_review":
        return [(ask.verb, ask.moved_by) for ask in asks if _may_confirm(ask, me)]
    if Role.RULES_AUTHOR not in me.roles:
        return []
    if unreadable:  # nobody can approve it; whoever wrote it may withdraw it, too
        return [(UNREADABLE, moves[0].moved_by)]
    if not me.selves.isdisjoint(authors):
        return []
    if asks:
        return [(ask.verb, ask.moved_by) for ask in asks if _may_confirm(ask, me)]
    return [(REVIEW, moves[0].moved_by)]


def _may_confirm(ask: RuleMove, me: Staff) -> bool:
    roles = policy.STOPS if ask.verb == "ask_suspension" else (Role.RULES_AUTHOR,)
    return not me.roles.isdisjoint(roles) and me.selves.isdisjoint({ask.moved_by, *ask.moved_for})


def _read(session: Session, fingerprints: list[str]) -> tuple[dict[str, Rulebook], set[str]]:
    try:
        books, broken = current.compiled(session, fingerprints)
    except RuleFileBroken:  # the dictionary was never read: the work list opens all the same
        return {}, set()
    return books, set(broken)


def _statement() -> sa.Select[RuleVersion, RuleMove, Sequence[UUID], str]:
    """Of each version in review or in force the moves since it came into its state, the oldest first; of
    those in force only what changed nothing. `authors`: all who wrote what was submitted.
    """
    other, writer = aliased(RuleMove), aliased(RuleMove)
    changed = (
        sa.select(sa.func.max(other.sequence))
        .where(other.sha256 == RuleMove.sha256, other.from_state.is_distinct_from(other.to_state))
        .scalar_subquery()
    )
    written = sa.select(sa.func.unnest(writer.authors)).where(
        writer.sha256 == RuleMove.sha256, writer.verb == "submit"
    )
    authors = sa.func.array(written.scalar_subquery(), type_=ARRAY(sa.Uuid()))
    still = sa.or_(RuleMove.to_state == "in_review", RuleMove.from_state == RuleMove.to_state)
    return (
        sa.select(RuleVersion, RuleMove, authors.label("authors"), StaffRecord.name.label("name"))
        .join(RuleVersion, RuleVersion.sha256 == RuleMove.sha256)
        .outerjoin(StaffRecord, StaffRecord.id == RuleMove.moved_by)
        .where(RuleMove.to_state.in_(("in_review", *policy.IN_FORCE)), still, RuleMove.sequence >= changed)
        .order_by(RuleVersion.source, RuleVersion.effective_from, RuleVersion.sha256, RuleMove.sequence)
    )
