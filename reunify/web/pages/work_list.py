"""Whose turn it is: every request under the people or the machine it waits for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from reunify.identity.queries import staff_names
from reunify.intake import queries
from reunify.kernel.ids import RequestId
from reunify.kernel.people import Staff
from reunify.reporting import progress as reporting
from reunify.web.pages.form_showing import value_at

_TURNS = (
    ("A case manager's turn", ("question", "staff_decision", "refusal_to_confirm", "no_money_left", "draft")),
    ("Finance's turn", ("awaiting_approval", "awaiting_release", "needs_person", "paying")),
    ("Being checked by itself", ("checking",)),
    ("Ended", ("paid", "refused", "declined", "withdrawn")),
)
MOST = 200


@dataclass(frozen=True, slots=True)
class Row:
    id: RequestId
    reference: str
    stage: str
    about: str
    begun: datetime
    by: str
    path: str


@dataclass(frozen=True, slots=True)
class Turn:
    title: str
    rows: list[Row]


def turns(session: Session, *, me: Staff, names: bool) -> list[Turn]:
    """The newest requests. `names`: whether a child's first name may be shown."""
    found = queries.requests(session, limit=MOST)
    people = staff_names(session, {r.requested_by for r in found})
    stages = reporting.stages(session, [r.id for r in found])
    rows = [
        Row(
            id=r.id,
            reference=r.reference,
            stage=stages[r.id],
            about=_about(r.content) if names else "",
            begun=r.created_at,
            by=people.get(r.requested_by, ""),
            path=f"/requests/{r.id}" + ("/edit" if r.state == "draft" and r.requested_by == me.id else ""),
        )
        for r in found
    ]
    return [Turn(title, [row for row in rows if row.stage in its]) for title, its in _TURNS]


def _about(content: Any) -> str:
    """First name and case number: enough to find a family, no more."""
    name = value_at(content, "/case/child/name")
    number = value_at(content, "/case/number")
    first = name.split()[0] if isinstance(name, str) and name.strip() else "No name yet"
    return f"{first}, {number}" if isinstance(number, str) and number else first
