"""The facts that versions were judged by, and which sources may pay a line of them; many at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.eligibility.costs import LineOutcome
from reunify.eligibility.records import DeterminationRecord
from reunify.kernel.ids import VersionId
from reunify.rates.fields import FactValue, dictionary
from reunify.rules.answers import YES_ANSWERS
from reunify.vault.keepers import Erased

_ELSEWHERE = "elsewhere"  # whoever pays by itself never takes part in a split
_YES = tuple(answer.value for answer in YES_ANSWERS)


@dataclass(frozen=True, slots=True)
class JudgedFacts:
    """`facts`: typed by today's dictionary; one that left it is left out. `may_pay`: codes of our sources,
    and of funders who may be asked, whose rules let them pay a line."""

    facts: dict[str, FactValue] = field(repr=False)
    may_pay: frozenset[str]


def judged_facts(session: Session, version_ids: Collection[UUID]) -> dict[VersionId, JudgedFacts]:
    """By version, in one question and one for the keys. Without an answer, or erased, it is absent."""
    found: dict[VersionId, JudgedFacts] = {}
    for version_id, rows in _by_version(session, version_ids).items():
        try:
            paying = frozenset(row.source for row in rows if _pays(row))
            found[VersionId(version_id)] = JudgedFacts(_facts(rows[0]), paying)
        except Erased:
            continue
    return found


def _by_version(session: Session, version_ids: Collection[UUID]) -> dict[UUID, list[DeterminationRecord]]:
    """The answers that said yes; of a version without any, one: every answer keeps the same facts."""
    d = DeterminationRecord
    first = (
        sa.select(sa.func.min(d.source).label("source"), d.version_id)
        .where(d.version_id.in_(version_ids))
        .group_by(d.version_id)
        .subquery()
    )
    rows = session.scalars(
        sa.select(d)
        .join(first, first.c.version_id == d.version_id)
        .where(sa.or_(d.answer.in_(_YES), d.source == first.c.source))
        .order_by(d.version_id, d.source)
    ).all()
    found: dict[UUID, list[DeterminationRecord]] = {}
    for row in rows:
        found.setdefault(row.version_id, []).append(row)
    return found


def _pays(row: DeterminationRecord) -> bool:
    """Raises Erased."""
    if row.answer not in _YES:
        return False
    return any(
        line["outcome"] == LineOutcome.PAYABLE and line["ceiling"] > 0 for line in row.content["lines"]
    )


def _facts(row: DeterminationRecord) -> dict[str, FactValue]:
    """Raises Erased."""
    fields = dictionary().fields
    kept = row.facts["facts"]
    return {name: fields[name].from_json(value) for name, value in kept.items() if name in fields}
