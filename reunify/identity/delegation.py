"""Lend a role to a colleague for a time (holidays, an absence), and take it back.

Whoever acts with a lent role counts, wherever two people are needed, as themselves and as the lender.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from reunify.audit import actions as audit
from reunify.identity import roles
from reunify.identity.records import StaffRecord
from reunify.identity.roster_records import DelegationRecord
from reunify.kernel.ids import StaffId
from reunify.kernel.may import may
from reunify.kernel.people import Actor, Role, Staff, System
from reunify.kernel.refusals import NotAllowed, NotFound, OutOfStep, Refused
from reunify.kernel.sight import leads

LONGEST = timedelta(days=30)
LENDS = tuple(role for role in Role if role is not Role.AUDITOR)  # an auditor only reads


class NotTheirsToLend(NotAllowed):
    """Who wants to lend may not, or the lender does not hold the role themselves."""


class NotForThemselves(NotAllowed):
    """Nobody gives themselves a colleague's role."""


class ReceiverCannotHold(Refused):
    """The colleague has this role already, or one that may not go with it."""


class LoanDoesNotFit(Refused):
    """A loan that ends before it begins, began already, or is longer than 30 days."""


class LoanEnded(OutOfStep):
    """It was given back or ended before."""


@dataclass(frozen=True, slots=True)
class Lent:
    """One role, from whom to whom, from when up to when."""

    id: UUID
    role: Role
    lender_id: StaffId
    receiver_id: StaffId
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """What is lent to a person just now, as in `Staff`: a lent role works where its lender works."""

    roles: frozenset[Role]
    stands_for: frozenset[StaffId]
    covers: frozenset[StaffId]
    supervises: frozenset[str]


@may(*LENDS)
def lend(
    session: Session,
    *,
    lender_id: StaffId,
    receiver_id: StaffId,
    role: Role,
    starts_at: datetime,
    ends_at: datetime,
    by: Staff,
    now: datetime,
) -> UUID:
    """The receiver holds the role too from `starts_at` up to `ends_at`.

    Only an own role is lent, never a lent one. A supervisor lends the case work of somebody absent of the
    team, an administrator anybody's role; neither to themselves.

    Raises NotTheirsToLend, NotForThemselves, ReceiverCannotHold, LoanDoesNotFit, NotFound.
    """
    _check_may_lend(session, by, lender_id, receiver_id, role)
    _check_span(starts_at, ends_at, now)
    lender, receiver = _both(session, lender_id, receiver_id)
    if role not in lender.roles:
        raise NotTheirsToLend("Only a role a person holds themselves can be lent, never one lent to them.")
    held = {Role(r) for r in receiver.roles}
    held |= {one.role for one in _overlapping(session, receiver_id, starts_at, ends_at)}
    if role in held:
        raise ReceiverCannotHold("This colleague has the role already.", field="/receiver")
    try:
        roles.check_together(held | {role})
    except roles.RolesDoNotMix as why:
        raise ReceiverCannotHold(f"This colleague cannot take the role. {why}", field="/receiver") from None
    made = DelegationRecord(
        lender_id=lender_id,
        receiver_id=receiver_id,
        role=role.value,
        starts_at=max(starts_at, now),
        ends_at=ends_at,
        made_by=by.id,
        made_at=now,
    )
    session.add(made)
    session.flush()
    detail = {"role": role.value, "lender": str(lender_id), "receiver": str(receiver_id)}
    detail |= {"from": made.starts_at.isoformat(), "to": ends_at.isoformat()}
    audit.record(
        session, by=by, at=now, subject="delegation", subject_id=made.id, moved="lend", detail=detail
    )
    return made.id


@may(*LENDS)
def revoke(session: Session, *, delegation_id: UUID, by: Staff, now: datetime) -> None:
    """The lender takes it back, the receiver gives it back, or who could have lent it ends it.

    Raises NotTheirsToLend, LoanEnded, NotFound.
    """
    record = session.get(DelegationRecord, delegation_id, with_for_update=True)
    if record is None:
        raise NotFound("There is no such loan of a role.")
    own = by.id in (record.lender_id, record.receiver_id)
    if not own and not _may_for_others(session, by, StaffId(record.lender_id), Role(record.role)):
        raise NotTheirsToLend("Only the two people, their supervisor or an administrator can end this.")
    if record.revoked_at is not None or record.ends_at <= now:
        raise LoanEnded("This loan of a role has ended already.")
    _end(session, record, by=by, now=now)


@may(Role.ADMINISTRATOR, system=True)
def revoke_all(session: Session, *, staff_id: StaffId, by: Actor, now: datetime) -> None:
    """Whatever a person has lent or borrowed ends now: they are leaving."""
    for record in _of(session, staff_id, now):
        _end(session, record, by=by, now=now)


@may(Role.ADMINISTRATOR, system=True)
def revoke_unfit(
    session: Session, *, staff_id: StaffId, held: Collection[Role], by: Actor, now: datetime
) -> None:
    """After a change of roles: what a person no longer owns is not lent, what no longer fits not borrowed."""
    for record in _of(session, staff_id, now):
        role = Role(record.role)
        lost = record.lender_id == staff_id and role not in held
        clashes = record.receiver_id == staff_id and (role in held or not roles.mix({*held, role}))
        if lost or clashes:
            _end(session, record, by=by, now=now)


