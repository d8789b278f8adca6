"""Facts attested and not shown by their day: a task for whoever has the case, and for their supervisor.

It ends with the answer: the version it freezes is judged anew, and owes nothing any more.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from reunify.eligibility.records import AssessmentRecord, DeterminationRecord
from reunify.intake.outcomes import quiet_of
from reunify.intake.records import RequestRecord
from reunify.kernel.ids import RequestId, StaffId
from reunify.kernel.people import Role, Staff
from reunify.rules.answers import Outcome
from reunify.vault.records import FamilyKey

MOST = 200


@dataclass(frozen=True, slots=True)
class FactsOwed:
    """`owed`: the names of the requirements. `days_over`: since the first of their days. No name or place."""

    request_id: RequestId
    reference: str
    handled_by: StaffId
    owed_by: date
    days_over: int
    owed: tuple[str, ...]


def overdue(session: Session, *, me: Staff, today: date) -> list[FactsOwed]:
    """Of the cases this person has, covers or leads, the longest over first. `today`: the organisation's day.

    Who was erased is left out, and who is left in peace.
    """
    r, a = RequestRecord, AssessmentRecord
    ways: list[sa.ColumnElement[bool]] = []
    if Role.CASE_MANAGER in me.roles:
        ways.append(r.handled_by.in_({me.id, *me.covers}))
    if Role.SUPERVISOR in me.roles:
        ways.append(r.team.in_(me.supervises))
    if not ways:
        return []
    erased = sa.exists().where(FamilyKey.keeper == r.id, FamilyKey.destroyed_at.is_not(None))
    later = aliased(a)
    newer = sa.exists().where(later.request_id == a.request_id, later.number > a.number)
    rows = session.execute(
        sa.select(r.id, r.reference, r.handled_by, a.id.label("assessment"), a.owed_by)
        .join(a, a.request_id == r.id)
        .where(a.owed_by < today, ~newer, sa.or_(*ways), ~erased, ~quiet_of(r.id))
        .order_by(a.owed_by, r.id)
        .limit(MOST)
    ).all()
    named = _named(session, [row.assessment for row in rows], today) if rows else {}
    return [
        FactsOwed(
            RequestId(row.id),
            row.reference,
            StaffId(row.handled_by),
            row.owed_by,
            (today - row.owed_by).days,
            named.get(row.assessment, ()),
        )
        for row in rows
    ]


def _named(session: Session, assessments: Collection[UUID], today: date) -> dict[UUID, tuple[str, ...]]:
    """What each of them waits for that is over; in one query."""
    d = DeterminationRecord
    found: dict[UUID, dict[str, None]] = {}
    asked = sa.select(d).where(d.assessment_id.in_(assessments)).order_by(d.source)
    for row in session.scalars(asked):
        for result in row.content["requirements"]:
            by = result["owed_by"]
            if result["outcome"] == Outcome.ATTESTED and by and date.fromisoformat(by) < today:
                found.setdefault(row.assessment_id, {})[result["name"]] = None
    return {assessment: tuple(names) for assessment, names in found.items()}
