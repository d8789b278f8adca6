"""What people decided about a request where its rules leave it to them, with their reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.eligibility.explained import Explanation
from reunify.eligibility.policy import is_funder
from reunify.eligibility.records import StaffDecision
from reunify.identity.queries import staff_names
from reunify.kernel.ids import StaffId
from reunify.rules.model import suspended_id

_IN_WORDS = {"met": "Met", "not_met": "Not met", "attested": "Attested, and owed"}


@dataclass(frozen=True, slots=True)
class Decided:
    """The newest word on one thing. `about` names it as its rule does, `by` whoever decided.

    `reason` is a person's own words.
    """

    requirement: str
    about: str
    in_words: str
    reason: str = field(repr=False)
    by: str
    at: datetime


def of_request(session: Session, request_id: UUID, explanation: Explanation | None) -> tuple[Decided, ...]:
    """The newest first; what was decided twice stands once, as it counts.

    A funder's answer is not among them: it stands with its ask. Words of an erased case are gone with it,
    so this is for a case that is whole.
    """
    rows = session.scalars(
        sa.select(StaffDecision)
        .where(StaffDecision.request_id == request_id)
        .order_by(StaffDecision.sequence)
    )
    newest = {row.requirement: row for row in rows if not is_funder(row.requirement)}
    people = staff_names(session, {row.decided_by for row in newest.values()}) if newest else {}
    names = _names(explanation)
    found = [
        Decided(
            row.requirement,
            _name(row.requirement, names),
            _IN_WORDS[row.decision],
            row.reason,
            people[StaffId(row.decided_by)],
            row.at,
        )
        for row in newest.values()
    ]
    return tuple(sorted(found, key=lambda d: d.at, reverse=True))


def _names(explanation: Explanation | None) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for source in explanation.sources if explanation else ():
        found[suspended_id(source.source)] = f"{source.name}: may it pay while suspended"
        found |= {r.id: f"{source.name}: {r.name}" for r in source.requirements}
        found |= {t.id: f"{source.name}: table {t.id}" for t in source.tables}
    return found


def _name(requirement: str, names: Mapping[str, str]) -> str:
    if requirement.startswith("line:"):
        _, number, rule, *_ = requirement.split(":")
        return f"Cost {number}, rule {rule}"
    return names.get(requirement, requirement)