def standing(session: Session, staff_id: UUID, now: datetime) -> Standing:
    """Whoever has lent anything is stood for. A role counts only while its lender is active and holds it."""
    rows = session.execute(
        sa.select(
            DelegationRecord.role,
            DelegationRecord.lender_id,
            StaffRecord.roles,
            StaffRecord.active,
            StaffRecord.team,
        )
        .join(StaffRecord, StaffRecord.id == DelegationRecord.lender_id)
        .where(DelegationRecord.receiver_id == staff_id, _in_force(now))
    ).all()
    count = [row for row in rows if row.active and row.role in row.roles]
    return Standing(
        roles=frozenset(Role(row.role) for row in count),
        stands_for=frozenset(StaffId(row.lender_id) for row in rows),
        covers=frozenset(StaffId(row.lender_id) for row in count if row.role == Role.CASE_MANAGER),
        supervises=frozenset(row.team for row in count if row.role == Role.SUPERVISOR and row.team),
    )


def stood_for(
    session: Session, *, people: Collection[StaffId], since: datetime, until: datetime
) -> set[StaffId]:
    """Everyone whom one of these people stood for at any time between the two moments."""
    d = DelegationRecord
    return {
        StaffId(lender)
        for lender in session.scalars(
            sa.select(d.lender_id).where(
                d.receiver_id.in_(people),
                d.starts_at <= until,
                d.ends_at > since,
                sa.or_(d.revoked_at.is_(None), d.revoked_at > since),
            )
        )
    }


def loans(session: Session, *, now: datetime, of: StaffId | None = None) -> list[Lent]:
    """In force or still to come, the first to begin first; of one person, or of everybody."""
    d = DelegationRecord
    asked = sa.select(d).where(d.revoked_at.is_(None), d.ends_at > now).order_by(d.starts_at, d.id)
    if of is not None:
        asked = asked.where(sa.or_(d.lender_id == of, d.receiver_id == of))
    return [_as_lent(row) for row in session.scalars(asked)]


def _as_lent(row: DelegationRecord) -> Lent:
    return Lent(
        row.id, Role(row.role), StaffId(row.lender_id), StaffId(row.receiver_id), row.starts_at, row.ends_at
    )


def _check_may_lend(
    session: Session, by: Staff, lender_id: StaffId, receiver_id: StaffId, role: Role
) -> None:
    if by.id != lender_id and not _may_for_others(session, by, lender_id, role):
        raise NotTheirsToLend(
            "You can lend your own roles. For an absent colleague ask the supervisor of their team (case "
            "work) or an administrator."
        )
    if lender_id == receiver_id:
        raise LoanDoesNotFit("A role is lent to somebody else.", field="/receiver")
    if by.id != lender_id and by.id == receiver_id:
        raise NotForThemselves("You cannot give yourself a colleague's role. Ask somebody else to lend it.")


def _may_for_others(session: Session, by: Staff, lender_id: StaffId, role: Role) -> bool:
    if Role.ADMINISTRATOR in by.roles:
        return True
    team = session.scalar(sa.select(StaffRecord.team).where(StaffRecord.id == lender_id))
    return role in roles.CASES and leads(by, team)


def _check_span(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if ends_at <= max(starts_at, now):
        raise LoanDoesNotFit("The loan ends before it begins. Check both times.", field="/ends_at")
    if ends_at - max(starts_at, now) > LONGEST:
        raise LoanDoesNotFit("A role is lent for at most 30 days. Lend it again later.", field="/ends_at")


def _both(session: Session, lender_id: UUID, receiver_id: UUID) -> tuple[StaffRecord, StaffRecord]:
    """Locked in a fixed order; both still work here. Raises NotFound."""
    found = {
        row.id: row
        for row in session.scalars(
            sa.select(StaffRecord)
            .where(StaffRecord.id.in_([lender_id, receiver_id]), StaffRecord.active)
            .order_by(StaffRecord.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    if len(found) < 2:
        raise NotFound("There is no such active member of staff.")
    return found[lender_id], found[receiver_id]


def _overlapping(
    session: Session, receiver_id: UUID, starts_at: datetime, ends_at: datetime
) -> Iterable[Lent]:
    d = DelegationRecord
    rows = session.scalars(
        sa.select(d).where(
            d.receiver_id == receiver_id,
            d.starts_at < ends_at,
            d.ends_at > starts_at,
            d.revoked_at.is_(None),
        )
    )
    return [_as_lent(row) for row in rows]


def _of(session: Session, staff_id: UUID, now: datetime) -> Iterable[DelegationRecord]:
    d = DelegationRecord
    return session.scalars(
        sa.select(d)
        .where(
            sa.or_(d.lender_id == staff_id, d.receiver_id == staff_id),
            d.revoked_at.is_(None),
            d.ends_at > now,
        )
        .order_by(d.id)
        .with_for_update()
    ).all()


def _in_force(now: datetime) -> sa.ColumnElement[bool]:
    d = DelegationRecord
    return sa.and_(d.starts_at <= now, d.ends_at > now, sa.or_(d.revoked_at.is_(None), d.revoked_at > now))


def _end(session: Session, record: DelegationRecord, *, by: Actor, now: datetime) -> None:
    record.revoked_at = now
    record.revoked_by = f"system:{by.name}" if isinstance(by, System) else f"staff:{by.id}"
    session.flush()
    audit.record(session, by=by, at=now, subject="delegation", subject_id=record.id, moved="revoke")
