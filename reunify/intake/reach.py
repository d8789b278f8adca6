"""Whose case it is, and how much of it a person sees. Lists and single pages ask the same question here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.identity.family_policy import OneNight
from reunify.intake import queries
from reunify.intake.case_records import CaseOpening, DisclosedCase, DisclosureRecord
from reunify.intake.queries import Draft
from reunify.intake.records import RequestRecord
from reunify.kernel.ids import RequestId, StaffId
from reunify.kernel.people import Role, Staff
from reunify.kernel.refusals import NotFound
from reunify.kernel.sight import Sight, sight_of


@dataclass(frozen=True, slots=True)
class Reach:
    """A case this person may open. `disclosed`: true names, by order, for this reader and for a time.

    `opened`: seen whole by an emergency opening in force, and by nothing else.
    """

    request_id: RequestId
    reference: str
    sight: Sight
    requested_by: StaffId
    handled_by: StaffId
    team: str | None
    opened: OneNight | None
    disclosed: bool


def reach(session: Session, request_id: UUID, *, by: Staff, now: datetime | None) -> Reach:
    """Raises NotFound, in the same words, for a case that is not there and for one out of sight.

    Without `now`, nothing that was granted for a time counts.
    """
    found = session.execute(
        sa.select(
            RequestRecord.reference,
            RequestRecord.requested_by,
            RequestRecord.handled_by,
            RequestRecord.team,
            RequestRecord.state,
            _disclosed(by, now).label("disclosed"),
        ).where(RequestRecord.id == request_id)
    ).first()
    sight = Sight.NONE
    if found is not None:
        sight = sight_of(
            by,
            owner=StaffId(found.handled_by),
            team=found.team,
            submitted=found.state != "draft",
            granted=found.disclosed,
        )
    opened = None
    if found is not None and sight is not Sight.WHOLE:
        opened = _night(session, request_id, by, now)
        sight = Sight.WHOLE if opened else sight
    if found is None or sight is Sight.NONE:
        raise NotFound("There is no such request.")
    return Reach(
        RequestId(request_id),
        found.reference,
        sight,
        StaffId(found.requested_by),
        StaffId(found.handled_by),
        found.team,
        opened,
        found.disclosed,
    )


def requests(session: Session, *, by: Staff, now: datetime, limit: int = 200) -> list[tuple[Draft, Sight]]:
    """The newest requests this person may open, and how much of each they see."""
    r = RequestRecord
    granted = sa.or_(_opened(by, now), _disclosed(by, now))
    rows = session.execute(
        sa.select(r, granted.label("granted"))
        .where(_in_reach(by, granted))
        .order_by(r.created_at.desc())
        .limit(limit)
    ).all()
    return [
        (
            draft,
            sight_of(
                by,
                owner=draft.handled_by,
                team=draft.team,
                submitted=draft.state != "draft",
                granted=row.granted,
            ),
        )
        for draft, row in zip(queries.as_drafts([row[0] for row in rows]), rows, strict=True)
    ]


def _in_reach(by: Staff, granted: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """`sight_of` is not NONE, as SQL: so that neither rows nor counts tell of a hidden case."""
    r = RequestRecord
    ways = [granted]
    if Role.CASE_MANAGER in by.roles:
        ways.append(r.handled_by.in_({by.id, *by.covers}))
        if by.team is not None:
            ways.append(r.team == by.team)
    if Role.SUPERVISOR in by.roles:
        ways.append(r.team.in_(by.supervises))
    if by.roles & {Role.FINANCE_APPROVER, Role.FINANCE_RELEASER, Role.AUDITOR}:
        ways.append(r.state != "draft")
    return sa.or_(*ways)


def _night(session: Session, request_id: UUID, by: Staff, now: datetime | None) -> OneNight | None:
    """The emergency opening in force that ends last."""
    if now is None or Role.CASE_MANAGER not in by.roles:
        return None
    o = CaseOpening
    last = session.execute(
        sa.select(o.id, o.ends_at)
        .where(o.request_id == request_id, o.opened_by == by.id, o.opened_at <= now, o.ends_at > now)
        .order_by(o.ends_at.desc())
        .limit(1)
    ).first()
    return OneNight(last.id, last.ends_at) if last else None


def _opened(by: Staff, now: datetime | None) -> sa.ColumnElement[bool]:
    o = CaseOpening
    if now is None or Role.CASE_MANAGER not in by.roles:
        return sa.false()
    return (
        sa.exists()
        .where(o.request_id == RequestRecord.id, o.opened_by == by.id, o.opened_at <= now, o.ends_at > now)
        .correlate(RequestRecord)
    )


def _disclosed(by: Staff, now: datetime | None) -> sa.ColumnElement[bool]:
    """Confirmed, begun, not over, not ended early: and still an auditor."""
    d, c = DisclosureRecord, DisclosedCase
    if now is None or Role.AUDITOR not in by.roles:
        return sa.false()
    return (
        sa.exists()
        .where(
            c.request_id == RequestRecord.id,
            c.disclosure_id == d.id,
            d.reader_id == by.id,
            d.confirmed_at.is_not(None),
            d.ended_at.is_(None),
            d.starts_at <= now,
            d.ends_at > now,
        )
        .correlate(RequestRecord)
    )
