"""By which rules a request was judged last, and what each requirement still waited for then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.eligibility.counting import Decidable
from reunify.eligibility.lines import LineFacts
from reunify.eligibility.records import DeterminationRecord
from reunify.rules.answers import Outcome
from reunify.rules.model import Rulebook, Rulebooks


@dataclass(frozen=True, slots=True)
class Judged:
    """`rules`: fingerprints, none before the first check. `unknown`: missing facts, by the requirement.
    `lines`: what waits for a person about a cost line, by its `line_decision_id`. `priced`: the cost lines.
    `suspended`: of each source that was suspended then, which suspension it was."""

    rules: frozenset[str]
    unknown: Mapping[str, tuple[str, ...]]
    attested: frozenset[str]
    lines: frozenset[str]
    priced: tuple[LineFacts, ...] = ()
    suspended: Mapping[str, str] = field(default_factory=dict)

    def books(self, rulebooks: Rulebooks) -> tuple[Rulebook, ...]:
        """The versions that judged it; of a source that did not, its newest."""
        found = []
        for versions in rulebooks.versions.values():
            found += [b for b in versions if b.sha256 in self.rules] or list(versions[-1:])
        return tuple(found)

    def decidable(self, rulebooks: Rulebooks, judging: Sequence[Rulebook]) -> Decidable:
        """What a person has before them: by the rules that judged it (`judging`), also where others are in
        force by now, and under the suspension of then."""
        judged = {book.source for book in judging}
        books = [*judging, *(b for b in self.books(rulebooks) if b.source not in judged)]
        now = {source: rulebooks.suspensions.get(source, "") for source in rulebooks.suspended}
        return Decidable(books, self.priced, {**now, **self.suspended})


def last_judged(session: Session, request_id: UUID) -> Judged:
    d = DeterminationRecord
    newest = sa.select(sa.func.max(d.number)).where(d.request_id == request_id).scalar_subquery()
    rows = session.scalars(sa.select(d).where(d.request_id == request_id, d.number == newest)).all()
    results = [r for row in rows for r in row.content["requirements"]]
    known = rows[0].facts if rows else {"lines": (), "suspended": {}}  # the same for every source
    return Judged(
        frozenset(row.rule_sha256 for row in rows),
        {r["id"]: _unknown(r) for r in results if r["outcome"] == Outcome.UNKNOWN},
        frozenset(r["id"] for r in results if r["outcome"] == Outcome.ATTESTED),
        frozenset(i for row in rows for line in row.content["lines"] for i in line["decides"]),
        tuple(LineFacts.from_content(line) for line in known["lines"]),
        known["suspended"],
    )


def _unknown(result: dict[str, object]) -> tuple[str, ...]:
    seen = result["seen"]
    assert isinstance(seen, list)
    return tuple(dict.fromkeys(s["field"] for s in seen if s["truth"] == "unknown"))
