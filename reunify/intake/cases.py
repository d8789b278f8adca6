"""Whose case it is: handed to a colleague by the supervisor; opened in an emergency, for one night."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.identity import family_links, family_queries
from reunify.intake.case_records import CaseOpening
from reunify.intake.records import RequestRecord
from reunify.kernel.ids import RequestId, StaffId
from reunify.kernel.may import may
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotFound, Refused
from reunify.kernel.sight import leads

ONE_NIGHT = timedelta(hours=12)
SHORTEST_REASON = 10


class NotOfTheTeam(Refused):
    """A case goes to a case manager of the same team."""


class ReasonNeeded(Refused):
    """Whoever opens another team's case says why."""


class NoSuchReference(NotFound):
    """Nobody finds out whether a reference exists but by opening the case, with a reason."""


@dataclass(frozen=True, slots=True)
class Opening:
    """An emergency opening to look at. `links`: how many family links were made in it."""

    id: UUID
    request_id: RequestId
    reference: str
    opened_by: StaffId
    reason: str
    opened_at: datetime
    ends_at: datetime
    links: int


@may(Role.SUPERVISOR)
def hand_over(
    session: Session,
    *,
    request_id: RequestId,
    to: StaffId,
    team: Collection[StaffId],
    by: Staff,
    now: datetime,
) -> None:
    """The case is `to`'s from now on. Who entered it stays: they never decide on its money.

    `team`: the active case managers of the case's team. Raises NotFound, NotOfTheTeam.
    """
    record = session.get(RequestRecord, request_id, with_for_update=True)
    if record is None or not leads(by, record.team):
        raise NotFound("There is no such request.")
    if to not in team:
        raise NotOfTheTeam("Choose a case manager of your team.", field="/to")
    detail = {"from": str(record.handled_by), "to": str(to)}
    record.handled_by = to
    audit.record(
        session, by=by, at=now, subject="request", subject_id=request_id, moved="hand_over", detail=detail
    )


@may(Role.CASE_MANAGER)
def open_case(session: Session, *, reference: str, reason: str, by: Staff, now: datetime) -> RequestId:
    """Another team's case, whole, for one night. Raises ReasonNeeded, NoSuchReference."""
    if len(reason.strip()) < SHORTEST_REASON:
        raise ReasonNeeded("Say why it cannot wait for its own team, in a sentence.", field="/reason")
    wanted = reference.strip().upper()
    record = session.scalar(sa.select(RequestRecord).where(RequestRecord.reference == wanted))
    if record is None or record.state == "draft":
        raise NoSuchReference(
            "There is no such request. Check the reference, like R-7KQ4MX.", field="/reference"
        )
    opening = CaseOpening(
        request_id=record.id,
        opened_by=by.id,
        reason=reason.strip(),
        opened_at=now,
        ends_at=now + ONE_NIGHT,
    )
    session.add(opening)
    session.flush()
    audit.record(
        session,
        by=by,
        at=now,
        subject="request",
        subject_id=record.id,
        moved="open_case",
        why=reason.strip(),
        family=record.id,
    )
    return RequestId(record.id)


@may(Role.SUPERVISOR)
def look_at_opening(session: Session, *, opening_id: UUID, by: Staff, now: datetime) -> None:
    """The supervisor has read who opened the case and why; family links made in it stop working.

    Raises NotFound.
    """
    record = session.get(CaseOpening, opening_id, with_for_update=True)
    if record is None:
        raise NotFound("There is no such opening.")
    team = session.scalar(sa.select(RequestRecord.team).where(RequestRecord.id == record.request_id))
    if team is not None and not leads(by, team):
        raise NotFound("There is no such opening.")
    record.seen_by, record.seen_at = by.id, now
    family_links.revoke_made_within(session, opening_id=record.id, by=by, now=now)
    audit.record(
        session, by=by, at=now, subject="request", subject_id=record.request_id, moved="look_at_opening"
    )


def openings_to_look_at(session: Session, *, teams: Collection[str], now: datetime) -> list[Opening]:
    """Of the supervisor's teams, and of cases without a team: somebody must look. The newest first.

    One that was looked at comes back when a family link is made in it afterwards.
    """
    o, r = CaseOpening, RequestRecord
    unseen = sa.or_(o.seen_at.is_(None), o.id.in_(family_queries.openings_with_open_links(now)))
    rows = session.execute(
        sa.select(o, r.reference)
        .join(r, r.id == o.request_id)
        .where(unseen, sa.or_(r.team.is_(None), r.team.in_(teams)))
        .order_by(o.opened_at.desc())
    ).all()
    made = family_queries.made_within(session, [row.id for row, _ in rows])
    return [
        Opening(
            row.id,
            RequestId(row.request_id),
            reference,
            StaffId(row.opened_by),
            row.reason,
            row.opened_at,
            row.ends_at,
            made.get(row.id, 0),
        )
        for row, reference in rows
    ]
